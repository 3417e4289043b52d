"""What anomalies did to the registers of their meters: measured once, before the first reading is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from wattif.model import quantities
from wattif.model.anomalies import Event, Report, TrueDay
from wattif.model.anomaly_kinds import KINDS
from wattif.model.fleet import Fleet
from wattif.model.world import MeterDays, World
from wattif.numeric.calendar import DAY_S, day_of
from wattif.numeric.streams import Stream, uniforms

_READING = int(Stream.ANOMALY_READING)


def _left_behind(event: Event) -> tuple[int, int]:
    """With what registers, import and export, the old meter left; 0 where none did. In mWh."""
    return int(event.sizes.get("left_mwh", 0)), int(event.sizes.get("left_export_mwh", 0))


@dataclass(frozen=True, kw_only=True)
class MeasuredEvent:
    """An event, and what it did to the meter's registers: arrays hold sums up to the start of each of its days.

    What the registers of an exchanged meter left with counts as lost to the new ones.
    """

    event: Event
    first_day: int  # since 1970
    lost_mwh: NDArray[np.int64]  # imported but not registered; shape (days + 1,)
    lost_export_mwh: NDArray[np.int64]
    energy_mwh: int  # truly imported during the event
    far_days: frozenset[tuple[int, int]] = frozenset()  # true days, and days that a wrong clock takes them for, unless
    # these are neighbours; since 1970
    told_mwh: Mapping[tuple[int, int], int] = field(default_factory=dict)  # by true day and the day that rows tell: the
    # sum of their energies, on the true day itself less what was imported on it during the event

    @property
    def not_registered_mwh(self) -> int:
        """What was imported during the event and no register counted; negative: too much."""
        return int(self.lost_mwh[-1]) - _left_behind(self.event)[0]

    def lost_before(self, day: int) -> tuple[int, int]:
        """Import and export that are missing in the registers at the start of *day* (since 1970), in mWh."""
        upto = min(max(day - self.first_day, 0), len(self.lost_mwh) - 1)
        return int(self.lost_mwh[upto]), int(self.lost_export_mwh[upto])

    @property
    def days(self) -> range:
        """The UTC days that it touches, since 1970."""
        return range(self.first_day, self.first_day + len(self.lost_mwh) - 1)


@dataclass(frozen=True, kw_only=True)
class MeterEvents:
    """What goes wrong at a meter, in order of time; on a UTC day, one thing at most."""

    all: tuple[MeasuredEvent, ...]

    def on(self, day: int) -> MeasuredEvent | None:
        """The event that touches *day* (since 1970)."""
        return next((each for each in self.all if day in each.days), None)

    def lost_before(self, day: int) -> tuple[int, int]:
        """Import and export that are missing in the registers at the start of *day* (since 1970), in mWh."""
        lost = [each.lost_before(day) for each in self.all]
        return sum(mwh for mwh, _ in lost), sum(mwh for _, mwh in lost)


NONE = MeterEvents(all=())


def measure_events(world: World, fleet: Fleet, events: Sequence[Event], workers: int) -> dict[int, MeterEvents]:
    """What the *events* did to the registers, by meter: registers of later days need it, and so do labels."""
    measured: dict[int, MeterEvents] = {}
    measuring = [_Measuring(world, fleet) for _ in range(workers)]
    with ThreadPoolExecutor(workers, thread_name_prefix="events") as pool:
        for some in _rounds(events):
            size = -(-len(some) // workers)
            shares = [some[n * size : (n + 1) * size] for n in range(workers)]  # by time: each its own days
            before = [{event.meter: measured.get(event.meter, NONE) for event in share} for share in shares]
            for each in chain.from_iterable(pool.map(_Measuring.measure, measuring, shares, before)):
                own = measured.get(each.event.meter, NONE)
                measured[each.event.meter] = MeterEvents(all=(*own.all, each))
    return dict(sorted(measured.items()))


def _rounds(events: Sequence[Event]) -> list[list[Event]]:
    """The first event of each meter, then the second, and so on: what one did to the register, the next one finds."""
    rounds: list[list[Event]] = []
    earlier: Counter[int] = Counter()
    for event in sorted(events, key=lambda event: event.start_s):
        if earlier[event.meter] == len(rounds):
            rounds.append([])
        rounds[earlier[event.meter]].append(event)
        earlier[event.meter] += 1
    return rounds


class _Measuring:
    """Measures events of different meters. Not thread-safe."""

    def __init__(self, world: World, fleet: Fleet) -> None:
        self._world = world
        self._days = MeterDays(world, fleet, electrical=False)

    def measure(self, events: Sequence[Event], before: Mapping[int, MeterEvents]) -> list[MeasuredEvent]:
        """Day by day, so that the meters of a day share its weather and calendar; *before*: events by meter."""
        self._before = before
        found: dict[int, tuple[Event, int, list[int], list[int]]] = {}
        far_days: dict[int, set[tuple[int, int]]] = {}
        told: dict[int, Counter[tuple[int, int]]] = {}
        by_day: dict[int, list[Event]] = {}
        untouched: list[MeasuredEvent] = []
        for event in map(self._with_measured_sizes, events):
            if KINDS[event.kind].keeps_energy:
                untouched.append(self._untouched(event))
                continue
            for day in range(event.start_s // DAY_S, (event.end_s - 1) // DAY_S + 1):
                by_day.setdefault(day, []).append(event)
            found[event.meter] = event, 0, [0], [0]
        for day in sorted(by_day):
            for event in by_day[day]:
                true = self._compute(event, day)
                inside = true.inside(event)
                report = KINDS[event.kind].report(true, event)
                energy_mwh, export_mwh = energies(report, true, inside)
                if report.clock_s is not None:
                    told_days = (true.times_s + report.clock_s)[inside] // DAY_S
                    far = told_days[np.abs(told_days - day) > 1]
                    far_days.setdefault(event.meter, set()).update((day, told) for told in np.unique(far).tolist())
                left = (0, 0) if report.restart is None else _left_behind(event)
                _, total_mwh, lost, lost_export = found[event.meter]
                lost_mwh, lost_export_mwh = _lost(energy_mwh, true.energy_mwh), _lost(export_mwh, true.export_mwh)
                inside_mwh = int(true.energy_mwh[inside].sum())
                lost.append(lost[-1] + lost_mwh + left[0])
                lost_export.append(lost_export[-1] + lost_export_mwh + left[1])
                found[event.meter] = event, total_mwh + inside_mwh, lost, lost_export
                own = told.setdefault(event.meter, Counter())
                own[day, day] -= inside_mwh if report.changes_rows else lost_mwh
                for shown, mwh in self._told(event, day, report, true, energy_mwh) if report.changes_rows else ():
                    own[day, shown] += mwh
        return untouched + [
            MeasuredEvent(
                event=event,
                first_day=event.start_s // DAY_S,
                lost_mwh=np.array(lost),
                lost_export_mwh=np.array(lost_export),
                energy_mwh=total_mwh,
                far_days=frozenset(far_days.get(event.meter, ())),
                told_mwh=told[event.meter],
            )
            for event, total_mwh, lost, lost_export in found.values()
        ]

    def _untouched(self, event: Event) -> MeasuredEvent:
        """An event whose readings have the true energies: what was imported is between the registers of two days."""
        first_day, last_day = event.start_s // DAY_S, (event.end_s - 1) // DAY_S
        first, last = self._compute(event, first_day), self._compute(event, last_day)
        start_mwh = first.register_mwh + int(first.energy_mwh[: first.inside(event).start].sum())
        end_mwh = last.register_mwh + int(last.energy_mwh[: last.inside(event).stop].sum())
        nothing = np.broadcast_to(np.int64(0), last_day - first_day + 2)
        return MeasuredEvent(
            event=event,
            first_day=first_day,
            lost_mwh=nothing,
            lost_export_mwh=nothing,
            energy_mwh=end_mwh - start_mwh,
        )

    def _told(
        self, event: Event, day: int, report: Report, true: TrueDay, energy_mwh: NDArray[np.int64]
    ) -> Iterator[tuple[int, int]]:
        """What the rows of the *event* that are sent on *day* say, in mWh, by the day that they tell."""
        inside = true.inside(event)
        if report.partner is not None:
            at = day_of(day)
            energy_mwh = self._days.compute(at, report.partner, 1)[0][quantities.CONSUMPTION_MWH]
        if report.shown is not None:
            energy_mwh = energy_mwh[report.shown]
        sent_mwh = (energy_mwh if report.sent is None else np.where(report.sent, energy_mwh, 0))[inside]
        if report.clock_s is None:
            yield day, int(sent_mwh.sum())
            return
        days = ((true.times_s + report.clock_s) // DAY_S)[inside]
        starts = np.flatnonzero(np.diff(days, prepend=days[:1] - 1))  # of runs of one day
        yield from zip(days[starts].tolist(), np.add.reduceat(sent_mwh, starts).tolist(), strict=True)

    def _with_measured_sizes(self, event: Event) -> Event:
        measure = KINDS[event.kind].measure
        if measure is None:
            return event
        sizes = measure(lambda moment_s: self._compute(event, moment_s // DAY_S), event)
        return replace(event, sizes={**event.sizes, **sizes})

    def _compute(self, event: Event, day: int) -> TrueDay:
        """The registers are those of a meter that all earlier events befell."""
        ledger = self._days.ledger
        ledger.lost_mwh[0], ledger.lost_export_mwh[0] = self._before[event.meter].lost_before(day)
        own = self._days.compute(day_of(day), event.meter, 1)[0]
        return true_day(self._world, event, day, own, (int(ledger.register_mwh[0]), int(ledger.export_register_mwh[0])))


def true_day(world: World, event: Event, day: int, own: NDArray[np.int64], registers: tuple[int, int]) -> TrueDay:
    """What *own*, the true columns of a meter's *day*, say; *registers*: import and export at its start, mWh."""
    start_s, count = day * DAY_S, own.shape[1]
    return TrueDay(
        start_s=start_s,
        interval_s=world.interval_s,
        energy_mwh=own[quantities.CONSUMPTION_MWH].copy(),
        export_mwh=own[quantities.EXPORT_MWH].copy(),
        register_mwh=registers[0],
        export_register_mwh=registers[1],
        uniforms=lambda: uniforms(world.seed, _READING, event.meter, start_s // world.interval_s, count),
    )


def _lost(reported_mwh: NDArray[np.int64], true_mwh: NDArray[np.int64]) -> int:
    return 0 if reported_mwh is true_mwh else int(true_mwh.sum() - reported_mwh.sum())


def energies(report: Report, true: TrueDay, inside: slice) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Import and export as they are reported, in mWh, the true ones where nothing else is; none exceeds its field."""
    energy_mwh, export_mwh = true.energy_mwh, true.export_mwh
    if report.energy_mwh is not None:
        energy_mwh = energy_mwh.copy()
        energy_mwh[inside] = np.minimum(report.energy_mwh[inside], quantities.LARGEST_MWH_PER_SECOND * true.interval_s)
    if report.export_mwh is not None:
        export_mwh = export_mwh.copy()
        export_mwh[inside] = report.export_mwh[inside]
    return energy_mwh, export_mwh

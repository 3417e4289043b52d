"""What meters report: the model's readings, and at the meters where something goes wrong what they say instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from wattif.model import quantities
from wattif.model.anomalies import DAY_S, Event, Report, TrueDay
from wattif.model.anomaly_kinds import KINDS
from wattif.model.electrical import reported_load
from wattif.model.fleet import Fleet
from wattif.model.world import MeterDays, World
from wattif.numeric.calendar import day_number
from wattif.numeric.streams import Stream, uniforms

_REGISTER_WH = quantities.REGISTER_MAX_WH + 1  # where it restarts
_VOLTAGE_MAX_DV = quantities.VOLTAGE_MAX_DV
_NUMBERED = quantities.SEQ  # what stands before it is measured
_READING = int(Stream.ANOMALY_READING)
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class MeasuredEvent:
    """An event, and what it did to the meter's registers: arrays hold sums up to the start of each of its days."""

    event: Event
    first_day: int  # since 1970
    lost_mwh: NDArray[np.int64]  # imported but not registered; shape (days + 1,)
    lost_export_mwh: NDArray[np.int64]
    energy_mwh: int  # truly imported during the event
    far_days: frozenset[tuple[int, int]] = frozenset()  # true days, and days that a wrong clock takes them for, unless
    # these are neighbours; since 1970

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


_NONE = MeterEvents(all=())


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What the numbers of a block cannot say of one of its meters; arrays have one element per reading."""

    place: int  # of the meter in the block
    sent: NDArray[np.bool_] | None  # the rows that are sent; None for all
    clock_s: NDArray[np.int64] | None  # how far its clock is ahead
    negative: NDArray[np.bool_] | None  # where its power has the wrong sign


class ReportedDays:
    """Computes what meters report on a day, as `MeterDays` does the truth. Not thread-safe."""

    def __init__(
        self, world: World, fleet: Fleet, events: Mapping[int, MeterEvents], *, electrical: bool = True
    ) -> None:
        self._world = world
        self._days = MeterDays(world, fleet, electrical=electrical)
        self._events = events
        self._electrical = electrical

    @property
    def block_meters(self) -> int:
        """How many meters one call should compute."""
        return self._days.block_meters

    def compute(self, day: date, first_meter: int, meters: int) -> tuple[NDArray[np.int64], list[Mark]]:
        """The columns that `MeterDays.compute` gives, as they are reported, and what they cannot say.

        Rows that are not sent have columns, too: those of what the meter measured.
        """
        if not self._events:
            return self._days.compute(day, first_meter, meters), []
        number = day_number(day)
        affected = [
            (place, self._events[first_meter + place]) for place in range(meters) if first_meter + place in self._events
        ]
        ledger = self._days.ledger
        for place in range(meters):
            ledger.lost_mwh[place] = ledger.lost_export_mwh[place] = 0
        for place, of_meter in affected:
            ledger.lost_mwh[place], ledger.lost_export_mwh[place] = of_meter.lost_before(number)
        columns = self._days.compute(day, first_meter, meters)
        marks: list[Mark] = []
        events = ((place, of_meter.on(number)) for place, of_meter in affected)
        active = [(place, measured) for place, measured in events if measured is not None]
        if active:
            columns = columns.copy()  # the model goes on from what it left in its own
        for place, measured in active:
            own = columns[place]
            registers = int(ledger.register_mwh[place]), int(ledger.export_register_mwh[place])
            mark = self._report(measured.event, place, number, own, registers)
            marks += [mark] if mark is not None else []
        return columns, marks

    def _report(
        self, event: Event, place: int, day: int, own: NDArray[np.int64], registers: tuple[int, int]
    ) -> Mark | None:
        """Write over a meter's columns what it reports."""
        true = _true_day(self._world, event, day, own, registers[0])
        report = KINDS[event.kind].report(true, event)
        inside = true.inside(event)
        energy_mwh, export_mwh = _energies(report, true, inside)
        negative = None
        if report.energy_mwh is not None:
            own[quantities.CONSUMPTION_MWH] = energy_mwh
            own[quantities.POWER_W] = _power_w(energy_mwh, self._world.interval_s)
            own[quantities.REGISTER_WH] = (registers[0] + np.cumsum(energy_mwh)) // 1000 % _REGISTER_WH
        if report.export_mwh is not None:
            own[quantities.EXPORT_MWH] = export_mwh
            own[quantities.EXPORT_REGISTER_WH] = (registers[1] + np.cumsum(export_mwh)) // 1000 % _REGISTER_WH
        if report.backwards:
            negative = np.zeros(len(energy_mwh), np.bool_)
            negative[inside] = (export_mwh > energy_mwh)[inside]
            own[quantities.POWER_W, negative] = _power_w(export_mwh[negative], self._world.interval_s)
        if report.register_mwh is not None:
            own[quantities.REGISTER_WH, inside] = report.register_mwh[inside] // 1000
        if report.voltage is not None:
            voltage = np.floor(own[quantities.VOLTAGE_DV] * report.voltage + 0.5).astype(np.int64)
            own[quantities.VOLTAGE_DV, inside] = np.minimum(voltage, _VOLTAGE_MAX_DV)[inside]
        if report.status is not None:
            own[quantities.STATUS, inside] = report.status[inside]
        if self._electrical and (report.energy_mwh is not None or report.voltage is not None):
            interval_s = self._world.interval_s
            reported_load(self._world.seed, event.meter, interval_s, inside.start, inside.stop, own)
        if report.shown is not None:
            own[:_NUMBERED, inside] = own[:_NUMBERED, report.shown[inside]]
        sent, clock_s = None, None
        if report.sent is not None:
            sent = np.ones(len(energy_mwh), np.bool_)
            sent[inside] = report.sent[inside]
        if report.clock_s is not None:
            clock_s = np.zeros(len(energy_mwh), np.int64)
            clock_s[inside] = report.clock_s[inside]
        return (
            None
            if sent is None and clock_s is None and negative is None
            else Mark(place=place, sent=sent, clock_s=clock_s, negative=negative)
        )


def measure_events(world: World, fleet: Fleet, events: Sequence[Event], workers: int) -> dict[int, MeterEvents]:
    """What the *events* did to the registers, by meter: registers of later days need it, and so do labels."""
    measured: dict[int, MeterEvents] = {}
    measuring = [_Measuring(world, fleet) for _ in range(workers)]
    with ThreadPoolExecutor(workers, thread_name_prefix="events") as pool:
        for some in _one_a_meter(events):
            shares = [some[n::workers] for n in range(workers)]
            before = [{event.meter: measured.get(event.meter, _NONE) for event in share} for share in shares]
            for each in chain.from_iterable(pool.map(_Measuring.measure, measuring, shares, before)):
                own = measured.get(each.event.meter, _NONE)
                measured[each.event.meter] = MeterEvents(all=(*own.all, each))
    return dict(sorted(measured.items()))


def _one_a_meter(events: Sequence[Event]) -> Iterator[list[Event]]:
    """The *events* in order of time, so many at once that no meter has two of them: one may follow from the other."""
    some: dict[int, Event] = {}
    for event in sorted(events, key=lambda event: event.start_s):
        if event.meter in some:
            yield list(some.values())
            some = {}
        some[event.meter] = event
    yield list(some.values())


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
        by_day: dict[int, list[Event]] = {}
        for event in map(self._with_measured_sizes, events):
            for day in range(event.start_s // DAY_S, (event.end_s - 1) // DAY_S + 1):
                by_day.setdefault(day, []).append(event)
            found[event.meter] = event, 0, [0], [0]
        for day in sorted(by_day):
            for event in by_day[day]:
                true = self._compute(event, day)
                inside = true.inside(event)
                report = KINDS[event.kind].report(true, event)
                energy_mwh, export_mwh = _energies(report, true, inside)
                if report.clock_s is not None:
                    told_days = np.unique((true.times_s + report.clock_s)[inside] // DAY_S).tolist()
                    far = {(day, told) for told in told_days if abs(told - day) > 1}
                    far_days.setdefault(event.meter, set()).update(far)
                _, total_mwh, lost, lost_export = found[event.meter]
                lost.append(lost[-1] + int(true.energy_mwh.sum() - energy_mwh.sum()))
                lost_export.append(lost_export[-1] + int(true.export_mwh.sum() - export_mwh.sum()))
                found[event.meter] = event, total_mwh + int(true.energy_mwh[inside].sum()), lost, lost_export
        return [
            MeasuredEvent(
                event=event,
                first_day=event.start_s // DAY_S,
                lost_mwh=np.array(lost),
                lost_export_mwh=np.array(lost_export),
                energy_mwh=total_mwh,
                far_days=frozenset(far_days.get(event.meter, ())),
            )
            for event, total_mwh, lost, lost_export in found.values()
        ]

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
        own = self._days.compute(_EPOCH + timedelta(days=day), event.meter, 1)[0]
        return _true_day(self._world, event, day, own, int(ledger.register_mwh[0]))


def _true_day(world: World, event: Event, day: int, own: NDArray[np.int64], register_mwh: int) -> TrueDay:
    start_s, count = day * DAY_S, own.shape[1]
    return TrueDay(
        start_s=start_s,
        interval_s=world.interval_s,
        energy_mwh=own[quantities.CONSUMPTION_MWH].copy(),
        export_mwh=own[quantities.EXPORT_MWH].copy(),
        register_mwh=register_mwh,
        uniforms=lambda: uniforms(world.seed, _READING, event.meter, start_s // world.interval_s, count),
    )


def _energies(report: Report, true: TrueDay, inside: slice) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Import and export as they are reported, in mWh; no reading is larger than its field."""
    energy_mwh, export_mwh = true.energy_mwh.copy(), true.export_mwh.copy()
    if report.energy_mwh is not None:
        energy_mwh[inside] = np.minimum(report.energy_mwh[inside], quantities.LARGEST_MWH_PER_SECOND * true.interval_s)
    if report.export_mwh is not None:
        export_mwh[inside] = report.export_mwh[inside]
    return energy_mwh, export_mwh


def _power_w(energy_mwh: NDArray[np.int64], interval_s: int) -> NDArray[np.int64]:
    watts: NDArray[np.int64] = (energy_mwh * (3600 // interval_s) + 500) // 1000
    return watts

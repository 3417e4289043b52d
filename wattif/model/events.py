"""Which meters something goes wrong at, what and when: a pure function of the seed and a span of days.

That span is the dataset's own, where a share of the meters was asked for; or a part of a month of the calendar.

Whether a meter or a transformer is hit follows a Kronecker sequence, the fractional parts of ``offset + n * a`` with
an irrational *a*: of any run of neighbours nearly exactly the wanted share lies below it, so that a small fleet, too,
has the rate that was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wattif.errors import InvalidValue
from wattif.model.anomalies import Event, Kind
from wattif.model.anomaly_kinds import KINDS
from wattif.model.classes import CAR_W, CLASSES, connection_w
from wattif.model.fleet import Fleet
from wattif.model.world import World
from wattif.numeric.calendar import DAY_S, day_number, day_of, month_after
from wattif.numeric.streams import Stream, uniforms
from wattif.spec.anomaly_rate import AnomalyRate

_TRANSFORMER_STEP, _METER_STEP = math.sqrt(5.0) / 2.0 - 0.5, math.sqrt(2.0) - 1.0  # square roots are exact everywhere
# Squarefree: their roots are linearly independent over the rational numbers, and so two parts hit independent meters.
_SQUARES = (2, 3, 6, 7, 11, 13, 14, 15, 19, 21, 22, 23, 29, 30, 31, 33, 34, 35, 38, 39, 41, 43, 46, 47)
_PARTS = 31  # of a month, at most; of no common factor with the number of roots
_PAIR_STEP = math.sqrt(3.0) - 1.0
_FIRST_PAIR = -(10**9)  # the number for which a pair draws: that of no meter and no transformer
_KIND, _LENGTH, _AFTERMATH, _PLACE, _FIRST_SIZE = range(5)  # what the numbers of an event are drawn for
_NUMBERS = 12
_AT_ONCE = 1 << 16  # whatever may be hit, looked at together
_LONGEST = date(2021, 1, 1)  # a month that has as many parts as any; turns count from it


@dataclass(frozen=True, kw_only=True)
class Period:
    """The days over which events are spread, both included: of the whole dataset, or a part of a month."""

    start: date
    end: date
    part: int = 0  # its number among the parts of all months; 0: there is no other
    turn: int = 0  # the same without gaps between the months, but for parts that only longer months have

    @property
    def start_s(self) -> int:
        """Its beginning, seconds since 1970."""
        return day_number(self.start) * DAY_S

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1


def parts_of_months(rate: AnomalyRate, first: date, last: date) -> Iterator[tuple[Period, float]]:
    """The parts of the months from that of *first* to that of *last*, each with the share of the meters that are hit.

    No part reaches into another month: what was made until some day says nothing of the days that follow.
    """
    month, most_parts = first.replace(day=1), rate.parts_of(_LONGEST)
    while month <= last:
        days, parts = (month_after(month) - month).days, rate.parts_of(month)
        starts = [month + timedelta(days=days * n // parts) for n in range(parts + 1)]
        first_part = (12 * month.year + month.month) * _PARTS
        first_turn = (12 * (month.year - _LONGEST.year) + month.month - _LONGEST.month) * most_parts
        for number, (start, end) in enumerate(pairwise(starts), first_part):
            turn = first_turn + number - first_part
            yield Period(start=start, end=end - timedelta(days=1), part=number, turn=turn), rate.in_month(month) / parts
        month = month_after(month)


def draw_events(
    world: World,
    fleet: Fleet,
    weights: Mapping[str, float],
    rate: float,
    period: Period,
    *,
    evens_out: bool = False,
) -> dict[int, Event]:
    """The events of the meters in *fleet*: the share *rate* of all has one, of kinds in proportion to *weights*.

    *evens_out*: where transformers that are hit feed more or fewer meters than their share, fewer or more of the other
    meters are hit. *fleet* must be the whole one.
    `InvalidValue` when none of the kinds can happen in this world.
    """
    possible = {kind: w for kind, w in weights.items() if world.interval_s >= KINDS[kind].shortest_interval_s}
    of_transformers = {kind: weight for kind, weight in possible.items() if KINDS[kind].of_transformer}
    of_pairs = {kind: weight for kind, weight in possible.items() if KINDS[kind].of_pair}
    of_meters = {kind: weight for kind, weight in possible.items() if kind not in of_transformers | of_pairs}
    total = math.fsum(possible.values())
    if weights and total == 0.0:
        raise InvalidValue(
            "anomalies",
            ", ".join(weights),
            f"cannot happen with a reading every {world.interval_s} s; name other kinds, or a longer `interval`",
        )
    if not weights or rate == 0.0:
        return {}
    share = rate * math.fsum(of_transformers.values()) / total
    draw, steps, network = _Drawing(world, period), _steps(period.part), world.network
    events: dict[int, Event] = {}
    for numbers in fleet.ranges:
        transformers = range(network.transformer_of(numbers.start), network.transformer_of(numbers.stop - 1) + 1)
        for transformer in _hit(world.seed, (0, period.part), transformers, steps[0], share):
            fed = network.meters_of(transformer)
            # below zero: a transformer's numbers are not a meter's
            event = draw.event(f"transformer-{transformer}", fed.start, -1 - transformer, of_transformers)
            for meter in range(max(fed.start, numbers.start), min(fed.stop, numbers.stop)):
                events[meter] = replace(event, meter=meter)
    taken = len(events) / len(fleet) if evens_out else share
    rest = max(rate - taken, 0.0) / (1.0 - taken) if of_meters or of_pairs else 0.0  # of those whose transformer is not
    paired = rest * math.fsum(of_pairs.values()) / math.fsum((of_pairs | of_meters).values()) if of_pairs else 0.0
    rest = (rest - paired) / (1.0 - paired) if of_meters else 0.0  # of those whose pair is not hit, either
    power_w = [[connection_w(each, city) + CAR_W for each in CLASSES] for city in world.cities]
    hit = {meter for numbers in fleet.ranges for meter in _hit(world.seed, (1, period.part), numbers, steps[1], rest)}
    for one, other in _pairs(world.seed, period.part, fleet, steps[2], paired):
        if not (_are_alike(world, fleet, one, other) and events.keys().isdisjoint((one, other))):
            hit |= {one, other}  # one of the other kinds, so that the rate holds
            continue
        event = draw.event(f"pair-{one}", one, _FIRST_PAIR - one, of_pairs)
        for meter, partner in ((one, other), (other, one)):
            events[meter] = replace(event, meter=meter, sizes={**event.sizes, "partner": float(partner)})
    for meter in sorted(hit - events.keys()):
        city = network.city_of(network.transformer_of(meter))
        own_w = power_w[city][int(fleet.part(meter, 1).meter_class[0])]
        kinds = {kind: weight for kind, weight in of_meters.items() if (KINDS[kind].largest_power_w or own_w) >= own_w}
        if kinds:
            events[meter] = draw.event(f"meter-{meter}", meter, meter, kinds)
    return dict(sorted(events.items()))


def _steps(part: int) -> tuple[float, float, float]:
    """The steps of the sequences of transformers, of meters and of pairs."""
    if part == 0:
        return _TRANSFORMER_STEP, _METER_STEP, _PAIR_STEP
    count = len(_SQUARES)
    transformers, meters, pairs = (math.sqrt(_SQUARES[(part + count * n // 3) % count]) % 1.0 for n in (1, 0, 2))
    return transformers, meters, pairs


def _pairs(seed: int, part: int, fleet: Fleet, step: float, share: float) -> Iterator[tuple[int, int]]:
    """The pairs that are hit, both meters of which are in *fleet*."""
    for numbers in fleet.ranges:
        pairs = range(-(-numbers.start // 2), numbers.stop // 2)
        for pair in _hit(seed, (2, part), pairs, step, share):
            yield 2 * pair, 2 * pair + 1


def _are_alike(world: World, fleet: Fleet, one: int, other: int) -> bool:
    """Whether two meters are of one class and city."""
    classes = {int(fleet.part(meter, 1).meter_class[0]) for meter in (one, other)}
    return len(classes) == 1 and world.city_of(one) is world.city_of(other)


def _hit(seed: int, which: tuple[int, int], numbers: range, step: float, share: float) -> Iterator[int]:
    """Which of *numbers* are hit."""
    offset = float(uniforms(seed, int(Stream.ANOMALY), *which, 1)[0])
    for first in range(numbers.start, numbers.stop, _AT_ONCE):
        places = np.arange(first, min(first + _AT_ONCE, numbers.stop)) * step + offset
        yield from (first + np.flatnonzero(places - np.floor(places) < share)).tolist()


class _Numbers:
    """The random numbers of one event, in order; six decimals, so that a label says all of them."""

    def __init__(self, numbers: NDArray[np.float64], *, interval_s: int, turn: int, own: float) -> None:
        self._numbers = iter(numbers.tolist())
        self.interval_s = interval_s
        self.turn = turn
        self.own = own

    def uniform(self, low: float, high: float) -> float:
        share: float = next(self._numbers)
        return round(low + (high - low) * share, 6)

    def sign(self) -> int:
        return 1 if next(self._numbers) < 0.5 else -1


class _Drawing:
    """Draws events of one period."""

    def __init__(self, world: World, period: Period) -> None:
        self._seed = world.seed
        self._interval_s = world.interval_s
        self._period = period

    def event(self, name: str, meter: int, entity: int, weights: Mapping[str, float]) -> Event:
        """The event of an entity, of one of the kinds in *weights*."""
        period = self._period
        numbers = uniforms(self._seed, int(Stream.ANOMALY_SIZE), entity, _NUMBERS * period.part, _NUMBERS)
        kind_id = _pick(weights, numbers[_KIND])
        kind = KINDS[kind_id]
        step_s = DAY_S if kind.unit == "days" else self._interval_s
        total = period.days * DAY_S // step_s
        longest = total if period.part else total / 2  # else there is neither a before nor an after
        length = min(self._length(kind, step_s, total, longest, numbers[_LENGTH]), total)
        low_s, high_s = kind.aftermath_s
        after = min(math.floor((low_s + (high_s - low_s) * numbers[_AFTERMATH]) / step_s), total - length)
        start_s = period.start_s + int(numbers[_PLACE] * (total - length - after + 1)) * step_s
        own = float(uniforms(self._seed, int(Stream.ANOMALY_SIZE), entity, _NUMBERS - 1, 1)[0])  # of no part
        of_event = _Numbers(numbers[_FIRST_SIZE:], interval_s=self._interval_s, turn=period.turn, own=own)
        sizes = kind.draw(of_event)
        if high_s > 0.0:
            sizes["restored_s"] = float(start_s + length * step_s)
        for number, (moment, (low, high)) in enumerate(kind.moments.items()):
            share = low + (high - low) * numbers[_FIRST_SIZE + number]
            sizes[moment] = float(start_s + math.floor(length * share) * step_s)
        day = start_s // DAY_S if period.part else 0
        return Event(
            id=f"{name}-{day_of(day)}" if period.part else name,
            meter=meter,
            kind=kind_id,
            start_s=start_s,
            end_s=start_s + (length + after) * step_s,
            sizes=sizes,
            label_day=day,
        )

    @staticmethod
    def _length(kind: Kind, step_s: int, total: int, longest: float, u: float) -> int:
        """In steps; *longest*: unless the shortest length of the kind is longer."""
        low, high = kind.lengths
        if kind.unit == "period":
            return total
        if kind.unit == "readings":
            return math.floor(low + u * (high - low + 1))
        if kind.unit == "seconds":
            low, high = max(low / step_s, kind.least_readings), max(high / step_s, kind.least_readings)
        return max(math.floor(low + u * (max(min(high, longest), low) - low) + 0.5), 1)


def _pick(weights: Mapping[str, float], u: float) -> str:
    left = u * math.fsum(weights.values())
    for kind, weight in weights.items():
        left -= weight
        if left < 0.0:
            return kind
    return kind

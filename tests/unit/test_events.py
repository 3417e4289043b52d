"""Events: how many meters, which kinds, when; the same for every fleet size and machine."""

from __future__ import annotations

import dataclasses
import math
import operator
from collections import Counter
from datetime import date
from itertools import combinations

import numpy as np
import pytest

from wattif.errors import UsageError
from wattif.model.anomalies import Event
from wattif.model.anomaly_kinds import KINDS, read_weights
from wattif.model.cities import load_cities
from wattif.model.events import Period, draw_events
from wattif.model.fleet import make_fleet
from wattif.model.scenario import drawn_events, fleet_of, world_of
from wattif.model.world import World
from wattif.numeric.calendar import DAY_S, day_number, day_of
from wattif.spec import Spec

CITY = load_cities(None)["manila"]
PERIOD = Period(start=date(2024, 1, 5), end=date(2024, 2, 3))  # thirty days
ALL = read_weights("all")


def _world(seed: int = 42, interval_s: int = 10) -> World:
    return World(seed=seed, epoch=date(2024, 1, 1), interval_s=interval_s, cities=(CITY,))


def _events(
    rate: float,
    weights: dict[str, float] = ALL,
    *,
    seed: int = 42,
    meters: int = 2000,
    interval_s: int = 10,
    period: Period = PERIOD,
) -> dict[int, Event]:
    world = _world(seed, interval_s)
    return draw_events(world, make_fleet(seed, meters, world.cities), weights, rate, period)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.075, 0.3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("seed", [1, 42, 2**62])
def test_the_share_of_meters_is_what_was_asked_for(rate: float, seed: int) -> None:
    share = len(_events(rate, seed=seed)) / 2000
    assert share == pytest.approx(rate, abs=0.02)
    if rate in (0.0, 1.0):
        assert share == rate


@pytest.mark.parametrize("kinds", ["outage", "theft_scale", "outage=3,theft_scale=1"])
def test_the_share_holds_whatever_the_kinds(kinds: str) -> None:
    assert len(_events(0.3, read_weights(kinds))) / 2000 == pytest.approx(0.3, abs=0.02)


def test_kinds_come_by_their_weights() -> None:
    """Of meters, not of events: an outage hits all of a transformer at once."""
    counts = Counter(event.kind for event in _events(1.0, {"theft_scale": 2, "spike": 1, "outage": 1}).values())
    assert counts["theft_scale"] / 2000 == pytest.approx(0.5, abs=0.03)
    assert counts["spike"] / 2000 == pytest.approx(0.25, abs=0.03)
    assert counts["outage"] / 2000 == pytest.approx(0.25, abs=0.03)


def test_a_grid_event_hits_every_meter_of_its_transformer_at_the_same_moment() -> None:
    events = _events(0.4, {"sag": 1, "swell": 1, "outage": 1})
    assert {KINDS[event.kind].of_transformer for event in events.values()} == {True}
    network = _world().network
    for transformer in {network.transformer_of(meter) for meter in events}:
        hit = [events[meter] for meter in network.meters_of(transformer)]
        assert len({(event.id, event.kind, event.start_s, event.end_s, tuple(event.sizes)) for event in hit}) == 1


def test_events_are_of_the_period_on_whole_readings_and_of_the_declared_length() -> None:
    for interval_s in (10, 900):
        for event in _events(1.0, interval_s=interval_s).values():
            kind = KINDS[event.kind]
            low, high = kind.lengths
            length_s = event.end_s - event.start_s
            assert PERIOD.start_s <= event.start_s < event.end_s <= PERIOD.start_s + 30 * DAY_S
            assert event.start_s % interval_s == length_s % interval_s == 0
            if kind.unit == "period":
                assert length_s == 30 * DAY_S
            elif kind.unit == "readings":
                assert low * interval_s <= length_s <= high * interval_s
            elif kind.unit == "days":
                assert event.start_s % DAY_S == length_s % DAY_S == 0
                assert low * DAY_S <= length_s <= high * DAY_S
            else:
                assert low - interval_s <= length_s <= max(high, interval_s) + kind.aftermath_s[1] + interval_s
            if "restored_s" in event.sizes:
                assert event.start_s < event.sizes["restored_s"] <= event.end_s


def test_half_of_the_period_is_left_to_compare_with() -> None:
    week = Period(start=date(2024, 1, 1), end=date(2024, 1, 14))
    long = list(_events(1.0, {"theft_scale": 1}, period=week).values())
    assert max(event.end_s - event.start_s for event in long) <= 7 * DAY_S
    assert np.std([event.start_s for event in long]) > 2 * DAY_S


def test_a_day_alone_has_its_rate_too() -> None:
    day = Period(start=date(2024, 1, 1), end=date(2024, 1, 1))
    events = _events(0.5, period=day)
    assert len(events) / 2000 == pytest.approx(0.5, abs=0.02)
    assert all(event.start_s // DAY_S == (event.end_s - 1) // DAY_S for event in events.values())


def test_pairs_are_neighbors_of_one_class_and_the_rate_holds() -> None:
    spec = Spec(
        start="2024-01-01",
        end="2024-01-31",
        meters=2001,
        anomaly_rate=0.3,
        anomalies="swapped=2,spike=1",
        city="manila,berlin",
    )
    world = world_of(spec)
    fleet = fleet_of(spec, world)
    assert len(fleet.macs) == 2002
    events = {event.meter: event for event in drawn_events(spec, world, fleet)}
    assert len(events) / 2001 == pytest.approx(0.3, abs=0.02)
    swapped = {meter: event for meter, event in events.items() if event.kind == "swapped"}
    assert len(swapped) / len(events) == pytest.approx(0.5, abs=0.06), "two thirds, less the pairs of two classes"
    for meter, event in swapped.items():
        other = swapped[meter ^ 1]
        assert event.sizes == {"partner": meter ^ 1}
        assert (event.id, event.start_s, event.end_s) == (other.id, other.start_s, other.end_s)
        assert event.start_s % DAY_S == event.end_s % DAY_S == 0
        assert fleet.meter_class[meter] == fleet.meter_class[meter ^ 1]
        assert world.city_of(meter) is world.city_of(meter ^ 1)
    larger = fleet_of(spec.model_copy(update={"meters": 2100}), world)
    assert {event.meter: event for event in drawn_events(spec, world, larger) if event.meter < 2002} == events


def test_a_larger_fleet_keeps_the_events_of_the_smaller() -> None:
    small, large = _events(0.2, meters=500), _events(0.2, meters=2000)
    assert small == {meter: event for meter, event in large.items() if meter < 500}


def test_another_seed_has_other_events() -> None:
    assert set(_events(0.2, seed=1)) != set(_events(0.2, seed=2))


def test_kinds_that_cannot_be_do_not_happen() -> None:
    for interval_s in (1, 2):
        with pytest.raises(UsageError, match="`anomalies` clock_skew: cannot happen with a reading every"):
            _events(1.0, {"clock_skew": 1}, interval_s=interval_s)
        assert len(_events(1.0, {"clock_skew": 1, "spike": 1}, interval_s=interval_s)) == 2000
    large = dataclasses.replace(CITY, mean_kwh=dataclasses.replace(CITY.mean_kwh, industrial=20_000.0))
    world = dataclasses.replace(_world(), cities=(large,))
    fleet = make_fleet(42, 200, world.cities, (0.5, 0.0, 0.5))
    hit = draw_events(world, fleet, {"reversed_ct": 1}, 1.0, PERIOD)
    assert set(hit) == set(np.flatnonzero(fleet.meter_class == 0)), "a negative power has six digits at most"


def _calendar(
    rate: str, *, seed: int = 42, meters: int = 1000, start: str = "2024-01-01", end: str = "2024-06-30"
) -> list[Event]:
    spec = Spec(start=start, end=end, seed=seed, meters=meters, anomaly_rate=rate)
    world = world_of(spec)
    return drawn_events(spec, world, fleet_of(spec, world))


@pytest.mark.parametrize(
    ("rate", "a_meter", "meters"),
    [
        ("0.05/month", 0.3, 1000),
        ("2.5/month", 15.0, 500),
        ("0.1/week", 2.6, 1000),
        ("0.5/day", 91.0, 250),
        ("1/year", 0.497, 1000),
    ],
)
@pytest.mark.parametrize("seed", [1, 42])
def test_a_rate_in_calendar_time_is_met(rate: str, a_meter: float, meters: int, seed: int) -> None:
    """Each part's Kronecker sequences are off by a few meters, and by a few transformers of twenty, at most."""
    parts = 6 * max(math.ceil(a_meter / 6), 1)
    assert len(_calendar(rate, seed=seed, meters=meters)) == pytest.approx(a_meter * meters, abs=30 * parts**0.5)


def test_events_of_the_calendar_stay_within_their_month_and_never_share_a_day() -> None:
    for rate in ("0.9/month", "3/month", "1/day"):
        days_of: dict[int, set[int]] = {}
        events = _calendar(rate, meters=100, end="2024-03-31")
        assert len(set(map(operator.attrgetter("meter", "id"), events))) == len(events)
        for event in events:
            first, last = (day_of(s // DAY_S) for s in (event.start_s, event.end_s - 1))
            assert (first.year, first.month) == (last.year, last.month)
            assert event.label_day == event.start_s // DAY_S
            assert event.id.endswith(str(first))
            days = set(range(event.start_s // DAY_S, (event.end_s - 1) // DAY_S + 1))
            assert not days & days_of.setdefault(event.meter, set())
            days_of[event.meter] |= days


def test_events_of_the_calendar_know_neither_start_nor_end() -> None:
    whole = _calendar("0.8/month")
    late = _calendar("0.8/month", start="2024-01-20")
    assert late == whole, "registers count from the first of the month"
    last = day_number(date(2024, 3, 10))
    assert _calendar("0.8/month", end="2024-03-10") == [event for event in whole if event.label_day <= last]
    march = [event for event in whole if event.label_day >= day_number(date(2024, 3, 1))]
    assert _calendar("0.8/month", start="2024-03-05") == march


def test_months_are_independent_of_each_other() -> None:
    """Of the meters that are hit in one month, the share that any meter has is hit in any other: 0.3 of 0.3."""
    hit = [set[int]() for _ in range(6)]
    for event in _calendar("0.3/month", meters=4000):
        hit[day_of(event.label_day).month - 1].add(event.meter)
    for one, other in combinations(hit, 2):
        assert len(one & other) / 4000 == pytest.approx(0.09, abs=0.01)


def test_in_a_month_an_event_may_last_as_long_as_its_kind_does() -> None:
    spec = Spec(start="2024-01-01", end="2024-01-31", meters=2000, anomaly_rate="1/month", anomalies="theft_scale")
    world = world_of(spec)
    lengths = [event.end_s - event.start_s for event in drawn_events(spec, world, fleet_of(spec, world))]
    assert 26 * DAY_S < max(lengths) <= 28 * DAY_S

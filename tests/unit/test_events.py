"""Events: how many meters, which kinds, when; the same for every fleet size and machine."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import date

import numpy as np
import pytest

from wattif.errors import UsageError
from wattif.model.anomalies import DAY_S, Event
from wattif.model.anomaly_kinds import KINDS, read_weights
from wattif.model.cities import load_cities
from wattif.model.events import Period, draw_events
from wattif.model.fleet import make_fleet
from wattif.model.grid import METERS_PER_TRANSFORMER, transformer_of
from wattif.model.world import World

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
    """Of meters, not of events: an outage hits twenty at once."""
    counts = Counter(event.kind for event in _events(1.0, {"theft_scale": 2, "spike": 1, "outage": 1}).values())
    assert counts["theft_scale"] / 2000 == pytest.approx(0.5, abs=0.03)
    assert counts["spike"] / 2000 == pytest.approx(0.25, abs=0.03)
    assert counts["outage"] / 2000 == pytest.approx(0.25, abs=0.03)


def test_a_grid_event_hits_every_meter_of_its_transformer_at_the_same_moment() -> None:
    events = _events(0.4, {"sag": 1, "swell": 1, "outage": 1})
    assert {KINDS[event.kind].of_transformer for event in events.values()} == {True}
    for transformer in {transformer_of(meter) for meter in events}:
        first = transformer * METERS_PER_TRANSFORMER
        hit = [events[meter] for meter in range(first, first + METERS_PER_TRANSFORMER)]
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

"""Electric cars: one charge an evening, whole, wherever UTC's midnight falls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.model.cities import MANILA
from wattif.model.electric_car import CHARGER_W, add_car, arrival_step, car_energy_mwh
from wattif.model.residential import CONTEXT, FIRST
from wattif.numeric import calendar

STEPS = 8640
DAYS = 10
ZONES = [
    "UTC",
    "Asia/Manila",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
]


def _day(meter: int, utc_day: int, local_quarter: NDArray[np.int64]) -> NDArray[np.int32]:
    watts = np.zeros(STEPS, np.int32)
    add_car(7, meter, utc_day, local_quarter, watts)
    return watts


def _series(zone: str, meter: int, first: int) -> NDArray[np.int32]:
    city = replace(MANILA, time_zone=zone)
    quarters = [calendar.local_quarters(city.time_zone, (first + n) * 96 - FIRST, CONTEXT) for n in range(DAYS)]
    return np.concatenate([_day(meter, first + n, quarters[n]) for n in range(DAYS)])


def _charges(watts: NDArray[np.int32]) -> list[tuple[int, int]]:
    """First step and the one after the last of each charge that lies wholly inside the series."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], watts > 0, [0]])))
    runs = [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
    return [run for run in runs if run[0] > 0 and run[1] < len(watts)]


@pytest.mark.parametrize("first", [date(2025, 10, 22), date(2025, 3, 6), date(2025, 3, 27)])  # summer time's ends
@pytest.mark.parametrize("zone", ZONES)
def test_each_local_day_has_one_charge_with_exactly_its_energy(zone: str, first: date) -> None:
    start_day = calendar.day_number(first)
    for meter in range(25):
        watts = _series(zone, meter, start_day)
        charges = _charges(watts)
        days = []
        for start, end in charges:
            moment = datetime.fromtimestamp(start_day * 86_400 + start * 10, UTC).astimezone(ZoneInfo(zone))
            days.append(calendar.day_number(moment.date()))
            local_step = moment.hour * 360 + moment.minute * 6 + moment.second // 10
            assert local_step == arrival_step(7, meter, days[-1])
            assert int(watts[start:end].sum()) * 25 == car_energy_mwh(7, meter, days[-1]) * 9  # W * 10 s against mWh
            assert set(watts[start : end - 1].tolist()) == {CHARGER_W}
            assert 0 < watts[end - 1] <= CHARGER_W
        assert days == list(range(days[0], days[0] + len(days)))
        assert DAYS - 2 < len(days) <= DAYS + 1  # of local days, parts at both ends


def test_charges_cross_utc_and_local_midnight() -> None:
    start_day = calendar.day_number(date(2025, 6, 1))
    for zone, least in (("UTC", 1), ("America/New_York", 500)):
        watts = np.array([_series(zone, meter, start_day) for meter in range(200)]).reshape(200, DAYS, STEPS)
        assert np.count_nonzero((watts[:, :-1, -1] > 0) & (watts[:, 1:, 0] > 0)) >= least


def test_energy_and_arrival_have_the_model_s_spread() -> None:
    kwh = np.array([car_energy_mwh(7, meter, day) for meter in range(100) for day in range(20_000, 20_050)]) / 1e6
    hours = np.array([arrival_step(7, meter, day) for meter in range(100) for day in range(20_000, 20_050)]) / 360
    assert kwh.mean() == pytest.approx(9.5, abs=0.1)
    assert kwh.std() == pytest.approx(2.5, rel=0.04)
    assert kwh.min() >= 2
    assert kwh.max() < 18.2
    assert hours.mean() == pytest.approx(19, abs=0.06)
    assert hours.std() == pytest.approx(1.25, rel=0.04)
    assert 14.6 < hours.min() < hours.max() < 23.4
    assert abs(np.corrcoef(kwh, hours)[0, 1]) < 0.05


def test_the_car_comes_on_top_and_is_the_same_each_time() -> None:
    city_quarters = calendar.local_quarters(MANILA.time_zone, 20_000 * 96 - FIRST, CONTEXT)
    alone = _day(1, 20_000, city_quarters)
    home = np.arange(STEPS, dtype=np.int32)
    add_car(7, 1, 20_000, city_quarters, home)
    assert np.array_equal(home - np.arange(STEPS), alone)
    assert np.array_equal(alone, _day(1, 20_000, city_quarters))
    assert not np.array_equal(alone, _day(2, 20_000, city_quarters))


@pytest.mark.parametrize("jump", [4, -4, 2])
def test_a_clock_that_is_changed_in_the_evening_loses_no_charge(jump: int) -> None:
    """No zone does it at such hours (some do at midnight); arrivals in a skipped hour begin after it."""
    changed = 20_004 * 96 + 76  # 19:00
    totals = []
    for meter in range(40):
        quarters = [np.arange((20_000 + n) * 96 - FIRST, (20_000 + n) * 96 - FIRST + CONTEXT) for n in range(DAYS)]
        watts = np.concatenate(
            [_day(meter, 20_000 + n, utc + np.where(utc >= changed, jump, 0)) for n, utc in enumerate(quarters)]
        )
        charges = _charges(watts)
        sums = [int(watts[start:end].sum()) * 25 // 9 for start, end in charges]
        days = range(20_000 + (len(charges) == DAYS - 1 and charges[0][0] > STEPS), 20_000 + DAYS)
        totals.append(sums == [car_energy_mwh(7, meter, day) for day in days][: len(sums)])
    assert all(totals)

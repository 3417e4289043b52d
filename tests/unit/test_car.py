"""Electric cars: whole charges on some days, wherever UTC's midnight falls; how often, how much, how many at once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.model.electric_car import (
    CLOCK,
    CLOCK_LOOKBACK,
    LARGEST_MWH,
    add_car,
    car_energy_mwh,
    car_of,
    charge_of,
    charged_mwh,
)
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


def _clock(zone: str, utc_day: int) -> NDArray[np.int64]:
    return calendar.local_quarters(zone, utc_day * 96 - CLOCK_LOOKBACK, CLOCK)


def _day(meter: int, utc_day: int, clock: NDArray[np.int64]) -> NDArray[np.int32]:
    watts = np.zeros(STEPS, np.int32)
    add_car(7, meter, utc_day, clock, watts)
    return watts


def _series(zone: str, meter: int, first: int) -> NDArray[np.int32]:
    return np.concatenate([_day(meter, first + n, _clock(zone, first + n)) for n in range(DAYS)])


def _charges(watts: NDArray[np.int32]) -> list[tuple[int, int]]:
    """First step and the one after the last of each charge that lies wholly inside the series."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], watts > 0, [0]])))
    runs = [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
    return [run for run in runs if run[0] > 0 and run[1] < len(watts)]


@pytest.mark.parametrize("first", [date(2025, 10, 22), date(2025, 3, 6), date(2025, 3, 27)])  # summer time's ends
@pytest.mark.parametrize("zone", ZONES)
def test_each_charge_is_whole_and_begins_when_its_car_arrives(zone: str, first: date) -> None:
    start_day = calendar.day_number(first)
    seen = 0
    for meter in range(25):
        watts = _series(zone, meter, start_day)
        car = car_of(7, meter)
        wanted = {day: charge_of(7, meter, day) for day in range(start_day - 2, start_day + DAYS + 2)}
        for start, end in _charges(watts):
            moment = datetime.fromtimestamp(start_day * 86_400 + start * 10, UTC).astimezone(ZoneInfo(zone))
            day = calendar.day_number(moment.date())
            step = moment.hour * 360 + moment.minute * 6 + moment.second // 10
            if wanted[day].portions == 0 or wanted[day].start != step:
                day, step = day - 1, step + STEPS  # by a timer, after midnight
            skipped = step - wanted[day].start  # one of an hour that a change to summer time skips begins after it
            assert skipped == 0 or moment.hour <= 3
            assert int(watts[start:end].sum()) * 25 == car_energy_mwh(7, meter, day) * 9  # W * 10 s against mWh
            assert set(watts[start : end - 1].tolist()) <= {car.charger_w}
            assert 0 < watts[end - 1] <= car.charger_w
            seen += 1
    assert seen > 60


@pytest.mark.parametrize("first", [date(2025, 10, 1), date(2025, 10, 24), date(2025, 3, 6), date(2025, 3, 27)])
@pytest.mark.parametrize("zone", ZONES)
def test_what_was_drawn_before_a_day_grows_by_what_the_day_shows(zone: str, first: date) -> None:
    """Whole portions, also while a charge runs at midnight and on the days on which clocks change."""
    start_day = calendar.day_number(first)
    for meter in range(25):
        days = [int(_day(meter, start_day + n, _clock(zone, start_day + n)).sum()) for n in range(DAYS)]
        drawn = [charged_mwh(7, meter, start_day - 30, _clock(zone, start_day + n)) for n in range(DAYS + 1)]
        for n in range(DAYS):
            assert abs(drawn[n + 1] - drawn[n] - days[n] * 25 / 9) <= 25


def test_charges_cross_utc_and_local_midnight() -> None:
    start_day = calendar.day_number(date(2025, 6, 1))
    for zone, least in (("UTC", 200), ("America/New_York", 200)):
        watts = np.array([_series(zone, meter, start_day) for meter in range(200)]).reshape(200, DAYS, STEPS)
        assert np.count_nonzero((watts[:, :-1, -1] > 0) & (watts[:, 1:, 0] > 0)) >= least


def _year(meters: int) -> NDArray[np.float64]:
    """Hourly means in kW, (meters, hours)."""
    hours = []
    for n in range(364):
        clock = _clock("UTC", 20_000 + n)
        hours.append([_day(meter, 20_000 + n, clock).reshape(24, 360).mean(axis=1) / 1000 for meter in range(meters)])
    return np.concatenate(hours, axis=1)


def test_charges_a_week_energy_and_peaks_are_those_of_measured_cars() -> None:
    """2.7 to 4.4 charges a week, 165 to 250 kWh a month; a car at the peak of 13 1.05 to 2.3 kW, of many 1.0 to 1.2."""
    kwh = np.array([[car_energy_mwh(7, m, 20_000 + n) / 1e6 for n in range(364)] for m in range(400)])
    assert 2.7 < np.count_nonzero(kwh) / 400 / 52 < 4.4
    assert 165 < kwh.sum() / 400 / 364 * 30.4 < 250
    assert kwh.max() * 1e6 <= LARGEST_MWH
    hours = _year(300)
    groups = [hours[n : n + 13].sum(axis=0).max() / 13 for n in range(0, 286, 13)]
    assert 1.05 < np.median(groups) < 2.3
    assert 1.0 < hours.sum(axis=0).max() / 300 < 1.2


def test_a_quarter_of_the_cars_wait_for_the_night() -> None:
    timers = [car_of(7, meter).timer for meter in range(2000)]
    assert np.mean(timers) == pytest.approx(0.25, abs=0.03)
    for meter in range(40):
        car = car_of(7, meter)
        charges = [charge_of(7, meter, day) for day in range(20_000, 20_100)]
        starts = [charge.start / 360 for charge in charges if charge.portions]
        assert min(starts) >= (22.5 if car.timer else 12.0)
        assert max(starts) <= (26.5 if car.timer else 23.9)


def test_the_car_comes_on_top_and_is_the_same_each_time() -> None:
    day = next(day for day in range(20_000, 20_020) if _day(1, day, _clock("Asia/Manila", day)).any())
    alone = _day(1, day, _clock("Asia/Manila", day))
    home = np.arange(STEPS, dtype=np.int32)
    add_car(7, 1, day, _clock("Asia/Manila", day), home)
    assert np.array_equal(home - np.arange(STEPS), alone)
    assert np.array_equal(alone, _day(1, day, _clock("Asia/Manila", day)))
    assert not np.array_equal(alone, _day(2, day, _clock("Asia/Manila", day)))

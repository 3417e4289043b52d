"""The power of a business: its profile, its noise, its thermostats."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.model import local_time
from wattif.model.appliances import STEPS
from wattif.model.cities import MANILA
from wattif.model.commercial import CYCLE_LOOKBACK, add_thermostats, commercial_power, with_habits
from wattif.model.levels import steady
from wattif.model.rhythm import CONTEXT, FIRST
from wattif.numeric import calendar

BERLIN = replace(MANILA, id="berlin", time_zone="Europe/Berlin", climate="north")
TUESDAY = calendar.day_number(date(2025, 1, 14))
MEAN_W = 1e6  # so that whole watts do not matter
FLAT = np.ones(CONTEXT)

Floats = NDArray[np.float64]


def _profile(name: str, day: int) -> Floats:
    local = calendar.local_quarters(BERLIN.time_zone, day * 96 - FIRST, CONTEXT)
    return local_time.profile_at(BERLIN, name, local)


def _power(meter: int, day: int, profile: Floats = FLAT, mean_w: float = MEAN_W) -> NDArray[np.int32]:
    local = calendar.local_quarters(BERLIN.time_zone, day * 96 - FIRST, CONTEXT)
    watts = np.empty(STEPS, np.int32)
    around = steady(mean_w, float(profile[FIRST : FIRST + 96].mean()))
    commercial_power(7, meter, day, around, profile, local, local_time.weekend_at(MANILA, local), watts)
    return watts


def _thermostats(meter: int, day: int, load: float = 1.0, load_before: float | None = None) -> NDArray[np.int32]:
    """The power of the thermostats at a constant *load*, and perhaps another one before the day."""
    loads = np.full(CYCLE_LOOKBACK + 97, load)
    loads[:CYCLE_LOOKBACK] = load if load_before is None else load_before
    changes = np.zeros(STEPS + 1, np.int32)
    add_thermostats(7, meter, day, loads, steady(MEAN_W), changes)
    return np.cumsum(changes, dtype=np.int32)[:STEPS]


def test_a_meter_day_is_the_same_whatever_was_computed_before() -> None:
    series = [_power(3, TUESDAY + n) for n in range(3)]
    assert np.array_equal(_power(3, TUESDAY + 1), series[1])
    assert not np.array_equal(series[0], series[1])
    assert not np.array_equal(_power(4, TUESDAY), series[0])


@pytest.mark.parametrize("name", ["g0", "g1", "g2", "g3", "g4", "g5", "g6", "g25"])
def test_the_day_has_its_mean_and_is_never_negative(name: str) -> None:
    for day in (TUESDAY, TUESDAY + 5):
        days = np.array([_power(meter, day, _profile(name, day)) for meter in range(40)])
        assert days.min() >= 0
        assert days.mean() == pytest.approx(MEAN_W, rel=0.06)
        assert np.all(np.abs(days.mean(axis=1) / MEAN_W - 1) < 0.25)


def test_no_energy_is_no_power() -> None:
    assert not _power(1, TUESDAY, mean_w=0.0).any()


@pytest.mark.parametrize("name", ["g1", "g3", "g25"])
def test_the_mean_day_is_the_profile(name: str) -> None:
    days = [TUESDAY + n for n in range(7)]
    mean = [np.mean([_power(m, day, _profile(name, day)) for m in range(60)], axis=0) for day in days]
    quarters = np.concatenate(mean).reshape(-1, 90).mean(axis=1)
    profile = np.concatenate([_profile(name, day)[FIRST : FIRST + 96] for day in days])
    of_day = profile / np.repeat(profile.reshape(7, 96).mean(axis=1), 96)
    assert np.corrcoef(quarters, of_day)[0, 1] >= 0.97


def test_meters_follow_the_profile_with_their_own_contrast_and_time() -> None:
    """Above 0.75 and below 1.25 in the exponent; half an hour of standard deviation in time."""
    profile = _profile("g0", TUESDAY)
    spread = np.log(profile[FIRST : FIRST + 96]).std()
    days = np.array([_power(meter, TUESDAY, profile) for meter in range(300)])
    contrast = np.log(days.reshape(300, 96, 90).mean(axis=2)).std(axis=1) / spread
    assert 0.6 < np.quantile(contrast, 0.05) < np.quantile(contrast, 0.95) < 1.35
    step = np.where(np.arange(CONTEXT) < FIRST + 48, 0.2, 1.8)
    rises = [int(np.argmax(_power(m, TUESDAY, step) > 0.75 * MEAN_W)) / 6 for m in range(300)]  # minutes
    low, high = np.quantile(rises, [0.16, 0.84])
    assert (high - low) / 2 == pytest.approx(30, rel=0.2)
    assert np.mean(rises) == pytest.approx(48 * 15 - 8, abs=8)


def test_thermostats_carry_their_share_of_the_energy() -> None:
    share = np.mean([_thermostats(meter, TUESDAY) for meter in range(300)]) / MEAN_W
    assert share == pytest.approx(0.15, abs=0.003)
    assert np.mean([_thermostats(m, TUESDAY, 0.5) for m in range(300)]) / MEAN_W == pytest.approx(0.075, abs=0.003)


def test_thermostats_cycle_in_4_to_31_minutes() -> None:
    for meter in range(100):
        starts = np.count_nonzero(np.diff(_thermostats(meter, TUESDAY, 0.5)) > 0)
        assert 4 * 8640 / 186 * 0.8 < starts < 4 * 8640 / 24


def test_cycles_run_on_over_midnight() -> None:
    """At midnight the power changes as rarely as at any other step, even when the load does."""
    pairs = [(_thermostats(m, TUESDAY, 0.5), _thermostats(m, TUESDAY + 1, 1.6, 0.5)) for m in range(400)]
    inside = np.mean([np.diff(first) != 0 for first, _ in pairs])
    midnight = np.mean([first[-1] != second[0] for first, second in pairs])
    assert 0.02 < inside < 0.2
    assert midnight == pytest.approx(inside, abs=0.05)
    both = [(_power(meter, TUESDAY), _power(meter, TUESDAY + 1)) for meter in range(400)]
    jumps = [abs(int(second[0]) - int(first[-1])) / MEAN_W for first, second in both]
    assert np.median(jumps) < 0.01


def _parts(meter: int) -> tuple[Floats, Floats]:
    """The power of a day with a flat profile, and what of it is not thermostats."""
    local = calendar.local_quarters(BERLIN.time_zone, TUESDAY * 96 - FIRST, CONTEXT)
    flat = np.ones(CYCLE_LOOKBACK + 97)
    load = with_habits(7, meter, TUESDAY, 0.13, 0.12, flat, local, local_time.weekend_at(MANILA, local))
    changes = np.zeros(STEPS + 1, np.int32)
    add_thermostats(7, meter, TUESDAY, load, steady(MEAN_W), changes)
    power = _power(meter, TUESDAY).astype(np.float64)
    return power, power - np.cumsum(changes)[:STEPS]


def test_noise_of_the_readings() -> None:
    """0.6 %, uniform: within a minute all else is straight, so second differences have 0.006 * sqrt(6 / 3)."""
    bends = []
    for meter in range(40):
        power, smooth = _parts(meter)
        bends.append(np.diff(smooth.reshape(1440, 6), n=2, axis=1) / power.reshape(1440, 6)[:, 1:-1])
    assert np.std(bends) == pytest.approx(0.006 * 2**0.5, rel=0.03)


@pytest.mark.parametrize(("steps", "sigma"), [(6, np.hypot(0.02, 0.0041)), (90, np.hypot(0.06, 0.0204))])
def test_noise_of_the_minutes_and_the_quarters(steps: int, sigma: float) -> None:
    """Second differences on the lattice have sqrt(6) times the spread of its noise and of all that is faster."""
    bends = [np.diff(np.log(_parts(meter)[1][::steps]), n=2) for meter in range(100)]
    assert np.std(bends) == pytest.approx(sigma * 6**0.5, rel=0.08)


def test_habits_and_hours_spread_a_day() -> None:
    """0.13 and 0.12, each joined by straight lines: two thirds of the variance."""
    hours = [np.log(_parts(meter)[1].reshape(-1, 360).mean(axis=1)) for meter in range(150)]
    assert np.std(hours) == pytest.approx(np.hypot(0.13, 0.12) * (2 / 3) ** 0.5, rel=0.12)

"""The sun over three cities against pvlib's, and what panels make of it under clouds."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.model.solar import NODES, clear_sky, clearness, cos_zenith, panel_capacity_w, solar_power
from wattif.numeric.calendar import day_number

PLACES = {"manila": (14.5995, 120.9842), "london": (51.5074, -0.1278), "sydney": (-33.8688, 151.2093)}

# By pvlib 0.16.1, from solarposition.get_solarposition (NREL's algorithm, with refraction) every minute and
# clearsky.haurwitz of its apparent zenith: Wh/m2 of the UTC day, highest W/m2, minutes (UTC) of sunrise and sunset.
PVLIB = [
    ("manila", date(2025, 1, 15), 5768, 829, 1346, 585),
    ("manila", date(2025, 4, 15), 7851, 1031, 1303, 609),
    ("manila", date(2025, 7, 15), 8057, 1027, 1296, 628),
    ("manila", date(2025, 10, 15), 6849, 947, 1309, 575),
    ("london", date(2025, 1, 15), 1342, 272, 481, 979),
    ("london", date(2025, 4, 15), 6269, 760, 306, 1136),
    ("london", date(2025, 7, 15), 8319, 888, 243, 1209),
    ("london", date(2025, 10, 15), 3118, 485, 387, 1025),
    ("sydney", date(2025, 1, 15), 8532, 1008, 1142, 548),
    ("sydney", date(2025, 4, 15), 5010, 732, 1220, 451),
    ("sydney", date(2025, 7, 15), 3466, 563, 1259, 423),
    ("sydney", date(2025, 10, 15), 7288, 930, 1154, 487),
]
DAY = day_number(date(2025, 4, 15))

Floats = NDArray[np.float64]


def _clear_day(place: str, day: date) -> Floats:
    return np.array([clear_sky(cosine) for cosine in cos_zenith(day_number(day), *PLACES[place])])


def _crossings(cosines: Floats) -> tuple[float, float]:
    """Minutes at which the sun rises and sets."""
    rise, fall = 0.0, 0.0
    for i in np.flatnonzero(np.diff(np.sign(cosines))):
        minute = 5 * (i + cosines[i] / (cosines[i] - cosines[i + 1]))
        rise, fall = (minute, fall) if cosines[i] < 0 else (rise, minute)
    return rise, fall


def _power(
    place: str, day: int, meter: int = 1, *, seed: int = 7, transformer: int = 3, city_number: int = 2
) -> NDArray[np.int32]:
    watts = np.empty(8640, np.int32)
    solar_power(seed, meter, transformer, city_number, day, *PLACES[place], watts)
    return watts


@pytest.mark.parametrize(("place", "day", "energy_wh_m2", "peak_w_m2", "sunrise", "sunset"), PVLIB)
def test_a_clear_day_is_that_of_pvlib(
    place: str, day: date, energy_wh_m2: float, peak_w_m2: float, sunrise: float, sunset: float
) -> None:
    clear = _clear_day(place, day)
    assert (clear[1:] + clear[:-1]).sum() / 24 == pytest.approx(energy_wh_m2, rel=0.01)
    assert clear.max() == pytest.approx(peak_w_m2, rel=0.005)
    rise, fall = _crossings(cos_zenith(day_number(day), *PLACES[place]))
    assert rise == pytest.approx(sunrise, abs=5)
    assert fall == pytest.approx(sunset, abs=5)


@pytest.mark.parametrize(("place", "day"), [(row[0], row[1]) for row in PVLIB])
def test_the_course_of_a_clear_day_is_that_of_pvlib(place: str, day: date) -> None:
    """Where pvlib is installed: it is not among what the project needs."""
    pvlib = pytest.importorskip("pvlib")
    pandas = pytest.importorskip("pandas")
    times = pandas.date_range(day, periods=NODES, freq="5min", tz="UTC")
    sun = pvlib.solarposition.get_solarposition(times, *PLACES[place])
    theirs = pvlib.clearsky.haurwitz(sun.apparent_zenith)["ghi"].to_numpy()
    assert np.corrcoef(theirs, _clear_day(place, day))[0, 1] > 0.999
    cosines = np.cos(np.radians(sun.zenith.to_numpy()))
    assert cos_zenith(day_number(day), *PLACES[place]) == pytest.approx(cosines, abs=3e-4)


@pytest.mark.parametrize("year", [1990, 2000, 2050])
def test_the_year_begins_in_the_same_season_in_other_decades(year: int) -> None:
    """Equinox of March: the sun is in the equator's plane on the 20th (within half a day's 0.4 degrees)."""
    sines = cos_zenith(day_number(date(year, 3, 20)), 90.0, 0.0)
    assert np.abs(sines).min() < 0.005


def test_midnight_sun_and_polar_night() -> None:
    assert cos_zenith(day_number(date(2025, 6, 21)), 78.0, 15.0).min() > 0
    assert cos_zenith(day_number(date(2025, 12, 21)), 78.0, 15.0).max() < 0


@pytest.mark.parametrize("place", PLACES)
def test_a_meter_day_is_the_same_whatever_was_computed_before(place: str) -> None:
    series = [_power(place, DAY + n) for n in range(3)]
    assert np.array_equal(_power(place, DAY + 1), series[1])
    assert not np.array_equal(series[0], series[1])
    assert not np.array_equal(_power(place, DAY, seed=8), series[0])


@pytest.mark.parametrize("place", PLACES)
def test_power_is_zero_at_night_and_below_what_the_panels_can_do(place: str) -> None:
    night = np.repeat(cos_zenith(DAY, *PLACES[place])[:-1] < -0.03, 30)
    for meter in range(50):
        watts = _power(place, DAY, meter)
        assert watts.min() == 0
        assert 0 < watts.max() < panel_capacity_w(7, meter) * 0.9
        assert not watts[night].any()


def test_the_sky_of_neighbours_is_one() -> None:
    """Two meters of a transformer differ by their panels only; two transformers of a city by passing clouds."""
    half_clear = next(day for day in range(DAY, DAY + 99) if 0.5 < clearness(7, 2, day) < 0.65)
    first, second = (_power("london", half_clear, meter).astype(float) for meter in (1, 2))
    ratio = panel_capacity_w(7, 2) / panel_capacity_w(7, 1)
    assert np.abs(first * ratio - second).max() <= 1 + ratio
    elsewhere = _power("london", half_clear, transformer=4).astype(float)
    assert 0.8 < np.corrcoef(first, elsewhere)[0, 1] < 0.999
    assert first.sum() == pytest.approx(elsewhere.sum(), rel=0.15)


def test_capacities_are_2_to_8_kw() -> None:
    capacities = [panel_capacity_w(7, meter) for meter in range(3000)]
    assert min(capacities) >= 2000
    assert max(capacities) < 8000
    assert np.mean(capacities) == pytest.approx(5000, rel=0.02)


def test_clearness_is_bounded_and_mostly_high() -> None:
    days = np.array([clearness(7, 2, day) for day in range(4000)])
    assert days.min() >= 0.15
    assert days.max() <= 1.0
    assert days.mean() == pytest.approx(0.15 + 0.85 * 2 / 3, abs=0.015)
    assert np.mean(days > 0.8) > 0.4
    assert clearness(7, 3, 0) != clearness(7, 2, 0)


def test_a_clear_day_makes_what_the_panels_promise() -> None:
    """0.8 of the irradiance's share of 1 kW/m2: 6.3 hours of full power on a cloudless day of April in Manila."""
    clear = next(day for day in range(DAY, DAY + 999) if min(clearness(7, 2, day), clearness(7, 2, day + 1)) > 0.99)
    hours = _power("manila", clear).sum() / 360 / panel_capacity_w(7, 1)
    year = np.array([_power("manila", DAY + n).sum() for n in range(365)]) / 360 / panel_capacity_w(7, 1)
    assert hours > 0.95 * 0.8 * 5768 / 1000
    assert 3.4 < year.mean() < 4.6  # a horizontal roof in Manila: about 4 kWh a day and kW


@pytest.mark.parametrize("place", ["manila", "sydney"])
def test_utc_midnight_in_daylight_does_not_show(place: str) -> None:
    """Midnight UTC is the morning in Manila and Sydney: the day's clearness must change in the local night."""
    days = np.array([_power(place, DAY + n) for n in range(100)], np.float64)
    jumps = np.abs(days[1:, 0] - days[:-1, -1])
    inside = np.abs(np.diff(days[:, :60], axis=1))
    assert days[:, 0].mean() > 0.1 * panel_capacity_w(7, 1)
    assert jumps.mean() < 1.4 * inside.mean()
    assert jumps.max() < 1.4 * inside.max()


def test_clouds_pass_on_half_clear_days_only() -> None:
    def roughness(low: float, high: float) -> float:
        days = [day for day in range(DAY, DAY + 400) if low < clearness(7, 2, day) < high][:10]
        noon = [_power("london", day)[3600:5040].astype(float) for day in days]
        return float(np.mean([np.abs(np.diff(watts[::6])).mean() / watts.mean() for watts in noon]))

    assert roughness(0.15, 0.2) < roughness(0.4, 0.7)
    assert roughness(0.98, 1.0) < 0.3 * roughness(0.4, 0.7)

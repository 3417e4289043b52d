"""Weather: climate, anomalies, the course of a day, the response of the load, the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from wattif.model.cities import MANILA, City, load_cities
from wattif.model.fleet import make_fleet
from wattif.model.months import month_of
from wattif.model.scenario import Scenario
from wattif.model.weather import LONGEST_EXTREME_DAYS, daily_temperature, extreme_k, hourly_temperature, load_response
from wattif.model.world import World
from wattif.tables.arrow import arrow_table, partition_table
from wattif.tables.unit import Unit
from wattif.tables.weather import TABLE

CITIES = load_cities()
BERLIN = CITIES["berlin"]
SCENARIO = Scenario(
    world=World(seed=42, epoch=date(2024, 1, 1), interval_s=900, cities=(BERLIN,)),
    meters=1,
    fleet=make_fleet(42, 1, (BERLIN,)),
    events={},
)


def _days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


def _anomalies(seed: int, city: City, count: int) -> NDArray[np.float64]:
    """In K, from a climate that is the same all year."""
    flat = replace(city, temperature_c=(20.0,) * 12, temperature_day_sd_k=3.0)
    days = _days(date(1990, 1, 1), count)
    return np.array([daily_temperature(seed, flat, day) - extreme_k(seed, flat, day) - 20.0 for day in days])


def test_anomalies_have_their_spread_and_memory() -> None:
    """An AR(1) of coefficient 0.7 is correlated by 0.7 to the power of the days between."""
    anomalies = _anomalies(42, BERLIN, 20_000)
    assert anomalies.mean() == pytest.approx(0, abs=0.2)
    assert anomalies.std() == pytest.approx(3.0, rel=0.03)
    for days in (1, 2, 3, 10):
        assert np.corrcoef(anomalies[:-days], anomalies[days:])[0, 1] == pytest.approx(0.7**days, abs=0.03)


def test_innovations_are_white() -> None:
    anomalies = _anomalies(7, BERLIN, 20_000)
    innovations = anomalies[1:] - 0.7 * anomalies[:-1]
    assert np.corrcoef(innovations[:-1], innovations[1:])[0, 1] == pytest.approx(0, abs=0.03)
    assert innovations.std() == pytest.approx(3.0 * (1 - 0.49) ** 0.5, rel=0.03)


def test_cities_and_seeds_have_their_own_weather() -> None:
    of_berlin = _anomalies(42, BERLIN, 3000)
    for other in (_anomalies(43, BERLIN, 3000), _anomalies(42, MANILA, 3000)):
        assert np.corrcoef(of_berlin, other)[0, 1] == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_monthly_means_are_the_normals(city: City) -> None:
    days = _days(date(2001, 1, 1), 20 * 365 + 5)
    temperatures = np.array([daily_temperature(42, city, day) for day in days])
    months = np.array([day.month for day in days])
    for month in range(1, 13):
        assert temperatures[months == month].mean() == pytest.approx(city.temperature_c[month - 1], abs=1.0)


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_the_climate_alone_is_smooth_and_close_to_the_normals(city: City) -> None:
    calm = replace(city, temperature_day_sd_k=0.0)
    days = _days(date(2023, 1, 1), 365)
    temperatures = np.array([daily_temperature(42, calm, day) for day in days])
    assert np.abs(np.diff(temperatures, append=temperatures[0])).max() < 0.35
    months = np.array([day.month for day in days])
    means = [temperatures[months == month].mean() for month in range(1, 13)]
    assert np.abs(np.array(means) - city.temperature_c).max() < 0.4


@pytest.mark.parametrize("name", ["manila", "berlin", "new-york", "sydney", "london"])
@pytest.mark.parametrize("day", [date(2024, 1, 10), date(2024, 7, 10), date(2024, 3, 31), date(2024, 10, 27)])
def test_the_warmest_hour_is_three_in_the_afternoon(name: str, day: date) -> None:
    """Local time by the system's rules; 31 March and 27 October are when Europe changes its clocks."""
    city = CITIES[name]
    hours: list[tuple[float, int]] = []
    for utc_day in (day - timedelta(days=1), day, day + timedelta(days=1)):
        for hour, temperature in enumerate(hourly_temperature(42, city, utc_day).temperature_c):
            moment = datetime(utc_day.year, utc_day.month, utc_day.day, hour, tzinfo=UTC)
            local = moment.astimezone(ZoneInfo(city.time_zone))
            if local.date() == day:
                hours.append((float(temperature), local.hour))
    assert len(hours) in (23, 24, 25)
    assert max(hours)[1] == 15
    assert min(hours)[1] == 3
    assert max(hours)[0] - min(hours)[0] == pytest.approx(city.daily_range_k)


def test_hours_belong_to_local_days() -> None:
    """In Manila, eight hours ahead, the local day changes at 16:00 UTC; a whole local day has the day's mean."""
    first, second = (hourly_temperature(42, MANILA, date(2024, 5, n)) for n in (1, 2))
    local_day = np.concatenate([first.temperature_c[16:], second.temperature_c[:16]])
    mean = daily_temperature(42, MANILA, date(2024, 5, 2))
    assert local_day.mean() == pytest.approx(mean)
    assert set(first.daily_mean_c[16:]) == set(second.daily_mean_c[:16]) == {mean}
    assert first.daily_mean_c[15] == daily_temperature(42, MANILA, date(2024, 5, 1))


def test_temperatures_are_the_same_to_the_last_bit_everywhere() -> None:
    assert daily_temperature(42, BERLIN, date(2024, 1, 1)) == float.fromhex("-0x1.ac199bbf2f6a4p+0")


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_heat_waves_and_cold_snaps_are_rare_and_in_their_season(city: City) -> None:
    """One or two a year of four to ten days; heat where the climate is above its yearly mean, cold below."""
    days = _days(date(1990, 1, 1), 40 * 365)
    extremes = np.array([extreme_k(42, city, day) for day in days]) / city.temperature_day_sd_k
    starts = np.flatnonzero((extremes != 0) & (np.append(0.0, extremes[:-1]) == 0))
    assert 1.2 < len(starts) / 40 < 2.7
    lengths = [int(np.argmin(np.append(extremes[start:], 0.0) != 0)) for start in starts]
    assert 4 <= min(lengths) <= max(lengths) <= 2 * LONGEST_EXTREME_DAYS
    assert 1.5 < np.abs(extremes[extremes != 0]).mean() < 2.6
    months = np.array([day.month for day in days])
    warmest, coldest = np.argmax(city.temperature_c) + 1, np.argmin(city.temperature_c) + 1
    assert extremes[months == warmest].min() >= 0 >= extremes[months == coldest].max()
    assert (extremes > 0).any()
    assert (extremes < 0).any()


def test_load_answers_a_heat_wave_and_a_cold_snap() -> None:
    """The days of homes follow the weather of the day: above the month's mean in an extreme, by the response."""
    for name, sign in (("chicago", 1.0), ("tokyo", 1.0), ("london", -1.0)):
        city = CITIES[name]
        for first in (date(2024 + n // 12, n % 12 + 1, 1) for n in range(60)):
            extremes = np.array([extreme_k(42, city, day) for day in _days(first, 28)])
            if np.count_nonzero(extremes * sign > 0) >= 4:
                weights = month_of(42, city, date(2024, 1, 1), first).day_weights[0, :28]
                assert weights[extremes * sign > 0].mean() > 1.03 * weights[extremes == 0].mean(), name
                break
        else:
            pytest.fail(f"no extreme of five years in {name}")


@pytest.mark.parametrize(("temperature_c", "use"), [(5.0, 1.24), (15.0, 1.0), (17.5, 1.0), (20.0, 1.0), (30.0, 1.5)])
def test_use_rises_with_heat_and_cold(temperature_c: float, use: float) -> None:
    city = replace(MANILA, cooling_per_k=0.05, heating_per_k=0.024)
    assert load_response(city, temperature_c) == pytest.approx(use)


def test_the_table_has_a_row_an_hour() -> None:
    table = partition_table(TABLE, SCENARIO, 29 * 24, "berlin-2024-02")
    assert table.column_names == ["city_id", "time", "temperature_c", "daily_mean_c", "extreme"]
    assert table.schema.field("time").type == pa.timestamp("us", "UTC")
    times = table["time"].to_pylist()
    assert times == [datetime(2024, 2, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(29 * 24)]
    assert set(table["city_id"].to_pylist()) == {"berlin"}
    for name in ("temperature_c", "daily_mean_c"):
        values = table[name].to_pylist()
        assert values == [round(value, 2) for value in values]
    assert table["temperature_c"][14].as_py() == pytest.approx(
        daily_temperature(42, BERLIN, date(2024, 2, 1)) + BERLIN.daily_range_k / 2, abs=0.006
    )


def test_any_hours_of_the_table_can_be_computed_alone() -> None:
    month = partition_table(TABLE, SCENARIO, 29 * 24, "berlin-2024-02")
    for first, count in ((0, 1), (28 * 24, 24), (23, 30), (695, 1)):
        alone = arrow_table(TABLE.columns, TABLE.columns_of(SCENARIO, Unit("weather", "berlin-2024-02", first, count)))
        assert alone.equals(month.slice(first, count))

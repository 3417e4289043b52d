"""The air of the zones: levels, seasons, hours and days of the week, weather, persistence, zones among themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.errors import UsageError
from wattif.model.air_levels import AirLevels
from wattif.model.air_quality import drivers_of
from wattif.model.cities import City, load_cities
from wattif.model.scenario import Scenario, scenario_of
from wattif.model.weather import hourly_temperature
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.tables.air_quality import TABLE
from wattif.tables.arrow import arrow_table
from wattif.tables.network_ids import zone_ids
from wattif.tables.unit import Unit

CITIES = list(load_cities())
ZONES = 12  # of a city, at most


@cache
def _scenario(seed: int = 42) -> Scenario:
    return scenario_of(Spec(start="2023-01-01", end="2023-12-31", meters=1, city=CITIES, seed=seed))


class Year(NamedTuple):
    """A year of some zones of a city, (zones, hours), and the local hours and weekdays."""

    air: Mapping[str, NDArray[np.float64]]
    hour: NDArray[np.int64]
    weekday: NDArray[np.int64]  # Monday is 0
    month: NDArray[np.int64]

    def daily(self, name: str) -> NDArray[np.float64]:
        """The means of UTC days in the mean of the zones."""
        days: NDArray[np.float64] = self.air[name].mean(axis=0).reshape(-1, 24).mean(axis=1)
        return days


@cache
def year_of(city_id: str, seed: int = 42) -> Year:
    """The year 2023, all of it."""
    city = load_cities()[city_id]
    zones = min(city.zones, ZONES)
    months = [
        TABLE.columns_of(_scenario(seed), Unit(TABLE.name, name, 0, zones * TABLE.entities(SPEC, name) // city.zones))
        for name in TABLE.partitions(SPEC)
        if name.startswith(f"{city_id}-20")
    ]
    air = {
        column.name: np.concatenate([each[column.name].reshape(zones, -1) for each in months], axis=1)
        / 10**column.decimals
        for column in TABLE.columns
        if column.kind == "number"
    }
    begin, zone = datetime(2023, 1, 1, tzinfo=UTC), ZoneInfo(city.time_zone)
    local = [(begin + timedelta(hours=n)).astimezone(zone) for n in range(air["us_aqi"].shape[1])]
    return Year(
        air,
        np.array([each.hour for each in local]),
        np.array([each.weekday() for each in local]),
        np.array([each.month for each in local]),
    )


SPEC = Spec(start="2023-01-01", end="2023-12-31", meters=1, city=CITIES)


def _correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.corrcoef(one, other)[0, 1])


@pytest.mark.parametrize("city_id", CITIES)
def test_the_mean_of_a_year_is_near_the_level_of_the_city(city_id: str) -> None:
    levels = load_cities()[city_id].air
    year = year_of(city_id)
    for name in ("pm2_5_ug_m3", "pm10_ug_m3", "no2_ppb", "o3_ppb", "co_ppm"):
        mean = np.mean([year_of(city_id, seed).air[name].mean() for seed in (42, 43, 44)])
        assert mean == pytest.approx(getattr(levels, name), rel=0.25 if name != "o3_ppb" else 0.15), name
        assert year.air[name].min() >= 0.0


@pytest.mark.parametrize("city_id", CITIES)
def test_plausible_ranges(city_id: str) -> None:
    air = year_of(city_id).air
    assert (air["pm10_ug_m3"] >= air["pm2_5_ug_m3"]).all()
    assert 20 < air["pm2_5_ug_m3"].max() < 150
    assert 30 < air["no2_ppb"].max() < 200
    assert 40 < air["o3_ppb"].max() < 130
    assert air["co_ppm"].max() < 6
    assert 25 < air["us_aqi"].mean() < 80
    assert air["us_aqi"].max() < 200


@pytest.mark.parametrize("city_id", CITIES)
def test_traffic_shows_in_its_hours_and_on_weekdays(city_id: str) -> None:
    year = year_of(city_id)
    no2 = year.air["no2_ppb"].mean(axis=0)
    weekdays = year.weekday < 5
    by_hour = [no2[weekdays & (year.hour == hour)].mean() for hour in range(24)]
    assert 7 <= int(np.argmax(by_hour[:13])) <= 9
    assert 17 <= 13 + int(np.argmax(by_hour[13:])) <= 19
    assert min(by_hour) < 0.6 * max(by_hour)
    assert no2[weekdays].mean() > 1.15 * no2[year.weekday == 6].mean()
    ozone = year.air["o3_ppb"].mean(axis=0)
    assert ozone[year.weekday == 6].mean() > ozone[weekdays].mean()  # the weekend effect


@pytest.mark.parametrize("city_id", CITIES)
def test_ozone_follows_light_and_warmth_and_yields_to_nitrogen_dioxide(city_id: str) -> None:
    year = year_of(city_id)
    ozone = year.air["o3_ppb"].mean(axis=0)
    by_hour = [ozone[year.hour == hour].mean() for hour in range(24)]
    assert 12 <= int(np.argmax(by_hour)) <= 16
    assert _correlation(year.air["o3_ppb"].ravel(), year.air["no2_ppb"].ravel()) < -0.3
    city = load_cities()[city_id]
    days = [datetime(2023, 1, 1).date() + timedelta(days=n) for n in range(365)]
    temperature_c = np.array([hourly_temperature(42, city, day).temperature_c.mean() for day in days])
    assert _correlation(year.daily("o3_ppb"), temperature_c) > 0.2


def test_heat_waves_have_more_ozone_than_other_days_of_summer() -> None:
    """On the days that the weather calls so, in all cities of the north together."""
    waves: list[float] = []
    others: list[float] = []
    for city_id in ("berlin", "chicago", "los-angeles", "new-york", "tokyo"):
        for seed in (42, 43):
            highest = year_of(city_id, seed).air["o3_ppb"].mean(axis=0).reshape(-1, 24).max(axis=1)
            for n in range(120, 273):  # from May to September
                weather = hourly_temperature(seed, load_cities()[city_id], date(2023, 1, 1) + timedelta(days=n))
                (waves if weather.extreme_k[20] > 0 else others).append(highest[n])
    assert len(waves) >= 20
    assert np.mean(waves) > 1.07 * np.mean(others)


@pytest.mark.parametrize(
    ("city_id", "change", "sundays"),
    [
        ("new-york", "2024-03-10", ["2024-03-10", "2024-03-17"]),
        (
            "new-york",
            "2024-11-03",
            ["2024-11-03", "2024-11-05", "2024-11-10", "2024-11-11"],
        ),  # US holidays
        (
            "london",
            "2024-03-31",
            ["2024-03-29", "2024-03-31", "2024-04-01", "2024-04-07"],
        ),  # Good Friday, Easter Monday
        ("sydney", "2024-10-06", ["2024-10-06", "2024-10-07", "2024-10-13"]),  # Labour Day
        ("manila", "2024-03-10", ["2024-03-10", "2024-03-17"]),  # which has none
    ],
)
def test_rush_hours_keep_to_the_clock_of_the_city(city_id: str, change: str, sundays: list[str]) -> None:
    """Clocks and calendars by the standard library: the same hour of two weekdays has the same traffic."""
    city, first = load_cities()[city_id], date.fromisoformat(change) - timedelta(days=4)
    traffic = drivers_of(42, city, first, 13).traffic
    begin, zone = datetime(first.year, first.month, first.day, tzinfo=UTC), ZoneInfo(city.time_zone)
    found: dict[tuple[str, int], set[float]] = defaultdict(set)
    for n, value in enumerate(traffic.tolist()):
        local = (begin + timedelta(hours=n)).astimezone(zone)
        kind = "sunday" if local.date().isoformat() in sundays else "saturday" if local.weekday() == 5 else "weekday"
        found[kind, local.hour].add(value)
    assert len(found) == 3 * 24
    assert all(len(values) == 1 for values in found.values())
    weekday = [found["weekday", hour].pop() for hour in range(24)]
    assert max(weekday[:12]) == weekday[8] > 1.3 * max(found["sunday", 8])
    assert max(weekday[12:]) == weekday[17] > 1.3 * weekday[12]


@pytest.mark.parametrize(
    ("city_id", "more", "less"), [("berlin", 1, 7), ("chicago", 1, 7), ("sydney", 7, 1), ("manila", 3, 8)]
)
def test_winters_are_heated_and_dry_seasons_are_dusty(city_id: str, more: int, less: int) -> None:
    years = [year_of(city_id, seed) for seed in (42, 43, 44)]
    dust = np.mean([year.air["pm2_5_ug_m3"].mean(axis=0) for year in years], axis=0)
    month = years[0].month
    assert dust[month == more].mean() > 1.02 * dust[month == less].mean()


@pytest.mark.parametrize("city_id", CITIES)
def test_a_day_is_much_like_the_one_before(city_id: str) -> None:
    for name in ("pm2_5_ug_m3", "no2_ppb"):
        days = np.log(year_of(city_id).daily(name))
        assert 0.4 < _correlation(days[1:], days[:-1]) < 0.95, name
        assert _correlation(days[14:], days[:-14]) < 0.5, name


@pytest.mark.parametrize("city_id", CITIES)
def test_zones_have_much_in_common_but_not_all(city_id: str) -> None:
    for name, least, most in (("pm2_5_ug_m3", 0.75, 0.99), ("no2_ppb", 0.75, 0.99), ("o3_ppb", 0.75, 0.999)):
        zones = list(year_of(city_id).air[name])
        among = [_correlation(one, other) for n, one in enumerate(zones) for other in zones[:n]]
        assert least < min(among) <= max(among) < most, name
    means = year_of(city_id).air["no2_ppb"].mean(axis=1)
    assert means.max() > 1.1 * means.min()


def test_there_is_no_step_at_midnight_or_where_a_month_begins() -> None:
    year = year_of("chicago")
    steps = np.abs(np.diff(np.log(year.air["pm2_5_ug_m3"] + 0.05).mean(axis=0)))
    midnight_utc = np.arange(1, year.hour.shape[0]) % 24 == 0
    midnight = year.hour[1:] == 0
    for at in (midnight_utc, midnight):
        assert np.median(steps[at]) < 1.5 * np.median(steps[~at])
    begins = midnight_utc & (np.diff(year.month, prepend=1)[1:] != 0)
    assert np.median(steps[midnight_utc]) < 0.12
    assert steps[begins].max(initial=0.0) < 0.4


@pytest.mark.parametrize(("first", "count"), [(0, 1), (695, 2), (696, 696), (1000, 1500), (33 * 696 - 1, 1)])
def test_any_range_of_rows_can_be_made_alone(first: int, count: int) -> None:
    spec = Spec(start="2024-02-10", end="2024-02-10", meters=1, city="london")
    scenario = scenario_of(spec)
    entities = TABLE.entities(spec, "london-2024-02")
    assert entities == 33 * 29 * 24
    whole = arrow_table(TABLE.columns, TABLE.columns_of(scenario, Unit(TABLE.name, "london-2024-02", 0, entities)))
    alone = arrow_table(TABLE.columns, TABLE.columns_of(scenario, Unit(TABLE.name, "london-2024-02", first, count)))
    assert alone.equals(whole.slice(first, count))


def test_it_follows_from_seed_and_city_alone() -> None:
    unit = Unit(TABLE.name, "berlin-2024-03", 0, 2 * 31 * 24)

    def made(**changes: Any) -> list[int]:
        values = {"start": "2024-03-05", "end": "2024-03-05", "meters": 1, "city": "berlin", **changes}
        found: list[int] = TABLE.columns_of(scenario_of(Spec(**values)), unit)["pm2_5_ug_m3"].tolist()
        return found

    known = made()
    assert known == made(meters=50, city="manila,berlin", start="2024-01-01", end="2024-04-30", interval=900)
    assert known != made(seed=43)


def test_a_city_of_its_own_zones_and_levels() -> None:
    berlin = load_cities()["berlin"]
    assert zone_ids(berlin.key, np.array([0, 1709])).tolist() == ["BER_Z_001", "BER_Z_1710"]
    clean = replace(berlin, air=AirLevels(pm2_5_ug_m3=2.0, pm10_ug_m3=2.0))
    assert isinstance(clean, City)
    spec = Spec(start="2024-03-01", end="2024-03-01", meters=1, city="berlin")
    scenario = scenario_of(spec)
    world = replace(scenario.world, cities=(clean,))
    columns = TABLE.columns_of(replace(scenario, world=world), Unit(TABLE.name, "berlin-2024-03", 0, 744))
    assert columns["pm2_5_ug_m3"].mean() < 40
    assert (columns["pm10_ug_m3"] == columns["pm2_5_ug_m3"]).all()  # there is no coarse dust


def test_a_dataset_has_it_only_when_it_asks_for_it() -> None:
    asked = Spec(start="2024-01-01", end="2024-01-01", extra_tables="air_quality")
    assert TABLE in catalog.lake_tables_of(asked)
    assert TABLE not in catalog.lake_tables_of(Spec(start="2024-01-01", end="2024-01-01"))
    with pytest.raises(UsageError, match=r"extra_tables.*air_qualty.*did you mean air_quality"):
        list(catalog.lake_tables_of(Spec(start="2024-01-01", end="2024-01-01", extra_tables="air_qualty")))
    with pytest.raises(UsageError, match=r"extra_tables.*weather.*choose from air_quality"):
        list(catalog.lake_tables_of(Spec(start="2024-01-01", end="2024-01-01", extra_tables="weather")))


def test_levels_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="at least pm2_5_ug_m3"):
        AirLevels(pm2_5_ug_m3=20.0, pm10_ug_m3=10.0)

"""Profiles, local time, cities, classes and the fleet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from wattif.errors import UsageError
from wattif.model import fleet, local_time
from wattif.model.cities import MANILA, City, load_cities
from wattif.model.city_figures import PerClass
from wattif.model.classes import CLASSES, PROFILES, check_ranges, connection_w, highest_day_w
from wattif.model.months import month_of
from wattif.model.network import Network
from wattif.model.profiles import day_type, load_profile, profile_day, season
from wattif.model.quantities import POWER_MAX_W
from wattif.numeric import calendar

BERLIN = load_cities()["berlin"]
CITIES = [load_cities()["manila"], load_cities()["london"]]


@pytest.mark.parametrize(
    "name", ["h0", "g0", "g1", "g2", "g3", "g4", "g5", "g6", "l0", "h25", "g25", "l25", "p25", "s25"]
)
def test_each_profile_has_mean_one_over_a_year(name: str) -> None:
    days = [date.fromordinal(date(2025, 1, 1).toordinal() + n) for n in range(365)]
    assert np.mean([profile_day(name, day, "north", day_type(day)) for day in days]) == pytest.approx(1, abs=2e-4)


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(KeyError, match="h99"):
        load_profile("h99")


@pytest.mark.parametrize(
    ("day", "north", "south"),
    [
        (date(2024, 3, 20), "winter", "transition"),
        (date(2024, 3, 21), "transition", "transition"),
        (date(2024, 5, 15), "summer", "winter"),
        (date(2024, 9, 15), "transition", "winter"),
        (date(2024, 12, 1), "winter", "summer"),
    ],
)
def test_seasons(day: date, north: str, south: str) -> None:
    assert (season(day, "north"), season(day, "south"), season(day, "tropics")) == (north, south, "transition")


def test_day_types() -> None:
    assert [day_type(date(2024, 1, n)) for n in (5, 6, 7, 8)] == ["weekday", "saturday", "sunday", "weekday"]


def _offsets(city: City, first: int, count: int) -> list[int]:
    return [int(n) for n in calendar.local_quarters(city.time_zone, first, count) - np.arange(first, first + count)]


def test_local_time_in_manila_is_eight_hours_ahead() -> None:
    first = calendar.day_number(date(2024, 1, 1)) * 96
    assert _offsets(MANILA, first, 3) == [32, 32, 32]


def test_local_time_jumps_with_daylight_saving() -> None:
    """Berlin, 31 March 2024: 01:00 UTC is when 02:00 becomes 03:00."""
    first = calendar.day_number(date(2024, 3, 31)) * 96
    assert _offsets(BERLIN, first, 8) == [4, 4, 4, 4, 8, 8, 8, 8]


@pytest.mark.parametrize("day", [date(2024, 3, 31), date(2024, 10, 27), date(2024, 1, 1)])
def test_local_quarters_agree_with_the_system_clock_rules(day: date) -> None:
    first = calendar.day_number(day) * 96
    for k, quarter in enumerate(calendar.local_quarters(BERLIN.time_zone, first, 96)):
        local = datetime.fromtimestamp((first + k) * 900, UTC).astimezone(ZoneInfo("Europe/Berlin"))
        assert divmod(int(quarter), 96) == (calendar.day_number(local.date()), local.hour * 4 + local.minute // 15)


def test_weekends_are_local() -> None:
    friday_22_utc = calendar.day_number(date(2024, 1, 5)) * 96 + 88
    assert list(local_time.weekend_at(MANILA, calendar.local_quarters(MANILA.time_zone, friday_22_utc, 1))) == [1]
    assert list(local_time.weekend_at(MANILA, np.array([friday_22_utc]))) == [0]


@pytest.mark.parametrize(
    ("day", "like"),
    [
        (date(2024, 10, 3), date(2024, 10, 6)),  # German Unity Day, a Thursday: as the Sunday after it
        (date(2024, 12, 25), date(2024, 12, 22)),  # Christmas, a Wednesday: as the Sunday before it
        (date(2024, 12, 24), date(2024, 12, 21)),  # Christmas Eve, a Tuesday: as the Saturday before it
        (date(2023, 12, 24), date(2023, 12, 17)),  # Christmas Eve on a Sunday stays one
        (date(2024, 10, 4), date(2024, 10, 2)),  # an ordinary Friday: as a Wednesday
    ],
)
def test_a_holiday_has_the_profile_and_the_habits_of_a_free_day(day: date, like: date) -> None:
    quarters, others = (calendar.day_number(each) * 96 + np.arange(96) for each in (day, like))
    free = float(like.weekday() >= 5)
    assert np.array_equal(local_time.profile_at(BERLIN, "h0", quarters), local_time.profile_at(BERLIN, "h0", others))
    assert set(local_time.weekend_at(BERLIN, quarters)) == {free}


@pytest.mark.parametrize("profile", ["h0", "g25", "g1", "shift2"])
@pytest.mark.parametrize("first", [date(2025, 1, 20), date(2025, 7, 21)])
def test_a_profile_of_the_week_has_mean_one(profile: str, first: date) -> None:
    """Weeks without a holiday: Monday to Sunday, in winter and in summer."""
    quarters = calendar.day_number(first) * 96 + np.arange(7 * 96)
    values = local_time.profile_at(BERLIN, profile, quarters, of_week=True)
    assert values.mean() == pytest.approx(1)


def test_the_south_has_a_month_s_profile_half_a_year_later() -> None:
    day = date(2025, 7, 15)
    assert np.array_equal(
        profile_day("g25", day, "south", "weekday"), profile_day("g25", date(2025, 1, 15), "north", "weekday")
    )


def test_a_month_knows_its_days_and_its_place() -> None:
    month = month_of(42, MANILA, date(2023, 11, 1), date(2024, 2, 1))
    assert (month.since_epoch, month.epoch_month, month.day_weights.shape) == (3, 10, (len(PROFILES), 29))
    assert month.first_day == (date(2024, 2, 1) - date(1970, 1, 1)).days


def test_a_fleet_grows_without_changing_its_first_meters() -> None:
    small, large = (fleet.make_fleet(7, n, CITIES) for n in (50, 5000))
    assert np.array_equal(small.macs, large.macs[:50])
    for column in ("base_mwh", "meter_class", "profile", "solar", "car"):
        assert np.array_equal(getattr(small, column), getattr(large, column)[:50]), column
    assert not np.array_equal(small.macs, fleet.make_fleet(8, 50, CITIES).macs)


def test_means_are_lognormal_around_the_class_mean() -> None:
    kwh = fleet.make_fleet(1, 20_000, [MANILA], (1.0, 0.0, 0.0)).base_mwh / 1e6
    assert kwh.mean() == pytest.approx(MANILA.mean_kwh["residential"], rel=0.02)
    assert np.log(kwh).std() == pytest.approx(0.55, rel=0.03)


def test_classes_and_profiles_have_their_shares() -> None:
    made = fleet.make_fleet(1, 20_000, [MANILA])
    assert np.bincount(made.meter_class) / 20_000 == pytest.approx([0.85, 0.12, 0.03], abs=0.01)
    names = np.array(PROFILES)[made.profile]
    assert set(names[made.meter_class == 0]) == {"h0"}
    shops = names[made.meter_class == 1]
    assert set(shops) == {"g25", "g1", "g2", "g3", "g4", "g5", "g6"}
    assert np.mean(shops == "g25") == pytest.approx(0.4, abs=0.03)
    assert set(names[made.meter_class == 2]) == {"shift1", "shift2", "shift3"}


def test_a_mix_of_classes_can_be_asked_for() -> None:
    made = fleet.make_fleet(1, 5_000, [MANILA], (0.5, 0.0, 0.5))
    assert np.bincount(made.meter_class) / 5_000 == pytest.approx([0.5, 0, 0.5], abs=0.02)


def test_cities_take_turns_by_transformer_and_have_their_own_means() -> None:
    made = fleet.make_fleet(1, 40_000, CITIES, (1.0, 0.0, 0.0))
    network = Network.of(1, CITIES, (1.0, 0.0, 0.0))
    city = network.cities_of(0, 40_000)
    turns = [int(city[network.meters_of(transformer).start]) for transformer in range(5)]
    assert turns == [0, 1, 0, 1, 0]
    for number, own in enumerate(CITIES):
        assert made.base_mwh[city == number].mean() / 1e6 == pytest.approx(own.mean_kwh["residential"], rel=0.02)


def test_homes_own_panels_and_cars_in_the_shares_asked_for_and_nobody_else_does() -> None:
    made = fleet.make_fleet(1, 20_000, [MANILA], None, fleet.Ownership(solar=0.3, car=0.1))
    homes = made.meter_class == 0
    assert made.solar[homes].mean() == pytest.approx(0.3, abs=0.01)
    assert made.car[homes].mean() == pytest.approx(0.1, abs=0.01)
    assert not made.solar[~homes].any()
    assert not made.car[~homes].any()


@pytest.mark.parametrize("city", load_cities().values(), ids=lambda city: city.id)
def test_ranges_hold_for_every_shipped_city(city: City) -> None:
    check_ranges([city], 12, POWER_MAX_W, 1e8)
    for kind in CLASSES:
        assert highest_day_w(kind, city) < connection_w(kind, city)


@pytest.mark.parametrize("city", load_cities().values(), ids=lambda city: city.id)
def test_no_day_weighs_more_than_its_class_allows(city: City) -> None:
    """The bound on which the ranges rest, against five years of days."""
    for year in range(2022, 2027):
        for number in range(1, 13):
            weights = month_of(42, city, date(2022, 1, 1), date(year, number, 1)).day_weights
            for kind in CLASSES:
                for profile in kind.profiles:
                    own = weights[PROFILES.index(profile)]
                    assert own.max() <= kind.energy.day_ratio * own.mean()


def test_a_city_that_uses_too_much_is_named() -> None:
    with pytest.raises(UsageError, match=r"manila: mean_kwh\.residential of 300000 a month allows readings of"):
        check_ranges(
            [replace(MANILA, mean_kwh=PerClass(residential=300_000.0, commercial=800.0, industrial=2500.0))],
            12,
            POWER_MAX_W,
            1e8,
        )
    with pytest.raises(UsageError, match="choose an earlier day"):
        check_ranges([MANILA], 12 * 5000, POWER_MAX_W, 1e8)


def test_the_profile_table_says_where_it_is_from() -> None:
    folder = Path(local_time.__file__).parent / "data"
    assert "MIT License" in (folder / "bdew_profiles.csv").read_text(encoding="utf-8")[:1000]
    assert "Permission is hereby granted" in (folder / "bdew_profiles.LICENSE").read_text(encoding="utf-8")

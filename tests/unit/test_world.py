"""Profiles, local time, cities, classes and the fleet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.errors import UsageError
from wattif.world import calendar, fleet
from wattif.world.cities import MANILA, City
from wattif.world.classes import RESIDENTIAL, check_ranges
from wattif.world.profiles import day_type, load_profile, profile_day, season

BERLIN = replace(MANILA, id="berlin", time_zone="Europe/Berlin", climate="north")


@pytest.mark.parametrize(
    "name", ["h0", "g0", "g1", "g2", "g3", "g4", "g5", "g6", "l0", "h25", "g25", "l25", "p25", "s25"]
)
def test_each_profile_has_mean_one_over_a_year(name: str) -> None:
    days = [date.fromordinal(date(2025, 1, 1).toordinal() + n) for n in range(365)]
    assert np.mean([profile_day(name, day, "north") for day in days]) == pytest.approx(1, abs=2e-4)


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
    return [int(n) for n in calendar.local_quarters(city, first, count) - np.arange(first, first + count)]


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
    for k, quarter in enumerate(calendar.local_quarters(BERLIN, first, 96)):
        local = datetime.fromtimestamp((first + k) * 900, UTC).astimezone(ZoneInfo("Europe/Berlin"))
        assert divmod(int(quarter), 96) == (calendar.day_number(local.date()), local.hour * 4 + local.minute // 15)


def test_weekends_are_local() -> None:
    friday_22_utc = calendar.day_number(date(2024, 1, 5)) * 96 + 88
    assert list(calendar.weekend_at(calendar.local_quarters(MANILA, friday_22_utc, 1))) == [1]
    assert list(calendar.weekend_at(np.array([friday_22_utc]))) == [0]


def test_a_profile_of_the_day_has_mean_one() -> None:
    first = calendar.day_number(date(2024, 1, 6)) * 96 - 32
    values = calendar.profile_at(MANILA, "h0", calendar.local_quarters(MANILA, first, 96), of_day=True)
    assert values.mean() == pytest.approx(1)


def test_a_month_knows_its_days_and_its_place() -> None:
    month = calendar.month_of(MANILA, "h0", date(2023, 11, 1), date(2024, 2, 1))
    assert (month.since_epoch, month.epoch_month, len(month.day_weights)) == (3, 10, 29)
    assert month.first_day == (date(2024, 2, 1) - date(1970, 1, 1)).days


def test_macs_are_unique_local_and_unicast() -> None:
    macs = fleet.unique_macs(42, 20_000)
    assert len(np.unique(macs)) == 20_000
    first_octets = macs >> np.uint64(40)
    assert set((first_octets & np.uint64(0b11)).tolist()) == {0b10}
    assert int(macs.max()) < 2**48


def test_a_fleet_grows_without_changing_its_first_meters() -> None:
    small, large = (fleet.make_fleet(7, n, MANILA, RESIDENTIAL) for n in (50, 5000))
    assert np.array_equal(small.macs, large.macs[:50])
    assert np.array_equal(small.base_mwh, large.base_mwh[:50])
    assert not np.array_equal(small.macs, fleet.make_fleet(8, 50, MANILA, RESIDENTIAL).macs)


def test_doubles_are_drawn_again_and_false_positives_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """With doubles forced into the first draw, and a filter so small that it always says "perhaps"."""
    honest = fleet.unique_macs(42, 200)

    def draw_doubles(seed: int, macs: NDArray[np.uint64]) -> None:
        macs[:] = honest
        macs[150:] = honest[:50]

    monkeypatch.setattr(fleet, "_FILTER_ROOM", 1)
    monkeypatch.setattr(fleet, "_FILTER_ERROR_RATE", 0.99)
    assert np.array_equal(fleet.unique_macs(42, 200), honest)
    monkeypatch.setattr(fleet, "_draw_macs", draw_doubles)
    macs = fleet.unique_macs(42, 200)
    assert np.array_equal(macs[:150], honest[:150])
    assert len(np.unique(macs)) == 200


def test_means_are_lognormal_around_the_class_mean() -> None:
    kwh = fleet.make_fleet(1, 20_000, MANILA, RESIDENTIAL).base_mwh / 1e6
    assert kwh.mean() == pytest.approx(300, rel=0.02)
    assert np.log(kwh).std() == pytest.approx(0.55, rel=0.03)


def test_ranges_hold_for_manila_and_not_for_a_class_that_uses_too_much() -> None:
    check_ranges(RESIDENTIAL, MANILA, 12, 999_999, 1e8)
    with pytest.raises(UsageError, match="a mean of 30000 kWh a month allows days of"):
        check_ranges(RESIDENTIAL, replace(MANILA, mean_kwh={"residential": 30_000.0}), 12, 999_999, 1e8)
    with pytest.raises(UsageError, match="does not fit power_w"):
        check_ranges(RESIDENTIAL, MANILA, 12, 99_999, 1e8)
    with pytest.raises(UsageError, match="choose an earlier day"):
        check_ranges(RESIDENTIAL, MANILA, 12 * 5000, 999_999, 1e8)


def test_the_profile_table_says_where_it_is_from() -> None:
    folder = Path(calendar.__file__).parent / "data"
    assert "MIT License" in (folder / "bdew_profiles.csv").read_text(encoding="utf-8")[:1000]
    assert "Permission is hereby granted" in (folder / "bdew_profiles.LICENSE").read_text(encoding="utf-8")

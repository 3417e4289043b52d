"""A city's own mean days: what they bend, what they leave alone, and what is said of wrong ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.test_cities import PARIS
from wattif.errors import UsageError
from wattif.model.cities import City, load_cities
from wattif.model.city_figures import PerClass
from wattif.model.city_profiles import CityProfiles, Seasons, TypicalWeek
from wattif.model.classes import COMMERCIAL
from wattif.model.fleet import make_fleet
from wattif.model.own_profiles import own_day
from wattif.model.profiles import KINDS, profile_day, relative_day

LONDON = load_cities()["london"]
Floats = NDArray[np.float64]
WINTER, SUMMER = date(2024, 1, 10), date(2024, 7, 10)


def _standard_hours() -> Floats:
    """The mean working day of the class, by its shares."""
    mean = np.zeros(24)
    for profile, share in zip(COMMERCIAL.profiles, COMMERCIAL.profile_shares, strict=True):
        mean += share * relative_day(profile, WINTER, "north", "weekday").reshape(24, 4).mean(axis=1)
    return mean


HOURS = _standard_hours() * (1.0 + 0.3 * np.sin(np.arange(24) / 24 * 2 * np.pi))
WEEK = TypicalWeek(weekday=tuple(HOURS.tolist()), saturday=(0.75,) * 24, sunday=(0.6,) * 24)


def _own() -> City:
    return replace(LONDON, profiles=CityProfiles(commercial=Seasons(winter=WEEK)))


def test_the_mean_of_the_classes_profiles_is_the_measured_day() -> None:
    """The hours of the mean of the class, by its shares, are in the ratio of the file's."""
    mean = np.zeros(24)
    for profile, share in zip(COMMERCIAL.profiles, COMMERCIAL.profile_shares, strict=True):
        mean += share * own_day(_own(), profile, WINTER, "weekday", of_week=True).reshape(24, 4).mean(axis=1)
    assert mean / mean.mean() == pytest.approx(HOURS / HOURS.mean(), rel=0.03)
    assert _standard_hours() != pytest.approx(HOURS, rel=0.1)


def test_a_week_uses_as_much_as_before_and_other_seasons_and_classes_stay() -> None:
    days_a_week = {"weekday": 5, "saturday": 1, "sunday": 1}
    for profile in COMMERCIAL.profiles:
        own = sum(days_a_week[kind] * own_day(_own(), profile, WINTER, kind).sum() for kind in KINDS)
        standard = sum(days_a_week[kind] * profile_day(profile, WINTER, "north", kind).sum() for kind in KINDS)
        assert own == pytest.approx(standard, rel=1e-12)
    for kind in KINDS:
        assert np.array_equal(own_day(_own(), "g25", SUMMER, kind), profile_day("g25", SUMMER, "north", kind))
        assert np.array_equal(own_day(_own(), "h0", WINTER, kind), own_day(LONDON, "h0", WINTER, kind))


def test_a_citys_own_spread_spreads_its_meters() -> None:
    own = replace(LONDON, spread_ln=PerClass(residential=0.2, commercial=0.3, industrial=0.4))
    homes = (1.0, 0.0, 0.0)
    narrow = make_fleet(1, 2_000, [own], homes).base_mwh
    assert np.log(narrow).std() == pytest.approx(0.2, abs=0.01)
    assert narrow.mean() == pytest.approx(own.mean_kwh["residential"] * 1e6, rel=0.02)
    assert np.log(make_fleet(1, 2_000, [LONDON], homes).base_mwh).std() == pytest.approx(0.55, abs=0.02)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "spread_ln = { residential = 2, commercial = 1, industrial = 1 }",
            "each spread must lie between 0.01 and 1.6",
        ),
        ("profiles.residential.winter = { weekday = [1], saturday = [1], sunday = [1] }", "has 1 values, must have 24"),
        (f"profiles.residential.winter = {{ weekday = {[1] * 24}, saturday = {[1] * 24} }}", "sunday"),
        (
            f"profiles.residential.winter = {{ weekday = {[1] * 24}, saturday = {[3] * 24}, sunday = {[1] * 24} }}",
            "the mean of a type of day must be at most 1.5 of the week's",
        ),
    ],
)
def test_wrong_ones_are_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "my.toml"
    path.write_text(PARIS + text + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="paris") as error:
        load_cities(path)
    assert message in str(error.value)

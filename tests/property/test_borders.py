"""Borders: no meter's power or energy steps at a midnight or at the first of a month, of UTC or of its own clock."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from scripts.figures import borders
from wattif.model.cities import City, load_cities
from wattif.model.classes import CLASSES, PROFILES, MeterClass
from wattif.model.energy import border_level, level_at, month_energy, register_and_day, surrounding
from wattif.model.months import month_of
from wattif.numeric import calendar

CITIES = load_cities()
EPOCH = date(2024, 1, 1)
FIRST = date(2024, 2, 24)  # nine days across the end of a month, and seven kinds of days

Floats = NDArray[np.float64]
each_city = pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
each_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.id)


@cache
def _steps_w(city_id: str, class_id: str) -> Floats:
    return borders.steps_w(CITIES[city_id], next(kind for kind in CLASSES if kind.id == class_id), FIRST)


@each_class
@each_city
def test_utc_midnight_is_a_moment_like_any_other(city: City, kind: MeterClass) -> None:
    at_utc, _ = borders.midnights(city, FIRST)
    assert borders.against_usual(_steps_w(city.id, kind.id), at_utc) <= 2.0


@each_class
@each_city
def test_local_midnight_is_a_moment_like_any_other(city: City, kind: MeterClass) -> None:
    _, at_local = borders.midnights(city, FIRST)
    assert borders.against_usual(_steps_w(city.id, kind.id), at_local) <= 2.0


def _levels(city: City, kind: MeterClass, meter: int, profile: int, day: date) -> tuple[float, float]:
    around = surrounding(
        42,
        meter,
        10**12,
        kind.energy.spread,
        kind.energy.day_noise,
        profile,
        month_of(42, city, EPOCH, day.replace(day=1)),
        calendar.day_number(day),
    )
    return around.from_mwh, around.to_mwh


@each_class
@each_city
def test_the_level_goes_on_from_month_to_month(city: City, kind: MeterClass) -> None:
    """At the end of a month's last day it is what it is at the start of the next one's first, at every border."""
    profile = PROFILES.index(kind.profiles[0])
    for number in range(1, 30):
        first = date(2024 + number // 12, number % 12 + 1, 1)
        for meter in range(10):
            before = _levels(city, kind, meter, profile, first - timedelta(days=1))[1]
            after = _levels(city, kind, meter, profile, first)[0]
            assert before == pytest.approx(after, rel=1e-9)


@each_class
@each_city
def test_each_day_knows_its_neighbors(city: City, kind: MeterClass) -> None:
    """What a day holds for yesterday's and tomorrow's energy is what they have: across months, too."""
    profile = PROFILES.index(kind.profiles[-1])
    days = [date(2024, 4, 27) + timedelta(days=n) for n in range(40)]
    for meter in range(5):
        found = [
            surrounding(
                42,
                meter,
                10**9,
                kind.energy.spread,
                kind.energy.day_noise,
                profile,
                month_of(42, city, EPOCH, day.replace(day=1)),
                calendar.day_number(day),
            )
            for day in days
        ]
        assert [each.after_mwh for each in found[:-1]] == [each.day_mwh for each in found[1:]]
        assert [each.before_mwh for each in found[1:]] == [each.day_mwh for each in found[:-1]]


def test_a_month_keeps_its_mean_level() -> None:
    """Whatever its neighbors: straight lines from border to middle to border, by the area below them."""
    choice = np.random.default_rng(1)
    for one, mean, other in choice.lognormal(0.0, 0.8, (500, 3)):
        left, right = border_level(mean, one), border_level(mean, other)
        levels = [level_at((i + 0.5) / 1000, left, mean, right) for i in range(1000)]
        assert np.mean(levels) == pytest.approx(mean, rel=1e-6)
        assert 0.499 * mean <= min(levels) <= max(levels) <= 1.501 * mean
        if max(one, mean) <= 3.0 * min(one, mean):
            assert border_level(one, mean) == pytest.approx(left, rel=1e-12)


@pytest.mark.parametrize("city_id", ["london", "manila"])
def test_days_of_absence_are_not_made_up_for(city_id: str) -> None:
    """A month loses three quarters of each day away; the days at home are what they are for who stays."""
    city, kind = CITIES[city_id], CLASSES[0]
    first, n = date(2024, 5, 1), 31
    month = month_of(42, city, EPOCH, first)
    stays = month._replace(absence=month.absence * 0.0 + 1e-300)
    leaves = month._replace(absence=month.absence * 0.0 + 0.5)
    at_home, away = [], []
    for meter in range(60):
        days = [
            np.array(
                [
                    register_and_day(
                        42, meter, 10**12, 0.55, kind.energy.day_noise, 0, which, calendar.day_number(first) + i
                    )[1]
                    for i in range(n)
                ]
            )
            for which in (stays, leaves)
        ]
        ratio = days[1] / days[0]
        absent = ratio < 0.5
        energy = month_energy(42, meter, 10**12, 0.55, 4, city.season[4])
        assert int(days[0].sum()) == energy
        assert int(days[1].sum()) == pytest.approx(energy * (1.0 - 0.75 * absent.sum() / n), rel=1e-9)
        at_home.extend(ratio[~absent])
        away.extend(ratio[absent])
    assert np.mean(at_home) == pytest.approx(1.0, abs=0.02)
    assert np.mean(away) == pytest.approx(0.25, abs=0.01)


@each_class
@pytest.mark.parametrize("city_id", ["london", "manila"])
def test_the_first_of_a_month_is_a_day_like_any_other(city_id: str, kind: MeterClass) -> None:
    """The mean of ten days against that of the ten before, at the first of a month and within it."""
    assert borders.month_border(CITIES[city_id], kind) <= 1.1

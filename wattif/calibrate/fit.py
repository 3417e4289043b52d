"""A city out of figures: each from data where there is enough of it, else from the city alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from wattif.calibrate.clock import SEASONS
from wattif.calibrate.figures import ClassFigures
from wattif.calibrate.measured import LEAST_METERS, Floats, Measured
from wattif.errors import UsageError
from wattif.model.cities import City
from wattif.model.city_figures import LEAST_MEAN_KWH, MOST_MEAN_KWH, PerClass
from wattif.model.city_profiles import MOST_OF_WEEK, CityProfiles, Seasons, TypicalWeek
from wattif.model.classes import CLASSES, energy_of
from wattif.model.energy import TREND_HIGH, TREND_LOW, TREND_MONTHS
from wattif.model.profiles import KINDS
from wattif.spec.values import CLASS_IDS

_MONTH_DAYS = 20  # that a month needs to count
_TWICE = 3  # calendar months that must be there in two years before growth can be told from season
_LEAST_HOUR = 0.001  # of a profile, relative to its mean
_IMPLAUSIBLE = 20.0  # times as much, or as little, as customers elsewhere
_LEAST_SPREAD, _MOST_SPREAD = 0.01, 1.6


@dataclass(frozen=True, kw_only=True)
class Course:
    """How use runs over months."""

    season: tuple[float, ...] | None  # twelve relative differences from the yearly mean; None: too few months
    trend: float | None  # a month; None: too few months to tell it from the season
    months: int  # that count


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted city, and what was noticed."""

    city: City
    course: Course
    classes: tuple[str, ...]  # whose figures are from data
    notes: tuple[str, ...]


def course_of(measured: Measured) -> Course:
    """Season and growth, by least squares over the months that have enough days."""
    relative, clock = measured.relative, measured.clock
    known = ~np.isnan(relative)
    numbers, means = [], []
    for month in np.unique(clock.month):
        chosen = known & (clock.month == month)
        if len(np.unique(clock.day[chosen])) >= _MONTH_DAYS:
            numbers.append(int(month))
            means.append(float(relative[chosen].mean()))
    calendar_months = [number % 12 for number in numbers]
    if len(set(calendar_months)) < 12:
        return Course(season=None, trend=None, months=len(numbers))
    with_trend = len(numbers) - 12 >= _TWICE
    terms = np.zeros((len(numbers), 13))
    terms[np.arange(len(numbers)), calendar_months] = 1.0
    if with_trend:
        terms[:, 12] = np.array(numbers) - np.mean(numbers)
    found, *_ = np.linalg.lstsq(terms, np.array(means), rcond=None)
    yearly = float(found[:12].mean())
    season = tuple(round(float(each), 4) for each in found[:12] / yearly - 1.0)
    return Course(season=season, trend=float(found[12]) / yearly if with_trend else None, months=len(numbers))


def fit_city(
    measured: Measured, figures: Mapping[str, ClassFigures], like: City, *, city_id: str, has_classes: bool
) -> Fit:
    """The city of these meters; what data does not tell is that of the city *like* it."""
    notes: list[str] = []
    course = course_of(measured)
    known = {name: each for name, each in figures.items() if each.meters >= LEAST_METERS}
    for name in figures.keys() - known.keys():
        notes.append(f"{name}: only {figures[name].meters} meters, its figures stay those of {like.id}")
    season = course.season or like.season
    usual = _usual_level(measured, season)
    means = {name: each.month_kwh / usual for name, each in known.items()}
    for name, mean in means.items():
        if not LEAST_MEAN_KWH <= mean <= MOST_MEAN_KWH:
            raise UsageError(f"{name}: a mean month of {mean:,.1f} kWh is none that meters have; say the right `unit`")
    spreads = {name: min(max(each.spread_ln, _LEAST_SPREAD), _MOST_SPREAD) for name, each in known.items()}
    notes += [
        _implausible(name, mean, like) for name, mean in means.items() if _is_implausible(mean, like.mean_kwh[name])
    ]
    weeks = {name: _seasons(each, like, name, notes) for name, each in known.items()}
    weeks = {name: each for name, each in weeks.items() if each is not None}
    if course.season is None:
        notes.append(f"season: {course.months} whole months are too few, it stays that of {like.id}")
    if course.trend is None:
        notes.append("growth: it takes 15 months to tell it from the season")
    city = replace(
        like,
        id=city_id,
        name=city_id.replace("-", " ").title(),
        code="",  # keys of its network begin with its id
        season=season,
        mean_kwh=_per_class({each: like.mean_kwh[each] for each in CLASS_IDS} | means, 1),
        spread_ln=_per_class({each.id: energy_of(each, like).spread for each in CLASSES} | spreads, 3),
        profiles=CityProfiles(**weeks) if weeks else like.profiles,
        home_hours=None if CLASS_IDS[0] in weeks else like.home_hours,  # what homes do is in the profiles
        class_mix=_mix(measured) if has_classes else like.class_mix,
    )
    return Fit(city=city, course=course, classes=tuple(known), notes=tuple(notes))


def _is_implausible(mean_kwh: float, usual_kwh: float) -> bool:
    return not usual_kwh / _IMPLAUSIBLE < mean_kwh < usual_kwh * _IMPLAUSIBLE


def _implausible(name: str, mean_kwh: float, like: City) -> str:
    usual = f"{like.mean_kwh[name]:,.0f} kWh in {like.id}"
    return f"{name}: a mean month of {mean_kwh:,.1f} kWh beside {usual}; is it the right `unit`?"


def _per_class(values: Mapping[str, float], digits: int) -> PerClass:
    return PerClass(**{name: round(value, digits) for name, value in values.items()})


def _usual_level(measured: Measured, season: tuple[float, ...]) -> float:
    """The mean of the months that are there, relative to a mean month at their beginning."""
    month = measured.clock.month[~np.isnan(measured.relative)]
    grown = 1.0 + 0.5 * (TREND_LOW + TREND_HIGH) * np.minimum(month - month.min(), TREND_MONTHS)
    return float(np.mean(np.array(season)[month % 12] + grown))


def _mix(measured: Measured) -> PerClass:
    shares = np.bincount(measured.meter_class, minlength=len(CLASS_IDS)) / len(measured.meter_class)
    residential, commercial = round(float(shares[0]), 4), round(float(shares[1]), 4)
    return PerClass(
        residential=residential, commercial=commercial, industrial=round(max(1.0 - residential - commercial, 0.0), 4)
    )


def _seasons(own: ClassFigures, like: City, name: str, notes: list[str]) -> Seasons | None:
    """The class's weeks; a season that is not there is as those that are, since customers keep their habits."""
    if not own.weeks:
        notes.append(f"{name}: too few days of each type in any season, its profile stays that of {like.id}")
        return None
    wanted = ("transition",) if like.climate == "tropics" else SEASONS
    missing = [each for each in wanted if each not in own.weeks]
    if missing:
        notes.append(f"{name}: no data in {' and '.join(missing)}, whose profile is that of the rest of the year")
    mean = np.mean(list(own.weeks.values()), axis=0)
    return Seasons(**{each: _week(own.weeks.get(each, mean)) for each in wanted})


def _week(days: Floats) -> TypicalWeek:
    """Days whose mean is too far above the week's are lowered to what a city may have."""
    days = np.maximum(days, _LEAST_HOUR)
    for _ in range(3):  # lowering one lowers the week, too
        week = (5.0 * days[0].mean() + days[1].mean() + days[2].mean()) / 7.0
        days *= np.minimum(0.999 * MOST_OF_WEEK * week / days.mean(axis=1), 1.0)[:, None]
    return TypicalWeek(
        **{
            kind: tuple(round(float(each), 3) for each in np.maximum(day, _LEAST_HOUR))
            for kind, day in zip(KINDS, days, strict=True)
        }
    )

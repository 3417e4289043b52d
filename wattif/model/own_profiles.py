"""Profiles of a city's own: the standard ones, bent so that a class has the mean days that were measured.

Each profile keeps what sets it apart from the others of its class, and its course within an hour.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.model.city_profiles import TypicalWeek
from wattif.model.classes import CLASSES, MeterClass
from wattif.model.profiles import KINDS, Climate, DayType, profile_day, relative_day, season
from wattif.numeric.calendar import QUARTERS, plain_mean

_HOME_PROFILE = "h0"  # of which a city's `home_hours` speak
_DAYS_A_WEEK = (5.0, 1.0, 1.0)


def between_hours(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """24 *factors*, each of the middle of its hour, joined by straight lines: one a quarter of an hour."""
    quarters = np.arange(QUARTERS)
    left, share = (quarters - 2) // 4, (quarters - 2) % 4 / 4.0
    joined: NDArray[np.float64] = factors[left % 24] * (1.0 - share) + factors[(left + 1) % 24] * share
    return joined


def own_day(city: City, profile: str, day: date, kind: DayType, *, of_week: bool = False) -> NDArray[np.float64]:
    """The 96 quarters of an hour of *day*, a day of that *kind*, as the city's customers of *profile* have it.

    Relative to the mean of the year, or *of_week* of its season.
    """
    standard = (relative_day if of_week else profile_day)(profile, day, city.climate, kind)
    own = standard
    if (factors := _own_factors(city, profile, day, kind)) is not None:
        own = standard * factors
    elif profile == _HOME_PROFILE and city.home_hours is not None:
        own = standard * between_hours(np.array(city.home_hours))
        own *= plain_mean(standard) / plain_mean(own)
    return own


def _own_factors(city: City, profile: str, day: date, kind: DayType) -> NDArray[np.float64] | None:
    """The factors (96) by which *profile* differs in the city on a *day* of that *kind*; None: it has no own week."""
    if city.profiles is None:
        return None
    meter_class = next(each for each in CLASSES if profile in each.profiles)
    seasons = city.profiles[meter_class.id]
    week = seasons.week(season(day, city.climate)) if seasons is not None else None
    if week is None:
        return None
    return _factors(week, meter_class, profile, _representative(day, city.climate), city.climate)[kind]


def _representative(day: date, climate: Climate) -> date:
    """The same for all days of a month's part in one season: seasons begin in the middle of months."""
    first = day.replace(day=1)
    return first if season(first, climate) == season(day, climate) else day.replace(day=28)


@lru_cache(maxsize=1024)
def _factors(
    week: TypicalWeek, meter_class: MeterClass, profile: str, day: date, climate: Climate
) -> dict[DayType, NDArray[np.float64]]:
    """By type of day; how much a week of the profile uses stays as it is."""
    hours = [_standard_day(meter_class, day, climate, kind).reshape(24, 4).mean(axis=1) for kind in KINDS]
    factors = [between_hours(np.array(getattr(week, kind)) / own) for kind, own in zip(KINDS, hours, strict=True)]
    bent = [relative_day(profile, day, climate, kind) * factor for kind, factor in zip(KINDS, factors, strict=True)]
    mean = sum(weight * plain_mean(each) for weight, each in zip(_DAYS_A_WEEK, bent, strict=True)) / 7.0
    return {kind: factor / mean for kind, factor in zip(KINDS, factors, strict=True)}


def _standard_day(meter_class: MeterClass, day: date, climate: Climate, kind: DayType) -> NDArray[np.float64]:
    """The mean of the class's standard profiles, by how many meters follow each; relative to the week of its season."""
    mean = np.zeros(QUARTERS)
    for profile, share in zip(meter_class.profiles, meter_class.profile_shares, strict=True):
        mean += share * relative_day(profile, day, climate, kind)
    return mean

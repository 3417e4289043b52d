"""A moment in a city's local time: what the standard load profile says of it, and whether it is a working day."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.model.classes import PROFILES
from wattif.model.holidays import day_type
from wattif.model.own_profiles import own_day
from wattif.numeric.calendar import QUARTERS, day_of


def profile_at(
    city: City, profile: str, local_quarter: NDArray[np.int64], *, of_week: bool = False
) -> NDArray[np.float64]:
    """The profile's power at each of *local_quarter*, relative to the mean of the year, or *of_week* of its season."""
    days, index = _local_days(local_quarter)
    table = np.stack([own_day(city, profile, day, day_type(city, day), of_week=of_week) for day in days])
    values: NDArray[np.float64] = table[index, local_quarter % QUARTERS]
    return values


def profiles_at(city: City, local_quarter: NDArray[np.int64], *, of_week: bool = False) -> NDArray[np.float64]:
    """`profile_at` of each of the model's profiles: (profiles, quarters)."""
    days, index = _local_days(local_quarter)
    table = np.stack([_profiles_on(city, day, of_week) for day in days], axis=1)
    values: NDArray[np.float64] = table[:, index, local_quarter % QUARTERS]
    return values


@lru_cache(maxsize=1024)  # 7 KB each; neighbouring UTC days, and all meters with events, share them
def _profiles_on(city: City, day: date, of_week: bool) -> NDArray[np.float64]:
    """(profiles, quarters of the local *day*)."""
    kind = day_type(city, day)
    table = np.stack([own_day(city, profile, day, kind, of_week=of_week) for profile in PROFILES])
    table.flags.writeable = False
    return table


def _local_days(local_quarter: NDArray[np.int64]) -> tuple[list[date], NDArray[np.int64]]:
    """The local days, from the first to the last, and which of them each quarter belongs to."""
    numbers = local_quarter // QUARTERS
    first, last = int(numbers.min()), int(numbers.max())
    return [day_of(number) for number in range(first, last + 1)], numbers - first


def weekend_at(city: City, local_quarter: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 where the local day counts as a Saturday or Sunday, as holidays do, else 0."""
    days, index = _local_days(local_quarter)
    flags: NDArray[np.int64] = np.array([day_type(city, day) != "weekday" for day in days], np.int64)[index]
    return flags

"""A moment in a city's local time: what the standard load profile says of it, and whether it is a working day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.model.holidays import day_type
from wattif.model.profiles import profile_day, relative_day
from wattif.numeric.calendar import EPOCH, QUARTERS, plain_mean

HOME_PROFILE = "h0"


def profile_at(
    city: City, profile: str, local_quarter: NDArray[np.int64], *, of_week: bool = False
) -> NDArray[np.float64]:
    """The profile's power at each of *local_quarter*, relative to the mean of the year, or *of_week* of its season."""
    days, index = _local_days(local_quarter)
    of_day = relative_day if of_week else profile_day
    table = np.stack([of_day(profile, day, city.climate, day_type(city, day)) for day in days])
    if profile == HOME_PROFILE and city.home_hours is not None:
        table = _of_the_city(table, city.home_hours)
    values: NDArray[np.float64] = table[index, local_quarter % QUARTERS]
    return values


def _of_the_city(table: NDArray[np.float64], hours: tuple[float, ...]) -> NDArray[np.float64]:
    """The days of *table* as a city's homes have them: its *hours*, joined by straight lines; a day keeps its mean."""
    quarters = np.arange(QUARTERS)
    left, share = (quarters - 2) // 4, (quarters - 2) % 4 / 4.0  # an hour's factor holds in its middle
    factors = np.array(hours)
    own = table * (factors[left % 24] * (1.0 - share) + factors[(left + 1) % 24] * share)
    kept = [plain_mean(before) / plain_mean(after) for before, after in zip(table, own, strict=True)]
    shaped: NDArray[np.float64] = own * np.array(kept)[:, None]
    return shaped


def _local_days(local_quarter: NDArray[np.int64]) -> tuple[list[date], NDArray[np.int64]]:
    """The local days, from the first to the last, and which of them each quarter belongs to."""
    numbers = local_quarter // QUARTERS
    first, last = int(numbers.min()), int(numbers.max())
    return [EPOCH + timedelta(days=number) for number in range(first, last + 1)], numbers - first


def weekend_at(city: City, local_quarter: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 where the local day counts as a Saturday or Sunday, as holidays do, else 0."""
    days, index = _local_days(local_quarter)
    flags: NDArray[np.int64] = np.array([day_type(city, day) != "weekday" for day in days], np.int64)[index]
    return flags

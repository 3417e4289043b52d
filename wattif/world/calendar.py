"""Local time: which quarter of which local day a moment is, and what the standard load profile says of it."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from wattif.world.cities import City
from wattif.world.holidays import day_type
from wattif.world.profiles import profile_day

_EPOCH = date(1970, 1, 1)
QUARTERS = 96


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


@lru_cache
def _zone(name: str) -> ZoneInfo:
    """The time zone by the rules of the pinned tzdata package: the system's may differ from machine to machine."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def local_quarters(city: City, first: int, count: int) -> NDArray[np.int64]:
    """Local time, in quarters of an hour since 1970, of *count* quarters from the UTC quarter *first* on."""
    zone = _zone(city.time_zone)
    moments = (datetime.fromtimestamp((first + k) * 900, UTC).astimezone(zone) for k in range(count))
    offsets = [int((moment.utcoffset() or timedelta()).total_seconds()) // 900 for moment in moments]
    return np.arange(first, first + count) + np.array(offsets, np.int64)


def profile_at(
    city: City, profile: str, local_quarter: NDArray[np.int64], *, of_day: bool = False
) -> NDArray[np.float64]:
    """The profile's power at each of *local_quarter*, relative to the mean of the year or *of_day*, the local one."""
    days, index = _local_days(local_quarter)
    table = [profile_day(profile, day, city.climate, day_type(city, day)) for day in days]
    if of_day:
        table = [row / plain_mean(row) for row in table]
    values: NDArray[np.float64] = np.stack(table)[index, local_quarter % QUARTERS]
    return values


def _local_days(local_quarter: NDArray[np.int64]) -> tuple[list[date], NDArray[np.int64]]:
    """The local days, from the first to the last, and which of them each quarter belongs to."""
    numbers = local_quarter // QUARTERS
    first, last = int(numbers.min()), int(numbers.max())
    return [_EPOCH + timedelta(days=number) for number in range(first, last + 1)], numbers - first


def plain_mean(values: NDArray[np.float64]) -> float:
    """The mean of an exact sum: the order in which NumPy adds depends on the machine."""
    return math.fsum(values.tolist()) / len(values)


def weekend_at(city: City, local_quarter: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 where the local day counts as a Saturday or Sunday, as holidays do, else 0."""
    days, index = _local_days(local_quarter)
    flags: NDArray[np.int64] = np.array([day_type(city, day) != "weekday" for day in days], np.int64)[index]
    return flags

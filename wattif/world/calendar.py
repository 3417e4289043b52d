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
from wattif.world.energy import Month
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
    days, quarters = np.divmod(local_quarter, QUARTERS)
    first, last = int(days.min()), int(days.max())
    table = [profile_day(profile, _EPOCH + timedelta(days=day), city.climate) for day in range(first, last + 1)]
    if of_day:
        table = [row / _plain_mean(row) for row in table]
    values: NDArray[np.float64] = np.stack(table)[days - first, quarters]
    return values


def _plain_mean(values: NDArray[np.float64]) -> float:
    """The mean of an exact sum: the order in which NumPy adds depends on the machine."""
    return math.fsum(values.tolist()) / len(values)


def weekend_at(local_quarter: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 where the local day is a Saturday or Sunday, else 0 (1970-01-01 was a Thursday)."""
    return ((local_quarter // QUARTERS + 3) % 7 >= 5).astype(np.int64)


@lru_cache(maxsize=4)
def month_of(city: City, profile: str, epoch: date, first: date) -> Month:
    """The month that begins on *first*, for a dataset whose first month begins on *epoch*."""
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    days = (after - first).days
    quarters = local_quarters(city, day_number(first) * QUARTERS, days * QUARTERS)
    weights = [_plain_mean(row) for row in profile_at(city, profile, quarters).reshape(days, QUARTERS)]
    return Month(
        since_epoch=(first.year - epoch.year) * 12 + first.month - epoch.month,
        epoch_month=epoch.month - 1,
        first_day=day_number(first),
        season=np.array(city.season),
        day_weights=np.array(weights),
    )

"""The calendar: days since 1970, months, and local time by the rules of the pinned time zones."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

EPOCH = date(1970, 1, 1)
DAY_S, HOUR_S = 86_400, 3_600
QUARTERS = 96  # of an hour, in a day


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The day so many days since 1970-01-01."""
    return EPOCH + timedelta(days=number)


def month_after(month: date) -> date:
    """The first day of the month after the one that begins on *month*."""
    return months_later(month, 1)


def months_later(month: date, months: int) -> date:
    """The first day of the month that comes so many months after (or, below zero, before) that of *month*."""
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


@lru_cache
def known_zones() -> frozenset[str]:
    """The names of all time zones of the pinned tzdata package."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def is_zone(name: str) -> bool:
    """Whether the pinned tzdata package knows a time zone of that name."""
    return name in known_zones()


@lru_cache
def zone(name: str) -> ZoneInfo:
    """The time zone by the rules of the pinned tzdata package: the system's may differ from machine to machine."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def local_quarters(time_zone: str, first: int, count: int) -> NDArray[np.int64]:
    """Local time, in quarters of an hour since 1970, of *count* quarters from the UTC quarter *first* on."""
    days = [_offsets(time_zone, day) for day in range(first // QUARTERS, (first + count - 1) // QUARTERS + 1)]
    skipped = first % QUARTERS
    return np.arange(first, first + count) + np.concatenate(days)[skipped : skipped + count]


@lru_cache(maxsize=4096)
def _offsets(time_zone: str, utc_day: int) -> NDArray[np.int64]:
    """Quarters of an hour between local time and UTC at each UTC quarter of the day."""
    rules = zone(time_zone)
    starts = range(utc_day * DAY_S, (utc_day + 1) * DAY_S, DAY_S // QUARTERS)
    moments = (datetime.fromtimestamp(start_s, rules) for start_s in starts)
    return np.array([int((moment.utcoffset() or timedelta()).total_seconds()) // 900 for moment in moments], np.int64)


def plain_mean(values: NDArray[np.float64]) -> float:
    """The mean of an exact sum: the order in which NumPy adds depends on the machine."""
    return math.fsum(values.tolist()) / len(values)

"""Local days by the rules of the pinned time zones, exact to the second: any offset, any moment of change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.calendar import DAY_S, HOUR_S, zone


@dataclass(frozen=True, kw_only=True)
class LocalDays:
    """Stretches of time that each lie within one local day. A day whose clock is set back past midnight has two."""

    starts_s: NDArray[np.int64]  # of each stretch, in order, UTC seconds since 1970; the last one has no end
    days: NDArray[np.int64]  # local days since 1970
    lengths_s: dict[int, int]  # of each local day that lies whole in the span, in seconds: 82,800, 86,400, 90,000, …


@lru_cache
def local_days(time_zone: str, first_s: int, end_s: int) -> LocalDays:
    """The local days of the span from *first_s* to *end_s* (UTC seconds since 1970) in the zone called *time_zone*."""
    starts, days = [first_s], [_local_day(time_zone, first_s)]
    for since_s, until_s, offset_s in offsets_of(time_zone, first_s, end_s):
        day = (since_s + offset_s) // DAY_S
        moment_s = since_s
        while moment_s < until_s:
            if day != days[-1]:
                starts.append(moment_s)
                days.append(day)
            day += 1
            moment_s = day * DAY_S - offset_s
    lengths: dict[int, int] = {}
    for day, since_s, until_s in zip(days, starts, [*starts[1:], end_s], strict=True):
        lengths[day] = lengths.get(day, 0) + until_s - since_s
    for cut in {days[0], days[-1]}:  # only part of it lies in the span
        del lengths[cut]
    return LocalDays(starts_s=np.array(starts, np.int64), days=np.array(days, np.int64), lengths_s=lengths)


def offsets_of(time_zone: str, first_s: int, end_s: int) -> list[tuple[int, int, int]]:
    """Stretches without a change of the clock: from, to, and seconds ahead of UTC."""
    stretches: list[tuple[int, int, int]] = []
    since_s, offset_s = first_s, _offset_s(time_zone, first_s)
    for hour_s in [*range(first_s, end_s, HOUR_S), end_s]:
        if _offset_s(time_zone, hour_s) != offset_s:
            low, high = hour_s - HOUR_S, hour_s  # the change lies in (low, high]
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset_s(time_zone, middle) == offset_s else (low, middle)
            stretches.append((since_s, high, offset_s))
            since_s, offset_s = high, _offset_s(time_zone, high)
    return [*stretches, (since_s, end_s, offset_s)]


def _offset_s(time_zone: str, moment_s: int) -> int:
    moment = datetime.fromtimestamp(moment_s, UTC).astimezone(zone(time_zone))
    return int((moment.utcoffset() or timedelta()).total_seconds())


def _local_day(time_zone: str, moment_s: int) -> int:
    return (moment_s + _offset_s(time_zone, moment_s)) // DAY_S

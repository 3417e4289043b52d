"""The local days of a dataset that lie whole in it, month by month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from wattif.errors import InvalidValue
from wattif.numeric.calendar import DAY_S, day_number, day_of, month_after
from wattif.numeric.local_days import local_days

_AROUND_DAYS = 2  # a zone is at most 14 hours off


@dataclass(frozen=True, kw_only=True)
class LocalDay:
    """A day of a time zone: from when until when, in seconds since 1970, UTC."""

    day: date
    start_s: int
    end_s: int


@dataclass(frozen=True, kw_only=True)
class Period:
    """Consecutive local days of a month."""

    time_zone: str
    days: tuple[LocalDay, ...]

    @property
    def start_s(self) -> int:
        """Where the first day begins."""
        return self.days[0].start_s

    @property
    def end_s(self) -> int:
        """Where the last day ends."""
        return self.days[-1].end_s

    @property
    def utc_days(self) -> range:
        """The UTC days that it touches, since 1970."""
        return range(self.start_s // DAY_S, -(-self.end_s // DAY_S))


@lru_cache
def whole_days(time_zone: str, start: date, end: date, interval_s: int) -> tuple[LocalDay, ...]:
    """The days of *time_zone* that lie whole within the UTC days from *start* to *end*, both included.

    `InvalidValue` where a day of the zone does not begin with an interval, or is not in one piece.
    """
    first_s, end_s = day_number(start) * DAY_S, (day_number(end) + 1) * DAY_S
    known = local_days(time_zone, first_s - _AROUND_DAYS * DAY_S, end_s + _AROUND_DAYS * DAY_S)
    starts_s, numbers = known.starts_s.tolist(), known.days.tolist()
    found: list[LocalDay] = []
    for number, start_s, until_s in zip(numbers, starts_s, starts_s[1:], strict=False):
        if start_s < first_s or until_s > end_s:
            continue
        day = day_of(number)
        if start_s % interval_s or until_s % interval_s:
            reason = f"{day} in {time_zone} begins or ends within an interval; choose a shorter one"
            raise InvalidValue("interval", interval_s, reason)
        if found and found[-1].day >= day:
            reason = f"the clock of {time_zone} goes back past midnight on {day}: no file can tell the two days apart"
            raise InvalidValue("city", time_zone, f"{reason}; choose other days")
        found.append(LocalDay(day=day, start_s=start_s, end_s=until_s))
    return tuple(found)


def months_of(start: date, end: date) -> Iterator[date]:
    """The first days of all local months that can have days within the UTC days from *start* to *end*."""
    month = (start - timedelta(days=1)).replace(day=1)
    while month <= end + timedelta(days=1):
        yield month
        month = month_after(month)


def period_of(time_zone: str, days: tuple[LocalDay, ...], month: date) -> Period | None:
    """Those *days* of a time zone that belong to *month*; None when there are none."""
    within = tuple(each for each in days if each.day.replace(day=1) == month)
    return Period(time_zone=time_zone, days=within) if within else None

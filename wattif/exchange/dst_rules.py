"""Summer time as Green Button files tell it: rules in four bytes.

NAESB REQ.21, DstRuleType: bits 0-11 seconds of the hour, 12-16 hour, 17-19 day of the week from Monday = 1, 20-24 day
of the month, 25-27 operator (0 the day of the month, 2 to 6 the first to fifth such day of the week, 7 the last one),
28-31 month; by the clock as it is before the change.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise

from wattif.numeric.local_days import offsets_of

_NO_RULE = "00000000"
_YEARS = 7  # in which a rule must hold
_LAST = 7


@dataclass(frozen=True, kw_only=True)
class LocalTime:
    """The clock of a time zone in a year."""

    standard_s: int  # ahead of UTC, without summer time
    summer_s: int  # what summer time adds; 0 for none
    start_rule: str
    end_rule: str


@lru_cache
def local_time(time_zone: str, year: int) -> LocalTime:
    """The clock of *time_zone* in *year*; zones that change it otherwise than twice have no rules."""
    changes = _changes(time_zone, year)
    if len(changes) != 2:
        (_, _, offset_s), *_ = offsets_of(time_zone, *_seconds(year))
        return LocalTime(standard_s=offset_s, summer_s=0, start_rule=_NO_RULE, end_rule=_NO_RULE)
    rules = {before_s < after_s: _rule(time_zone, year, n) for n, (_, before_s, after_s) in enumerate(changes)}
    offsets = [offset_s for _, *pair in changes for offset_s in pair]
    return LocalTime(
        standard_s=min(offsets), summer_s=max(offsets) - min(offsets), start_rule=rules[True], end_rule=rules[False]
    )


def _seconds(year: int) -> tuple[int, int]:
    first, end = (int(datetime(each, 1, 1, tzinfo=UTC).timestamp()) for each in (year, year + 1))
    return first, end


def _changes(time_zone: str, year: int) -> list[tuple[datetime, int, int]]:
    """When clocks change, by the clock before; seconds ahead of UTC before and after."""
    stretches = offsets_of(time_zone, *_seconds(year))
    return [
        (datetime.fromtimestamp(until_s + before_s, UTC), before_s, after_s)
        for (_, until_s, before_s), (_, _, after_s) in pairwise(stretches)
    ]


def _rule(time_zone: str, year: int, number: int) -> str:
    """The rule of the *number*-th change of a year."""
    moment = _changes(time_zone, year)[number][0]
    same = [changes[number][0] for each in range(year, year + _YEARS) if len(changes := _changes(time_zone, each)) == 2]
    weeks = {(each.month, each.isoweekday(), (each.day - 1) // 7) for each in same}
    from_last = {
        (each.month, each.isoweekday(), (monthrange(each.year, each.month)[1] - each.day) // 7) for each in same
    }
    operator, weekday, day = 0, 0, moment.day
    if len(weeks) == 1:
        operator, weekday, day = 2 + (moment.day - 1) // 7, moment.isoweekday(), 0
    elif from_last == {(moment.month, moment.isoweekday(), 0)}:
        operator, weekday, day = _LAST, moment.isoweekday(), 0
    seconds = moment.minute * 60 + moment.second
    bits = moment.month << 28 | operator << 25 | day << 20 | weekday << 17 | moment.hour << 12 | seconds
    return f"{bits:08X}"

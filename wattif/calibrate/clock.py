"""Spans of a city's time: local time, day, type of day and season of each; and local timestamps as moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.model.holidays import day_type
from wattif.model.profiles import KINDS, season
from wattif.numeric.calendar import QUARTERS, day_of, local_quarters, zone

SEASONS = ("winter", "transition", "summer")
Numbers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Hours of a city, or shorter spans, all arrays of shape (hours,)."""

    quarter: Numbers  # of the local day, 0 to 95
    day: Numbers  # local, days since 1970
    kind: Numbers  # of day, index into `KINDS`
    season: Numbers  # index into `SEASONS`
    month: Numbers  # since January of year 0

    @classmethod
    def of(cls, city: City, quarters: Numbers) -> Clock:
        """The hours that begin at these UTC *quarters* (of an hour since 1970), ascending."""
        first = int(quarters[0])
        local = local_quarters(city.time_zone, first, int(quarters[-1]) - first + 1)[quarters - first]
        day = local // QUARTERS
        numbers, place = np.unique(day, return_inverse=True)
        dates = [day_of(int(number)) for number in numbers]
        kinds = np.array([KINDS.index(day_type(city, each)) for each in dates])
        seasons = np.array([SEASONS.index(season(each, city.climate)) for each in dates])
        months = np.array([each.year * 12 + each.month - 1 for each in dates])
        return cls(quarter=local % QUARTERS, day=day, kind=kinds[place], season=seasons[place], month=months[place])

    @property
    def hour(self) -> Numbers:
        """Of the local day, 0 to 23."""
        return self.quarter // 4


@dataclass(frozen=True, kw_only=True)
class LocalQuarter:
    """A quarter of an hour by the clock on the wall."""

    local_s: int  # since 1970 by that clock
    first_s: int  # seconds by which that clock is ahead of UTC, the first time that it shows this
    second_s: int  # and the second time: another one where clocks are set back
    skipped: bool  # no clock shows it


def local_quarters_of(time_zone: str, starts_s: Numbers) -> list[LocalQuarter]:
    """What these quarters of an hour by the clock on the wall are in the zone."""
    rules = zone(time_zone)
    found = []
    for start in starts_s.tolist():
        wall = datetime(1970, 1, 1) + timedelta(seconds=start)
        first, second = (
            int((wall.replace(tzinfo=rules, fold=fold).utcoffset() or timedelta()).total_seconds()) for fold in (0, 1)
        )
        # by PEP 495, where clocks are set forward the offset before is the smaller one
        found.append(LocalQuarter(local_s=start, first_s=first, second_s=second, skipped=first < second))
    return found

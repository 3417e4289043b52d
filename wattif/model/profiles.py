"""Standard load profiles: the mean day of a class of customers, by season and type of day.

Source: BDEW 1999 (H0, G0-G6, L0) and 2025 (H25, G25, L25, P25, S25), see data/bdew_profiles.csv.
"""

from __future__ import annotations

import csv
import math
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wattif.model.shifts import shift_table

Climate = Literal["north", "south", "tropics"]
DayType = Literal["weekday", "saturday", "sunday"]
KINDS: tuple[DayType, ...] = ("weekday", "saturday", "sunday")


@cache
def load_profile(name: str) -> dict[tuple[str, DayType], NDArray[np.float64]]:
    """The profile *name* ("h0", "h25", …): 96 mean powers a quarter of an hour, relative to the year's mean.

    The keys are (season, type of day); the seasons are winter, summer and transition for the profiles of 1999
    and the months "1" to "12" for those of 2025. `KeyError` when there is no such profile.
    """
    table: dict[tuple[str, DayType], NDArray[np.float64]] = {}
    text = files("wattif.model").joinpath("data/bdew_profiles.csv").read_text(encoding="utf-8")
    for row in csv.reader(line for line in text.splitlines() if not line.startswith("#")):
        if row[0] == name:
            table[row[1], row[2]] = np.array(row[3:], dtype=np.float64) / 10_000.0  # type: ignore[index]  # from a file
    if not table:
        raise KeyError(f"there is no standard load profile {name!r}")
    return table


def day_type(day: date) -> DayType:
    """The type of *day* by the week alone; `wattif.model.holidays` knows the holidays of a city."""
    weekday = day.weekday()
    return "saturday" if weekday == 5 else "sunday" if weekday == 6 else "weekday"


def season(day: date, climate: Climate) -> str:
    """The season of the 1999 profiles; half a year later in the south, always transition in the tropics."""
    if climate == "tropics":
        return "transition"
    month = day.month if climate == "north" else (day.month + 5) % 12 + 1
    if (5, 15) <= (month, day.day) <= (9, 14):
        return "summer"
    return "winter" if month >= 11 or (month, day.day) <= (3, 20) else "transition"


def profile_day(name: str, day: date, climate: Climate, kind: DayType) -> NDArray[np.float64]:
    """The 96 quarters of an hour of *day* (local time), a day of that *kind*, relative to the year's mean.

    A shift plan (`wattif.model.shifts`) is one, too; it knows no seasons.
    """
    if name.startswith("shift"):
        plan: NDArray[np.float64] = shift_table(name)[KINDS.index(kind)]
        return plan
    return load_profile(name)[_season_of(name, day, climate), kind]


@cache
def week_mean(name: str, season_or_month: str) -> float:
    """The mean of a week of five weekdays, a Saturday and a Sunday, relative to the year's mean."""
    weekday, saturday, sunday = (math.fsum(load_profile(name)[season_or_month, kind].tolist()) for kind in KINDS)
    return (5.0 * weekday + saturday + sunday) / (7.0 * 96.0)


def relative_day(name: str, day: date, climate: Climate, kind: DayType) -> NDArray[np.float64]:
    """`profile_day`, but relative to the week of its season: how much a month uses is not the profile's matter."""
    if name.startswith("shift"):
        return profile_day(name, day, climate, kind)
    relative: NDArray[np.float64] = profile_day(name, day, climate, kind) / week_mean(
        name, _season_of(name, day, climate)
    )
    return relative


def _season_of(name: str, day: date, climate: Climate) -> str:
    """The season of a profile of 1999, or the month of one of 2025; in the tropics always spring."""
    if ("1", "weekday") not in load_profile(name):
        return season(day, climate)
    return {"north": str(day.month), "south": str((day.month + 5) % 12 + 1), "tropics": "4"}[climate]

"""Mean days of a city's customers as they were measured: the shape of a city's own profiles in its file."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
HOURS = 24
MOST_OF_WEEK = 1.5  # mean of a type of day, relative to the week: bounds of a day's energy rest on it


def _whole_day(values: tuple[float, ...]) -> tuple[float, ...]:
    if len(values) != HOURS:
        raise ValueError(f"has {len(values)} values, must have {HOURS}")
    return values


Hours = Annotated[tuple[Annotated[float, Field(gt=0, le=100)], ...], AfterValidator(_whole_day)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TypicalWeek:
    """The mean power of each local hour by type of day; holidays are Sundays. Only ratios matter."""

    weekday: Hours
    saturday: Hours
    sunday: Hours

    def __post_init__(self) -> None:
        weekday, saturday, sunday = (math.fsum(day) for day in (self.weekday, self.saturday, self.sunday))
        week = (5.0 * weekday + saturday + sunday) / 7.0
        if max(weekday, saturday, sunday) > MOST_OF_WEEK * week:
            raise ValueError(f"the mean of a type of day must be at most {MOST_OF_WEEK} of the week's")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Seasons:
    """A class's weeks by season; one that is left out follows the standard profiles, as all do in the tropics but one.

    The seasons are those of `wattif.model.profiles.season`: in the tropics, all year is transition.
    """

    winter: TypicalWeek | None = None
    transition: TypicalWeek | None = None
    summer: TypicalWeek | None = None

    def week(self, season: str) -> TypicalWeek | None:
        """The week of a season, if there is one of its own."""
        found: TypicalWeek | None = getattr(self, season)
        return found


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CityProfiles:
    """A city's own profiles by class; a class that is left out follows the standard profiles."""

    residential: Seasons | None = None
    commercial: Seasons | None = None
    industrial: Seasons | None = None

    def __getitem__(self, class_id: str) -> Seasons | None:
        """The seasons of one class, by its id."""
        found: Seasons | None = getattr(self, class_id)
        return found

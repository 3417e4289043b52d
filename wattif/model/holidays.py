"""Public holidays, and what kind of day each day is in a city.

Holidays come from the `holidays` package, whose version is pinned: they are part of the dataset's bytes.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from wattif.model import profiles
from wattif.model.cities import City
from wattif.model.profiles import DayType

_EVES = ((12, 24), (12, 31))


def holidays_of(city: City, year: int) -> frozenset[date]:
    """The public holidays of *year* where the city lies, with the days on which they are observed instead."""
    return _public_holidays(city.country, city.subdivision, year)


@cache
def _public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    import holidays  # slow to import

    found = holidays.country_holidays(country, subdiv=subdivision, years=year, expand=False)
    return frozenset(day for day in found if day.year == year)


def day_type(city: City, day: date) -> DayType:
    """The type of *day* in the city: a holiday is a Sunday, 24 and 31 December are Saturdays unless they are Sundays.

    The rule for standard load profiles, see VDEW (now BDEW), Anwendung der Repräsentativen VDEW-Lastprofile
    step-by-step, 2000.
    """
    if day in holidays_of(city, day.year):
        return "sunday"
    kind = profiles.day_type(day)
    return "saturday" if kind == "weekday" and (day.month, day.day) in _EVES else kind

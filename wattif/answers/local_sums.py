"""The local days of some meters in a local month: which moments belong to which, and where their sums stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from wattif.errors import InvalidValue, did_you_mean
from wattif.model.network import Network
from wattif.model.world import World
from wattif.numeric.calendar import DAY_S, day_number, is_zone, known_zones, month_after
from wattif.numeric.local_days import LocalDays, local_days

LOCAL = "local"
_AROUND_DAYS = 3  # a zone is at most 14 hours off, a clock less than a day


@dataclass(frozen=True)
class LocalZones:
    """The time zones in which days are to be told."""

    names: tuple[str, ...]  # one per city
    network: Network

    @classmethod
    def of(cls, time_zone: str, world: World) -> LocalZones | None:
        """Those that `time_zone` asks for: each city's own, or one for all; None for UTC."""
        if time_zone == "UTC":
            return None
        if time_zone != LOCAL and not is_zone(time_zone):
            hint = did_you_mean(time_zone, known_zones()) or "; write UTC, local, or a name such as Asia/Kolkata"
            raise InvalidValue("time_zone", time_zone, f"no time zone of the IANA database{hint}")
        names = (city.time_zone if time_zone == LOCAL else time_zone for city in world.cities)
        return cls(tuple(names), world.network)

    def of_meters(self, first: int, count: int) -> NDArray[np.int64]:
        """The place in `names` of each of *count* meters from *first* on."""
        return self.network.cities_of(first, count)

    def days_of(self, month: date, zone: int) -> LocalDays:
        """The local days around the month that begins on *month*, in the zone at that place."""
        first, end = day_number(month) - _AROUND_DAYS, day_number(month_after(month)) + _AROUND_DAYS
        return local_days(self.names[zone], first * DAY_S, end * DAY_S)

    def places(self, month: date, first_meter: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Since when (seconds since 1970) the day of the meter's month is which, counted from 0; -1: none of it."""
        days = self.days_of(month, int(self.of_meters(first_meter, 1)[0]))
        places = days.days - day_number(month)
        outside = (places < 0) | (days.days >= day_number(month_after(month)))
        return days.starts_s, np.where(outside, -1, places)

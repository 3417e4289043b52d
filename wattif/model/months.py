"""The months of a city: how a month's energy is spread over its days by type of day and temperature."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from wattif.model import local_time
from wattif.model.cities import City
from wattif.model.classes import CLASSES, INDUSTRIAL, PROFILES
from wattif.model.energy import Month
from wattif.model.weather import daily_temperature, load_response
from wattif.numeric import calendar


@lru_cache(maxsize=16)
def month_of(seed: int, city: City, epoch: date, first: date) -> Month:
    """The month that begins on *first*, for a dataset whose first month begins on *epoch*.

    A day weighs the mean of its standard profile; homes and shops more for its temperature, factories not.
    """
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    days = [first + timedelta(days=number) for number in range((after - first).days)]
    first_quarter = calendar.day_number(first) * calendar.QUARTERS
    quarters = calendar.local_quarters(city.time_zone, first_quarter, len(days) * calendar.QUARTERS)
    responses = np.array([load_response(city, daily_temperature(seed, city, day)) for day in days])
    weights = np.empty((len(PROFILES), len(days)))
    for number, profile in enumerate(PROFILES):
        rows = local_time.profile_at(city, profile, quarters).reshape(len(days), calendar.QUARTERS)
        weights[number] = [calendar.plain_mean(row) for row in rows]
        if profile not in INDUSTRIAL.profiles:
            weights[number] *= responses
    return Month(
        since_epoch=(first.year - epoch.year) * 12 + first.month - epoch.month,
        epoch_month=epoch.month - 1,
        first_day=calendar.day_number(first),
        season=np.array(city.season),
        day_weights=weights,
        absence=np.array([each.energy.absence for each in CLASSES for _ in each.profiles]),
    )

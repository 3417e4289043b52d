"""The months of a city: how a month's energy is spread over its days by type of day and temperature."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wattif.model import local_time
from wattif.model.cities import City
from wattif.model.classes import CLASSES, INDUSTRIAL, PROFILES
from wattif.model.energy import Month
from wattif.model.weather import daily_temperature, relative_response
from wattif.numeric import calendar


@lru_cache(maxsize=16)
def month_of(seed: int, city: City, epoch: date, first: date) -> Month:
    """The month that begins on *first*, for a dataset whose first month begins on *epoch*."""
    firsts = _months_between(calendar.months_later(epoch, -2), calendar.months_later(first, 3))
    around = [_day_weights(seed, city, calendar.months_later(first, step)) for step in range(-2, 3)]
    return Month(
        since_epoch=(first.year - epoch.year) * 12 + first.month - epoch.month,
        epoch_month=epoch.month - 1,
        first_day=calendar.day_number(first),
        season=np.array(city.season),
        day_weights=around[2],
        absence=np.array([each.energy.absence for each in CLASSES for _ in each.profiles]),
        first_days=np.array([calendar.day_number(month) for month in firsts]),
        weight_sums=np.stack([weights.sum(axis=1) for weights in around], axis=1),
        weights_before=around[1],
        weights_after=around[3],
    )


@lru_cache(maxsize=1024)
def profile_means(city: City, day: date) -> NDArray[np.float64]:
    """The mean of each profile on a UTC day, relative to the week of its season."""
    quarters = calendar.local_quarters(city.time_zone, calendar.day_number(day) * calendar.QUARTERS, calendar.QUARTERS)
    means = np.array([calendar.plain_mean(curve) for curve in local_time.profiles_at(city, quarters, of_week=True)])
    means.flags.writeable = False
    return means


@lru_cache(maxsize=64)
def _day_weights(seed: int, city: City, first: date) -> NDArray[np.float64]:
    """(profiles, days) of the month that begins on *first*.

    A day weighs the mean of its standard profile; homes and shops more for its temperature, factories not.
    """
    days = [first + timedelta(days=number) for number in range((calendar.month_after(first) - first).days)]
    weights = np.stack([profile_means(city, day) for day in days], axis=1)
    responses = np.array([relative_response(city, daily_temperature(seed, city, day)) for day in days])
    for number, profile in enumerate(PROFILES):
        if profile not in INDUSTRIAL.profiles:
            weights[number] *= responses
    return weights


def _months_between(first: date, last: date) -> list[date]:
    months = [first]
    while months[-1] < last:
        months.append(calendar.month_after(months[-1]))
    return months

"""The coincident peak of a transformer's meters in a month: the mean day of its profiles, and how peaks diversify.

Customers who follow the same profile do not peak at the same moment. The peak of *n* of them is that of the mean day
times ``1 + 3.7 / n^0.8``: fitted to the model's own homes, the coincidence factors of
5, 20 and 100 of them in docs/realism.md.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from wattif.model import local_time
from wattif.model.cities import City
from wattif.numeric import calendar
from wattif.numeric.ieee import exp, log

POWER_FACTOR = 0.95
_ALONE, _EXPONENT = 3.7, 0.8
_MIDDLE_DAYS = range(10, 17)  # a week in the middle of the month


def month_days(city: City, month: date) -> NDArray[np.float64]:
    """(profiles, quarters of an hour): power in a week of *month*, relative to the mean of the week."""
    first = calendar.day_number(month + timedelta(days=_MIDDLE_DAYS.start))
    quarters = calendar.local_quarters(city.time_zone, first * calendar.QUARTERS, len(_MIDDLE_DAYS) * calendar.QUARTERS)
    curves = local_time.profiles_at(city, quarters, of_week=True)
    means = np.array([calendar.plain_mean(curve) for curve in curves])
    relative: NDArray[np.float64] = curves / means[:, None]
    return relative


def diversity(customers: int) -> float:
    """How far the peak of so many customers lies above that of their mean day."""
    return 1.0 + _ALONE / exp(_EXPONENT * log(float(max(customers, 1))))


def coincident_peaks_kw(
    mean_kw: NDArray[np.float64], curves: NDArray[np.float64], customers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The coincident peak of each transformer.

    *mean_kw*: (transformers, profiles), mean load of the month; *curves*: of `month_days`; *customers*: how many each
    feeds.
    """
    factors = np.array([diversity(n) for n in range(int(customers.max()) + 1)])[customers]
    peaks = np.empty(len(customers))
    for transformer in range(len(customers)):  # a matrix product adds in an order of the machine
        day_kw = np.zeros(curves.shape[1])
        for profile in np.flatnonzero(mean_kw[transformer]):
            day_kw += mean_kw[transformer, profile] * curves[profile]
        peaks[transformer] = day_kw.max() * factors[transformer]
    return peaks

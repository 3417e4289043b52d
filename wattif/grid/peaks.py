"""The coincident peak of a transformer's meters in a month: the mean day of its profiles, and how peaks diversify.

Customers who follow the same profile do not peak at the same moment, and no day is the mean day. The highest quarter of
an hour in a month of *n* customers is the peak of their mean day times ``1.17 + 7 / n``: fitted to 185 transformers of
3 to 150 simulated meters, in Manila, Berlin and Los Angeles, in summer and winter; it scatters by a fifth around that.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from wattif.model import local_time
from wattif.model.cities import City
from wattif.numeric import calendar
from wattif.numeric.jit import kernel

POWER_FACTOR = 0.95
_MANY, _ALONE = 1.17, 7.0  # of very many customers; what each is more if it is alone
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
    return _MANY + _ALONE / max(customers, 1)


def coincident_peaks_kw(
    mean_kw: NDArray[np.float64], curves: NDArray[np.float64], customers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The coincident peak of each transformer.

    *mean_kw*: (transformers, profiles), mean load of the month; *curves*: of `month_days`; *customers*: how many each
    feeds.
    """
    factors = np.array([diversity(n) for n in range(int(customers.max()) + 1)])[customers]
    peaks_kw = np.empty(len(customers))
    _fill_peaks(mean_kw, curves, factors, peaks_kw)
    return peaks_kw


@kernel
def _fill_peaks(
    mean_kw: NDArray[np.float64],
    curves: NDArray[np.float64],
    factors: NDArray[np.float64],
    peaks_kw: NDArray[np.float64],
) -> None:
    """In the order of the profiles: a matrix product would add in one of the machine's."""
    quarters = curves.shape[1]
    day_kw = np.empty(quarters)
    for i in range(mean_kw.shape[0]):
        day_kw[:] = 0.0
        for profile in range(curves.shape[0]):
            if mean_kw[i, profile] != 0.0:
                for quarter in range(quarters):
                    day_kw[quarter] += mean_kw[i, profile] * curves[profile, quarter]
        peak = day_kw[0]
        for quarter in range(quarters):
            peak = max(peak, day_kw[quarter])
        peaks_kw[i] = peak * factors[i]

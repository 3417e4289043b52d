"""Shift plans: the relative power of a factory that works one, two or three shifts.

Hours and ratios: docs/model.md, section "Industrial".
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

_hour = np.arange(96) / 4.0
_lunch = np.where((_hour >= 12.0) & (_hour < 12.5), 0.8, 1.0)


def _between(start_hour: float, end_hour: float, inside: float, outside: float) -> NDArray[np.float64]:
    return np.where((_hour >= start_hour) & (_hour < end_hour), inside, outside)


@cache
def shift_table(kind: str) -> NDArray[np.float64]:
    """Weekday, Saturday and Sunday of a plan, 96 quarters of an hour each: power relative to the week's mean.

    The sums of the rows are therefore the ratio between the energies of the types of day. `KeyError` when there
    is no such plan.
    """
    flat = np.ones(96)
    days = {
        "shift1": [_between(6.0, 15.0, 1.0, 0.28) * _lunch, 0.25 * flat, 0.25 * flat],
        "shift2": [_between(5.75, 22.0, 1.0, 0.35) * _lunch, _between(6.0, 14.0, 0.6, 0.3) * _lunch, 0.28 * flat],
        "shift3": [flat, flat, 0.85 * flat],  # by turns: nobody stops for lunch
    }[kind]
    weekday, saturday, sunday = (math.fsum(day.tolist()) for day in days)  # exact: the order of adding is no matter
    table = np.stack(days) * (7.0 * 96.0 / (5.0 * weekday + saturday + sunday))
    table.flags.writeable = False  # it is shared
    return table

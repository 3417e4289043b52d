"""The rhythm of a customer's day: its standard profile, its habits, its nights.

The formulas and their fitted constants are those of docs/model.md, section "Residential".
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattif.model.appliances import LOOKBACK
from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key, uniform

MARGIN = 16  # quarters on both sides of the profile: how far a home's habits may shift it, and one more
LOOKAHEAD = 7  # quarters after the day: the middle of the longest pulse that begins in it, and one more
CONTEXT = MARGIN + LOOKBACK + 96 + LOOKAHEAD + MARGIN  # length of the arrays that describe a day's surroundings
FIRST = MARGIN + LOOKBACK  # where in them the day begins

# Standard deviations of logarithms. Habit repeats from day to day and occupancy does not: between them they set how
# much a day resembles the one before and the same day of the last week (correlations of 0.28 in British homes).
_HABIT_SIGMA = 0.60
_HABIT_LEAST, _HABIT_RANGE = 0.6, 0.8  # of a home's own factor: some live by the clock more than others
_HABIT_LATTICE = 6  # quarters
_OCCUPANCY_SIGMA = 0.25
_OCCUPANCY_LATTICE = 6.773  # quarters
_METER_SHIFT = 2.0  # quarters; more would wash out the evening peak that homes have in common
_DAY_SHIFT_QUARTERS = 0.796
# A night: when a home goes to bed and gets up, quarters of its local day, and how much these scatter between homes and
# from night to night; which share of its load above the base goes out meanwhile.
_TO_BED, _TO_BED_SIGMA, _UP, _UP_SIGMA, _NIGHT_SIGMA, _WEEKEND_LATER = 95.0, 4.0, 27.0, 3.5, 1.5, 3.0
_QUIET_LEAST, _QUIET_RANGE = 0.0, 1.0
# square roots are exact everywhere
_TO_BED_SCATTER = math.sqrt(_TO_BED_SIGMA**2 + _NIGHT_SIGMA**2)
_UP_SCATTER = math.sqrt(_UP_SIGMA**2 + _NIGHT_SIGMA**2)

_HOME = int(Stream.HOME)
_HABIT = int(Stream.HABIT)
_OCCUPANCY = int(Stream.OCCUPANCY)
_DAY_SHIFT = int(Stream.DAY_SHIFT)
_SLEEP = int(Stream.SLEEP)


@kernel
def daily_habit(key: np.uint64, quarter: int, weekend: int) -> float:
    """The customer's own daily rhythm: noise on a lattice of 1.5 h, periodic over 24 h, another one at weekends."""
    cells = 96 // _HABIT_LATTICE
    cell = quarter // _HABIT_LATTICE
    share = (quarter - cell * _HABIT_LATTICE) / _HABIT_LATTICE
    base = weekend * cells
    return normal(draw(key, base + cell)) * (1.0 - share) + normal(draw(key, base + (cell + 1) % cells)) * share


def _mean_awake() -> NDArray[np.float64]:
    """(weekday or weekend, quarters): what sleep leaves of the load in the mean of all homes."""
    mean_quiet = _QUIET_LEAST + 0.5 * _QUIET_RANGE
    table = np.empty((2, 96))
    for weekend in range(2):
        for quarter in range(96):
            hour = quarter if quarter >= 48 else quarter + 96
            past_bed = (hour - _TO_BED - 1.0) / _TO_BED_SCATTER
            before_up = (_UP + _WEEKEND_LATER * weekend + 95.0 - hour) / _UP_SCATTER
            asleep = 1.0 / ((1.0 + exp(-1.702 * past_bed)) * (1.0 + exp(-1.702 * before_up)))
            table[weekend, quarter] = 1.0 - mean_quiet * asleep
    return table


_MEAN_AWAKE = _mean_awake()


@kernel
def relative_load(
    seed: int,
    meter: int,
    utc_day: int,
    base_share: float,
    bare: bool,
    profile: NDArray[np.float64],
    local_quarter: NDArray[np.int64],
    weekend: NDArray[np.int64],
) -> NDArray[np.float64]:
    """r_k: the load above the base relative to its mean, for quarters -LOOKBACK to 96 + LOOKAHEAD - 1.

    *bare*: nothing at all runs while the home sleeps.
    """
    home = stream_key(seed, _HOME, meter)
    habit_key = stream_key(seed, _HABIT, meter)
    occupancy_key = stream_key(seed, _OCCUPANCY, meter)
    shift_key = stream_key(seed, _DAY_SHIFT, meter)
    sleep_key = stream_key(seed, _SLEEP, meter)
    meter_shift = _METER_SHIFT * normal(draw(home, 0))
    habit_sigma = _HABIT_SIGMA * (_HABIT_LEAST + _HABIT_RANGE * uniform(draw(home, 1)))
    quiet = 1.0 if bare else _QUIET_LEAST + _QUIET_RANGE * uniform(draw(home, 23))
    to_bed = _TO_BED + _TO_BED_SIGMA * normal(draw(home, 20))
    up = _UP + _UP_SIGMA * normal(draw(home, 21))
    # a linear value noise has 2/3 of its lattice's variance; the factor makes the lognormal's mean one
    mean_one = exp(-0.5 * (2.0 / 3.0) * (habit_sigma * habit_sigma + _OCCUPANCY_SIGMA * _OCCUPANCY_SIGMA))
    load = np.empty(LOOKBACK + 96 + LOOKAHEAD)
    day, night = -1, -1
    shift, sleeps, wakes = 0.0, 0.0, 0.0
    cell, cell_from, cell_to = -1, 0.0, 0.0
    for i in range(load.shape[0]):
        at = MARGIN + i
        clock = local_quarter[at] % 96
        if local_quarter[at] // 96 != day:
            day = local_quarter[at] // 96
            shift = meter_shift + _DAY_SHIFT_QUARTERS * normal(draw(shift_key, day))
        if (local_quarter[at] + 48) // 96 != night:  # nights are counted from noon to noon
            night = (local_quarter[at] + 48) // 96
            sleeps = to_bed + _NIGHT_SIGMA * normal(draw(sleep_key, 2 * night))
            wakes = up + _NIGHT_SIGMA * normal(draw(sleep_key, 2 * night + 1))
        position = at + shift
        left = int(position)
        share = position - left
        standard = profile[left] * (1.0 - share) + profile[left + 1] * share
        habit = daily_habit(habit_key, clock, weekend[at])
        place = (utc_day * 96 + i - LOOKBACK) / _OCCUPANCY_LATTICE
        if math.floor(place) != cell:
            cell = math.floor(place)
            cell_from, cell_to = normal(draw(occupancy_key, cell)), normal(draw(occupancy_key, cell + 1))
        occupancy = cell_from + (cell_to - cell_from) * (place - cell)
        hour = clock if clock >= 48 else clock + 96  # quarters since the midnight before the night
        asleep = min(max(0.5 * (hour - sleeps), 0.0), 1.0) * min(
            max(0.5 * (wakes + _WEEKEND_LATER * weekend[at] + 96.0 - hour), 0.0), 1.0
        )
        awake = (1.0 - quiet * asleep) / _MEAN_AWAKE[weekend[at], clock]
        random = exp(habit_sigma * habit + _OCCUPANCY_SIGMA * occupancy) * mean_one
        load[i] = max(standard - base_share, 0.02) * random * awake
    return load

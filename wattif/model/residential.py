"""The power of a home, in steps of ten seconds: base load, habits, fridge and appliances.

The formulas and their fitted constants are those of docs/model.md, section "Residential"; every number is a hash
of (seed, stream, meter, time), so any day can be computed alone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattif.model.levels import Around, day_factor, day_share, level_w, own_level_w
from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel
from wattif.numeric.streams import (
    Stream,
    draw,
    minute_noise,
    normal,
    reading_noise,
    stream_key,
    uniform,
)

STEP_S = 10
STEPS = 8640
LOOKBACK = 20  # quarters of an hour: the longest pulse lasts five hours
MARGIN = 16  # quarters on both sides of the profile: how far a home's habits may shift it, and one more
LOOKAHEAD = 7  # quarters after the day: the middle of the longest pulse that begins in it, and one more
CONTEXT = MARGIN + LOOKBACK + 96 + LOOKAHEAD + MARGIN  # length of the arrays that describe a day's surroundings
FIRST = MARGIN + LOOKBACK  # where in them the day begins

# type of appliance: share of the energy, mean power in W and its spread, shortest and longest run in steps, quarters
# from its start to its middle, share of the homes that own one, longest period of its thermostat in steps (0: none)
_SHARE, _WATTS, _SPREAD, _SHORTEST, _LONGEST, _MIDDLE, _OWNED, _PERIOD = range(8)
_APPLIANCES = np.array(
    [
        [0.125, 2200.0, 0.25, 6.0, 36.0, 0.0, 1.00, 0.0],  # kettle, microwave
        [0.235, 1500.0, 0.60, 30.0, 270.0, 1.0, 1.00, 60.0],  # hob, oven
        [0.165, 2000.0, 0.30, 120.0, 420.0, 1.0, 1.00, 72.0],  # washing, drying, immersion heater
        [0.110, 8000.0, 0.20, 12.0, 54.0, 0.0, 0.45, 0.0],  # electric shower
        [0.115, 300.0, 0.70, 360.0, 1800.0, 6.0, 1.00, 0.0],  # television, computer, lights
        [0.250, 300.0, 0.80, 6.0, 90.0, 0.0, 1.00, 0.0],  # lights, computers, tools for a short while
    ]
)
_SHORTEST_PERIOD = 6  # steps
_ON_LEAST, _ON_RANGE = 0.35, 0.45  # share of a period in which a thermostat is on
_SMOOTH_SHARE = 0.44  # of the power above the base; the pulses carry the rest
_PULSE_SHARE = 1.0 - _SMOOTH_SHARE
_PULSE_POWER = 0.80
# Base share: its median, the standard deviation of its logarithm and its bounds. The wide spread makes some homes'
# half-hours nearly even (a tenth of the British ones have a variation of 0.75 or less).
_BASE_SHARE, _BASE_SIGMA, _BASE_LEAST, _BASE_MOST = 0.23, 0.68, 0.04, 0.70
# Standard deviations of logarithms. Habit repeats from day to day and occupancy does not: between them they set how
# much a day resembles the one before and the same day of the last week (correlations of 0.28 in British homes).
_HABIT_SIGMA = 0.60
_HABIT_LEAST, _HABIT_RANGE = 0.6, 0.8  # of a home's own factor: some live by the clock more than others
_HABIT_LATTICE = 6  # quarters
_OCCUPANCY_SIGMA = 0.25
_OCCUPANCY_LATTICE = 6.773  # quarters
_METER_SHIFT = 2.0  # quarters; more would wash out the evening peak that homes have in common
_DAY_SHIFT_QUARTERS = 0.796

BASE_MOST_OF_DAY = 0.8
LEAST_BASE_W = 5.0
_BARE = 0.03  # share of the homes in which nothing runs at night: no fridge, nothing on standby
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
_PULSE_COUNT = int(Stream.PULSE_COUNT)
_PULSE_SHAPE = int(Stream.PULSE_SHAPE)
_PULSE_CYCLE = int(Stream.PULSE_CYCLE)
_SLEEP = int(Stream.SLEEP)
_FRIDGE_CYCLE = int(Stream.FRIDGE_CYCLE)
_MINUTE_NOISE = int(Stream.MINUTE_NOISE)
_READING_NOISE = int(Stream.READING_NOISE)


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
def _relative_load(
    seed: int,
    meter: int,
    utc_day: int,
    base_share: float,
    quiet: float,
    profile: NDArray[np.float64],
    local_quarter: NDArray[np.int64],
    weekend: NDArray[np.int64],
) -> NDArray[np.float64]:
    """r_k: the load above the base relative to its mean, for quarters -LOOKBACK to 96 + LOOKAHEAD - 1.

    *quiet*: by which share it falls while the home sleeps.
    """
    home = stream_key(seed, _HOME, meter)
    habit_key = stream_key(seed, _HABIT, meter)
    occupancy_key = stream_key(seed, _OCCUPANCY, meter)
    shift_key = stream_key(seed, _DAY_SHIFT, meter)
    sleep_key = stream_key(seed, _SLEEP, meter)
    meter_shift = _METER_SHIFT * normal(draw(home, 0))
    habit_sigma = _HABIT_SIGMA * (_HABIT_LEAST + _HABIT_RANGE * uniform(draw(home, 1)))
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


@kernel
def add_pulse(changes: NDArray[np.int32], start: int, end: int, watts: int) -> None:
    """Add *watts* from step *start* to before step *end*, as far as it lies within the day."""
    if end > 0 and start < STEPS:
        changes[max(start, 0)] += watts
        changes[min(end, STEPS)] -= watts


@kernel
def sum_pulses(changes: NDArray[np.int32]) -> NDArray[np.float64]:
    """Turn *changes* of power into the power itself; its means over the 96 quarters of an hour."""
    quarters_w = np.empty(96)
    now = 0
    for quarter in range(96):
        total = 0
        for step in range(quarter * 90, quarter * 90 + 90):
            now += changes[step]
            changes[step] = now
            total += now
        quarters_w[quarter] = total / 90.0
    return quarters_w


@kernel
def _base_w(around: Around, base_share: float, quarter: float) -> float:
    """The base load: a share of the home's own level, unless hardly anything is used around that day."""
    return min(base_share * own_level_w(around, quarter), BASE_MOST_OF_DAY * level_w(around, quarter))


@kernel
def _add_cycles(
    bits: np.uint64, changes: NDArray[np.int32], start: int, length: int, watts: float, longest_period: int
) -> None:
    """Add a run of the mean power *watts* that a thermostat switches on and off, from one to *longest_period* steps."""
    periods = np.uint64(longest_period - _SHORTEST_PERIOD + 1)
    period = _SHORTEST_PERIOD + int((bits & np.uint64(0xFFFF)) * periods >> np.uint64(16))
    on_share = _ON_LEAST + _ON_RANGE * (float((bits >> np.uint64(16)) & np.uint64(0xFFFF)) / 65536.0)
    on = max(int(period * on_share), 2)
    height = int(watts * period / on + 0.5)
    for at in range(start, start + length, period):
        add_pulse(changes, at, min(at + on, start + length), height)


@kernel
def _add_appliances(
    seed: int, meter: int, utc_day: int, load: NDArray[np.float64], levels_w: NDArray[np.float64], changes: NDArray[np.int32]
) -> None:
    """Add the runs of all appliances that touch the day, each a rectangle, to the *changes* of power."""
    home = stream_key(seed, _HOME, meter)
    count_key = stream_key(seed, _PULSE_COUNT, meter)
    shape_key = stream_key(seed, _PULSE_SHAPE, meter)
    cycle_key = stream_key(seed, _PULSE_CYCLE, meter)
    size = _PULSE_POWER * (0.6 + 0.8 * uniform(draw(home, 2)))
    for kind in range(_APPLIANCES.shape[0]):
        appliance = _APPLIANCES[kind]
        if uniform(draw(home, 10 + kind)) >= appliance[_OWNED]:
            continue
        watts = appliance[_WATTS] * size
        energy_wh = watts * (appliance[_SHORTEST] + appliance[_LONGEST]) * 0.5 * STEP_S / 3600.0
        rate = _PULSE_SHARE * appliance[_SHARE] / appliance[_OWNED] * 0.25 / energy_wh
        for k in range(-LOOKBACK, 96):
            expected = rate * load[k + LOOKBACK + int(appliance[_MIDDLE])] * levels_w[k + LOOKBACK]
            counter = (utc_day * 96 + k) * 8 + kind
            count = int(expected + uniform(draw(count_key, counter)))
            if count == 0:
                continue
            bits = draw(shape_key, counter)
            height = watts * count * (1.0 + appliance[_SPREAD] * (float(bits & np.uint64(0xFFFF)) / 32768.0 - 1.0))
            run = appliance[_LONGEST] - appliance[_SHORTEST]
            length = int(
                appliance[_SHORTEST] + run * (np.float64((bits >> np.uint64(16)) & np.uint64(0xFFFF)) / 65536.0)
            )
            start = k * 90 + int(np.float64((bits >> np.uint64(32)) & np.uint64(0xFFFF)) * (90.0 / 65536.0))
            if appliance[_PERIOD] > 0.0:
                _add_cycles(draw(cycle_key, counter), changes, start, length, height, int(appliance[_PERIOD]))
            else:
                add_pulse(changes, start, start + length, int(height + 0.5))


@kernel
def _fill_fridge(seed: int, meter: int, utc_day: int, fridge: NDArray[np.int32]) -> tuple[float, float]:
    """Fill the fridge's power in each step; its mean power in the long run and on the day, in W."""
    home = stream_key(seed, _HOME, meter)
    cycle_key = stream_key(seed, _FRIDGE_CYCLE, meter)
    watts = int(60.0 + 60.0 * uniform(draw(home, 3)))
    duty = 0.3 + 0.2 * uniform(draw(home, 4))
    period = 270.0 + 180.0 * uniform(draw(home, 5))  # steps: 45 to 75 minutes
    phase = uniform(draw(home, 6)) * period
    day_start = utc_day * STEPS
    first = math.floor((day_start + phase) / period)
    running = 0
    for cycle in range(first, first + int(STEPS / period) + 3):
        start = int(cycle * period - phase) - day_start
        length = int(period * duty * (0.75 + 0.5 * uniform(draw(cycle_key, cycle))))
        for step in range(max(start, 0), min(start + length, STEPS)):
            fridge[step] = watts
            running += 1
    return watts * duty, watts * (running / STEPS)


@kernel
def residential_power(
    seed: int,
    meter: int,
    utc_day: int,
    around: Around,
    profile: NDArray[np.float64],
    local_quarter: NDArray[np.int64],
    weekend: NDArray[np.int64],
    watts: NDArray[np.int32],
) -> None:
    """Fill *watts* (8,640 steps of ten seconds, never below 0) with the power of a home on *utc_day*.

    Parameters: the day (days since 1970) and its energy; and for each quarter of an hour from `FIRST`
    quarters before the day to `MARGIN` after it, the standard load profile (mean 1 a week), the local time in
    quarters since 1970, and whether it is a weekend there (0 or 1).
    """
    home = stream_key(seed, _HOME, meter)
    base_share = min(max(_BASE_SHARE * exp(_BASE_SIGMA * normal(draw(home, 7))), _BASE_LEAST), _BASE_MOST)
    quiet = _QUIET_LEAST + _QUIET_RANGE * uniform(draw(home, 23))
    bare = uniform(draw(home, 22)) < _BARE
    if bare:
        base_share, quiet = 0.0, 1.0
    load = _relative_load(seed, meter, utc_day, base_share, quiet, profile, local_quarter, weekend)
    levels_w = np.empty(LOOKBACK + 97)  # of the load above the base
    for i in range(levels_w.shape[0]):
        quarter = float(i - LOOKBACK)
        levels_w[i] = (level_w(around, quarter) - _base_w(around, base_share, quarter)) / (1.0 - base_share)
    changes = np.zeros(STEPS + 1, np.int32)
    _add_appliances(seed, meter, utc_day, load, levels_w, changes)
    fridge = np.zeros(STEPS, np.int32)
    fridge_w, total_w = 0.0, 0.0
    if not bare:
        fridge_w, total_w = _fill_fridge(seed, meter, utc_day, fridge)
    quarters_w = sum_pulses(changes)
    smooth_w, base_w = np.empty(97), np.empty(97)
    for quarter in range(97):
        smooth_w[quarter] = _SMOOTH_SHARE * levels_w[quarter + LOOKBACK] * load[quarter + LOOKBACK]
        base_w[quarter] = 0.0 if bare else max(_base_w(around, base_share, quarter) - fridge_w, LEAST_BASE_W)
    for quarter in range(96):
        quarters_w[quarter] += 0.5 * (smooth_w[quarter] + smooth_w[quarter + 1])
        total_w += (base_w[quarter] + base_w[quarter + 1]) / 192.0
    more = day_factor(around.mean_w, total_w, quarters_w) - 1.0
    ripple = minute_noise(stream_key(seed, _MINUTE_NOISE, meter), utc_day)
    white_w = 0.0 if bare else 2.0
    noise = reading_noise(stream_key(seed, _READING_NOISE, meter), utc_day)
    for quarter in range(96):
        from_w = smooth_w[quarter]
        slope_w = (smooth_w[quarter + 1] - from_w) / 90.0
        base_from_w = base_w[quarter]
        base_slope_w = (base_w[quarter + 1] - base_from_w) / 90.0
        factor = 1.0 + more * day_share(quarter)
        factor_slope = (1.0 + more * day_share(quarter + 1.0) - factor) / 90.0
        for i in range(90):
            step = quarter * 90 + i
            moving_w = changes[step] + (from_w + slope_w * i) * (1.0 + 0.06 * ripple[step])
            now_w = base_from_w + base_slope_w * i + fridge[step] + moving_w * (factor + factor_slope * i)
            watts[step] = int(max(now_w + (white_w + 0.006 * now_w) * noise[step], 0.0) + 0.5)

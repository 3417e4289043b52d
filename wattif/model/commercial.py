"""The power of a shop, an office or a workshop, in steps of ten seconds: a standard profile, habits, thermostats.

The formulas are those of docs/model.md, section "Commercial"; what industry shares with it is here, too.
Every number is a hash of (seed, stream, meter, time), so any day can be computed alone. A meter belongs to one
class only, so the streams are shared between the classes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattif.model.appliances import STEPS, add_pulse, sum_pulses
from wattif.model.levels import Around, day_factor, day_share, level_w
from wattif.model.rhythm import FIRST, daily_habit
from wattif.numeric.ieee import exp, log
from wattif.numeric.jit import kernel
from wattif.numeric.streams import (
    Stream,
    draw,
    minute_noise,
    normal,
    reading_noise,
    stream_key,
    uniform,
    value_noise,
)

CYCLE_LOOKBACK = 5  # quarters of an hour: no run of a thermostat or a machine lasts longer
LONGEST_RUN_SHARE = 0.95  # of its period: what cycles also stops
MACHINES = 4
READING_NOISE = 0.006  # half the width of the white noise

_THERMOSTAT_SHARE = 0.15  # of the energy
_THERMOSTAT_FULL = 1.6  # the load, relative to the mean, from which on a thermostat runs no longer still
_HABIT_SIGMA = 0.13
_HOURS_SIGMA = 0.12
_HOURS_LATTICE = 6.0  # quarters
_QUARTER_SIGMA = 0.06
_MINUTE_SIGMA = 0.02
_METER_SHIFT = 2.0  # quarters

_BUSINESS = int(Stream.BUSINESS)
_BUSINESS_HOURS = int(Stream.BUSINESS_HOURS)
_BUSINESS_QUARTER = int(Stream.BUSINESS_QUARTER)
_HABIT = int(Stream.HABIT)
_MACHINE = int(Stream.MACHINE)
_MACHINE_CYCLE = int(Stream.MACHINE_CYCLE)
_MINUTE_NOISE = int(Stream.MINUTE_NOISE)
_READING_NOISE = int(Stream.READING_NOISE)


@kernel
def standard_load(seed: int, meter: int, shift_quarters: float, profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """The meter's own standard: *profile*, moved by the meter's normal times *shift_quarters*.

    One value for each quarter of an hour from `CYCLE_LOOKBACK` before the day to the one after it.
    """
    shift = shift_quarters * normal(draw(stream_key(seed, _BUSINESS, meter), 0))
    standard = np.empty(CYCLE_LOOKBACK + 97)
    for i in range(standard.shape[0]):
        position = FIRST - CYCLE_LOOKBACK + i + shift
        left = int(position)
        share = position - left
        standard[i] = profile[left] * (1.0 - share) + profile[left + 1] * share
    return standard


@kernel
def with_habits(
    seed: int,
    meter: int,
    utc_day: int,
    habit_sigma: float,
    hours_sigma: float,
    standard: NDArray[np.float64],
    local_quarter: NDArray[np.int64],
    weekend: NDArray[np.int64],
) -> NDArray[np.float64]:
    """*standard* times the lognormal of the meter's daily habit and of 90-minute noise."""
    habit_key = stream_key(seed, _HABIT, meter)
    hours_key = stream_key(seed, _BUSINESS_HOURS, meter)
    load = np.empty(standard.shape[0])
    for i in range(load.shape[0]):
        at = FIRST - CYCLE_LOOKBACK + i
        habit = daily_habit(habit_key, local_quarter[at] % 96, weekend[at])
        hours = value_noise(hours_key, (utc_day * 96 + i - CYCLE_LOOKBACK) / _HOURS_LATTICE)
        load[i] = standard[i] * exp(habit_sigma * habit + hours_sigma * hours)
    return load


@kernel
def fill_power(
    seed: int,
    meter: int,
    utc_day: int,
    mean_w: float,
    smooth_w: NDArray[np.float64],
    quarter_sigma: float,
    minute_sigma: float,
    changes: NDArray[np.int32],
    watts: NDArray[np.int32],
) -> None:
    """Fill *watts*, of the mean *mean_w*, with noisy straight lines between the 97 points *smooth_w* and the pulses."""
    quarter_key = stream_key(seed, _BUSINESS_QUARTER, meter)
    minute = minute_noise(stream_key(seed, _MINUTE_NOISE, meter), utc_day)
    white = reading_noise(stream_key(seed, _READING_NOISE, meter), utc_day)
    quarters_w = sum_pulses(changes)
    noise = np.empty(97)
    for quarter in range(97):
        noise[quarter] = 1.0 + quarter_sigma * normal(draw(quarter_key, utc_day * 96 + quarter))
    for quarter in range(96):
        quarters_w[quarter] += (
            0.25 * (smooth_w[quarter] + smooth_w[quarter + 1]) * (noise[quarter] + noise[quarter + 1])
        )
    more = day_factor(mean_w, 0.0, quarters_w) - 1.0
    for quarter in range(96):
        noise_from = noise[quarter]
        noise_slope = (noise[quarter + 1] - noise_from) / 90.0
        from_w = smooth_w[quarter]
        slope_w = (smooth_w[quarter + 1] - from_w) / 90.0
        factor = 1.0 + more * day_share(quarter)
        factor_slope = (1.0 + more * day_share(quarter + 1.0) - factor) / 90.0
        for i in range(90):
            step = quarter * 90 + i
            ripple = noise_from + noise_slope * i + minute_sigma * minute[step]
            now_w = (changes[step] + (from_w + slope_w * i) * ripple) * (factor + factor_slope * i)
            watts[step] = int(max(now_w * (1.0 + READING_NOISE * white[step]), 0.0) + 0.5)


@kernel
def _sharpen(seed: int, meter: int, standard: NDArray[np.float64]) -> None:
    """Raise *standard* to the meter's own power of 0.75 to 1.25: some keep their hours more strictly than others."""
    contrast = 0.75 + 0.5 * uniform(draw(stream_key(seed, _BUSINESS, meter), 1))
    for i in range(standard.shape[0]):
        standard[i] = exp(contrast * log(max(standard[i], 0.01)))


@kernel
def add_thermostats(
    seed: int, meter: int, utc_day: int, load: NDArray[np.float64], around: Around, changes: NDArray[np.int32]
) -> None:
    """Add the runs of four thermostats (cooling, compressors) to the *changes* of power: longer with more load.

    They are counted from 1970 on, and a run's length follows from the load when it began: so it does not matter
    which day is computed.
    """
    machine_key = stream_key(seed, _MACHINE, meter)
    cycle_key = stream_key(seed, _MACHINE_CYCLE, meter)
    day_start = utc_day * STEPS
    for machine in range(MACHINES):
        period = 24.0 + 160.0 * uniform(draw(machine_key, machine * 4))  # steps: 4 to 31 minutes
        duty = 0.30 + 0.25 * uniform(draw(machine_key, machine * 4 + 1))  # at a load of one
        phase = uniform(draw(machine_key, machine * 4 + 2)) * period
        share = _THERMOSTAT_SHARE / MACHINES / duty
        first = math.floor((day_start + phase) / period) - 1
        for cycle in range(first, first + int(STEPS / period) + 4):
            start = math.floor(cycle * period - phase) - day_start
            if start <= -CYCLE_LOOKBACK * 90 or start >= STEPS:
                continue
            now = min(load[math.floor(start / 90.0) + CYCLE_LOOKBACK], _THERMOSTAT_FULL)
            chance = 0.8 + 0.4 * uniform(draw(cycle_key, cycle * MACHINES + machine))
            length = int(period * min(duty * now * chance, LONGEST_RUN_SHARE))
            add_pulse(changes, start, start + length, int(share * level_w(around, start / 90.0) + 0.5))


@kernel
def commercial_power(
    seed: int,
    meter: int,
    utc_day: int,
    around: Around,
    profile: NDArray[np.float64],
    local_quarter: NDArray[np.int64],
    weekend: NDArray[np.int64],
    watts: NDArray[np.int32],
) -> None:
    """Fill *watts* (8,640 steps of ten seconds, never below 0) with the power of a business on *utc_day*.

    Parameters: as those of `wattif.model.residential.residential_power`.
    """
    standard = standard_load(seed, meter, _METER_SHIFT, profile)
    _sharpen(seed, meter, standard)
    load = with_habits(seed, meter, utc_day, _HABIT_SIGMA, _HOURS_SIGMA, standard, local_quarter, weekend)
    changes = np.zeros(STEPS + 1, np.int32)
    add_thermostats(seed, meter, utc_day, load, around, changes)
    smooth_w = np.empty(97)
    for quarter in range(97):
        smooth_w[quarter] = (1.0 - _THERMOSTAT_SHARE) * level_w(around, quarter) * load[quarter + CYCLE_LOOKBACK]
    fill_power(seed, meter, utc_day, around.mean_w, smooth_w, _QUARTER_SIGMA, _MINUTE_SIGMA, changes, watts)

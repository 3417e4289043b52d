"""The power of a factory, in steps of ten seconds: a shift plan and machines that cycle while a shift is on.

The formulas are those of docs/model.md, section "Industrial"; the plans are in `wattif.model.shifts`. Every number
is a hash of (seed, stream, meter, time), so any day can be computed alone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattif.model.appliances import STEPS, add_pulse
from wattif.model.commercial import (
    CYCLE_LOOKBACK,
    LONGEST_RUN_SHARE,
    MACHINES,
    fill_power,
    standard_load,
    with_habits,
)
from wattif.model.levels import Around, level_w
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, stream_key, uniform

# A shift is on where the plan is above this share of the week's mean: the plans' shifts, lunch included, are at
# 0.85 to 2.2 and what runs without them at 0.4 to 0.65. (A Saturday's lunch of two shifts counts as a break.)
SHIFT_IS_ON = 0.75
_MACHINE_SHARE = 0.25  # of the power during a shift: about 20 % of the energy
_HABIT_SIGMA = 0.05
_HOURS_SIGMA = 0.06
_QUARTER_SIGMA = 0.05
_MINUTE_SIGMA = 0.02
_METER_SHIFT = 1.0  # quarters

_MACHINE = int(Stream.MACHINE)
_MACHINE_CYCLE = int(Stream.MACHINE_CYCLE)


@kernel
def add_machines(
    seed: int, meter: int, utc_day: int, standard: NDArray[np.float64], around: Around, changes: NDArray[np.int32]
) -> None:
    """Add the runs of four machines to the *changes* of power: those that begin in a shift, twice as strong at first.

    They are counted from 1970 on, and what a run is follows from the plan when it began: so it does not matter
    which day is computed.
    """
    machine_key = stream_key(seed, _MACHINE, meter)
    cycle_key = stream_key(seed, _MACHINE_CYCLE, meter)
    day_start = utc_day * STEPS
    for machine in range(MACHINES):
        period = 24.0 + 360.0 * uniform(draw(machine_key, machine * 4))  # steps: 4 to 64 minutes
        duty = 0.35 + 0.4 * uniform(draw(machine_key, machine * 4 + 1))
        phase = uniform(draw(machine_key, machine * 4 + 2)) * period
        first = math.floor((day_start + phase) / period) - 1
        for cycle in range(first, first + int(STEPS / period) + 4):
            start = math.floor(cycle * period - phase) - day_start
            if start <= -CYCLE_LOOKBACK * 90 or start >= STEPS:
                continue
            now = standard[math.floor(start / 90.0) + CYCLE_LOOKBACK]
            if now < SHIFT_IS_ON:
                continue
            watts = int(_MACHINE_SHARE / MACHINES / duty * now * level_w(around, start / 90.0) + 0.5)
            chance = 0.8 + 0.4 * uniform(draw(cycle_key, cycle * MACHINES + machine))
            add_pulse(changes, start, start + int(period * min(duty * chance, LONGEST_RUN_SHARE)), watts)
            add_pulse(changes, start, start + 1, watts)  # inrush


@kernel
def industrial_power(
    seed: int,
    meter: int,
    utc_day: int,
    around: Around,
    profile: NDArray[np.float64],
    local_quarter: NDArray[np.int64],
    weekend: NDArray[np.int64],
    watts: NDArray[np.int32],
) -> None:
    """Fill *watts* (8,640 steps of ten seconds, never below 0) with the power of a factory on *utc_day*.

    Parameters: as those of `wattif.model.residential.residential_power`; the profile is the meter's shift plan
    (`wattif.model.shifts`).
    """
    standard = standard_load(seed, meter, _METER_SHIFT, profile)
    load = with_habits(seed, meter, utc_day, _HABIT_SIGMA, _HOURS_SIGMA, standard, local_quarter, weekend)
    changes = np.zeros(STEPS + 1, np.int32)
    add_machines(seed, meter, utc_day, standard, around, changes)
    smooth_w = np.empty(97)
    for quarter in range(97):
        in_shift = standard[quarter + CYCLE_LOOKBACK] >= SHIFT_IS_ON
        mean_w = level_w(around, quarter) * load[quarter + CYCLE_LOOKBACK]
        smooth_w[quarter] = mean_w * (1.0 - _MACHINE_SHARE * in_shift)
    fill_power(seed, meter, utc_day, around.mean_w, smooth_w, _QUARTER_SIGMA, _MINUTE_SIGMA, changes, watts)

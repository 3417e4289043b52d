"""The appliances of a home: when they run, how long, and how their thermostats switch; each run is a rectangle.

The formulas and their fitted constants are those of docs/model.md, section "Residential".
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, stream_key, uniform

STEP_S = 10
STEPS = 8640
LOOKBACK = 20  # quarters of an hour: the longest pulse lasts five hours

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
_SHORTEST_PERIOD = 9  # steps
_ON_LEAST, _ON_RANGE = 0.35, 0.45  # share of a period in which a thermostat is on
SMOOTH_SHARE = 0.44  # of the power above the base; the pulses carry the rest
_PULSE_SHARE = 1.0 - SMOOTH_SHARE
_PULSE_POWER = 0.80

_HOME = int(Stream.HOME)
_PULSE_COUNT = int(Stream.PULSE_COUNT)
_PULSE_SHAPE = int(Stream.PULSE_SHAPE)
_PULSE_CYCLE = int(Stream.PULSE_CYCLE)
_FRIDGE_CYCLE = int(Stream.FRIDGE_CYCLE)


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
def add_appliances(
    seed: int,
    meter: int,
    utc_day: int,
    load: NDArray[np.float64],
    levels_w: NDArray[np.float64],
    changes: NDArray[np.int32],
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
def fill_fridge(seed: int, meter: int, utc_day: int, fridge: NDArray[np.int32]) -> tuple[float, float]:
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

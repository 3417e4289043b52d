"""An electric car charged at home: once per day, from the arrival in the evening, at full power until it is full.

A charge is counted in watt-steps (a watt for ten seconds). Nine of them are 25 mWh, and every charge is a multiple of
that; so its energy is a whole number of milliwatt-hours, and the power adds up to it exactly.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattif.model.residential import FIRST, STEPS
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key

CHARGER_W = 7200
PORTION_MWH = 25  # what a charge is a multiple of
PORTION_WATT_STEPS = 9

_ARRIVAL_STEP = 19 * 360.0  # of the local day
_ARRIVAL_SIGMA = 1.25 * 360.0
_CHARGE_MWH = 9_500_000.0
_CHARGE_SIGMA_MWH = 2_500_000.0
_SMALLEST_MWH = 2_000_000.0

_ELECTRIC_CAR = int(Stream.ELECTRIC_CAR)


@kernel
def _portions(seed: int, meter: int, local_day: int) -> int:
    """The charge that begins on *local_day*, in portions of `PORTION_MWH`."""
    z = normal(draw(stream_key(seed, _ELECTRIC_CAR, meter), 2 * local_day))
    return math.floor(max(_CHARGE_MWH + _CHARGE_SIGMA_MWH * z, _SMALLEST_MWH) / PORTION_MWH + 0.5)


@kernel
def car_energy_mwh(seed: int, meter: int, local_day: int) -> int:
    """The energy in mWh of the charge that begins on *local_day* (days since 1970), all of it, also after midnight."""
    return _portions(seed, meter, local_day) * PORTION_MWH


@kernel
def arrival_step(seed: int, meter: int, local_day: int) -> int:
    """When the charge of *local_day* begins, in steps since that local midnight: 14:40 to 23:20."""
    z = normal(draw(stream_key(seed, _ELECTRIC_CAR, meter), 2 * local_day + 1))
    return math.floor(_ARRIVAL_STEP + _ARRIVAL_SIGMA * z)


@kernel
def _step_of(local_quarter: NDArray[np.int64], target: int) -> int:
    """The step of the UTC day at which the local time first reaches quarter *target*; `STEPS` when beyond the array.

    When a change to summer time skips that quarter, it is the first one after it.
    """
    for i in range(local_quarter.shape[0]):
        if local_quarter[i] >= target:
            return (i - FIRST) * 90
    return STEPS


@kernel
def add_car(seed: int, meter: int, utc_day: int, local_quarter: NDArray[np.int64], watts: NDArray[np.int32]) -> None:
    """Add to *watts* (8,640 steps of ten seconds) what the meter's car draws on *utc_day*.

    *local_quarter*: as that of `wattif.model.residential.residential_power`. A charge ends two hours after
    local midnight at the latest, so it is enough to look back one day, wherever the local day begins.
    """
    for local_day in range(utc_day - 1, utc_day + 1):
        arrival = arrival_step(seed, meter, local_day)
        target = local_day * 96 + arrival // 90
        if local_quarter[0] > target:
            continue  # it was over before the day began
        start = _step_of(local_quarter, target) + arrival % 90
        rest = _portions(seed, meter, local_day) * PORTION_WATT_STEPS
        full = rest // CHARGER_W
        for step in range(max(start, 0), min(start + full, STEPS)):
            watts[step] += CHARGER_W
        if 0 <= start + full < STEPS:
            watts[start + full] += rest - full * CHARGER_W


@kernel
def charged_mwh(seed: int, meter: int, first_day: int, now_quarter: int) -> int:
    """The energy in mWh that the car has drawn by the local time *now_quarter* (quarters since 1970).

    Counted are the charges that begin on the local day *first_day* and later.
    """
    now = now_quarter * 90  # steps
    total = 0
    for local_day in range(first_day, now_quarter // 96 + 1):
        running = now - (local_day * STEPS + arrival_step(seed, meter, local_day))
        if running > 0:
            full = _portions(seed, meter, local_day) * PORTION_WATT_STEPS
            total += min(full, running * CHARGER_W) // PORTION_WATT_STEPS * PORTION_MWH
    return total

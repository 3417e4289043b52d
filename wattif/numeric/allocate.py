"""The one rule by which energy is shared out: cumulative rounding, integers that sum exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel


@kernel
def allocate(total: int, weights: NDArray[np.float64], parts: NDArray[np.int64]) -> None:
    """Share *total* out into *parts* in proportion to *weights*: differences of floor(total * cumsum / sum).

    Parameters: *total* from 0 to 2^51; *weights*, none negative; *parts*, of the same length, is filled.
    The parts are non-negative, sum to *total* exactly and are off their real share by less than one unit.
    Weights that sum to zero count as equal ones.
    """
    count = weights.shape[0]
    weight_sum = 0.0
    for i in range(count):
        weight_sum += weights[i]
    running = 0.0
    given = 0
    for i in range(count):
        running += weights[i] if weight_sum > 0.0 else 1.0
        upto = int(total * (running / (weight_sum if weight_sum > 0.0 else count)))
        upto = min(upto, total) if i < count - 1 else total
        parts[i] = upto - given
        given = upto


@kernel
def _allocate_steps(total: int, watts: NDArray[np.int32], scale: float, step_s: int, parts: NDArray[np.int64]) -> None:
    """`allocate_day` for an interval of one step, in less time; *scale*: mWh a watt-second."""
    running = 0  # watts up to the end of the reading
    for i in range(parts.shape[0]):
        running += watts[i]
        parts[i] = running
    given = 0
    for i in range(parts.shape[0]):
        upto = min(int(scale * float(parts[i] * step_s)), total)
        parts[i] = upto - given
        given = upto
    parts[-1] += total - given


@kernel
def allocate_day(total: int, watts: NDArray[np.int32], step_s: int, interval_s: int, parts: NDArray[np.int64]) -> None:
    """`allocate` a day's energy over its readings; the weights are the watt-seconds of each interval.

    Parameters: *total* in mWh; *watts*, the mean power of each step of *step_s* seconds; *parts*, in mWh, one
    an interval of *interval_s* seconds. The running sum is taken at the interval's end, so that two intervals
    give the same register at every instant they share, whether or not they are multiples of the step.
    """
    weight_sum = 0
    for step in range(watts.shape[0]):
        weight_sum += int(watts[step])
    scale = total / max(weight_sum * step_s, 1)
    if interval_s == step_s:
        _allocate_steps(total, watts, scale, step_s, parts)
        return
    running = 0  # watt-seconds up to the end of the reading
    step = 0
    rest_s = step_s  # of the step, not yet counted
    given = 0
    for i in range(parts.shape[0]):
        need_s = interval_s
        while need_s >= rest_s:
            running += rest_s * int(watts[step])
            need_s -= rest_s
            step += 1
            rest_s = step_s
        if need_s > 0:
            running += need_s * int(watts[step])
            rest_s -= need_s
        upto = min(int(scale * running), total)
        parts[i] = upto - given
        given = upto
    parts[-1] += total - given

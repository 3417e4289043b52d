"""Which rows meet a fault on the way, and which way: one hash a reading."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, stream_key, uniform

_DETAIL = int(Stream.FAULT_DETAIL)


@kernel
def draw_row_faults(
    key: np.uint64, first_number: int, shares_upto: NDArray[np.float64], codes: NDArray[np.uint8]
) -> None:
    """Fill *codes* with 0 for no fault or n for the n-th one.

    Parameters: *key* of the meter's stream; *first_number*, the absolute number of the first reading;
    *shares_upto*, the running sum of the faults' shares.
    """
    faults = shares_upto.shape[0]
    for i in range(codes.shape[0]):
        chance = uniform(draw(key, first_number + i))
        codes[i] = 0
        if chance < shares_upto[faults - 1]:
            fault = 0
            while chance >= shares_upto[fault]:
                fault += 1
            codes[i] = fault + 1


@kernel
def draw_details(seed: int, meters: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Random bits for readings of *meters*, by their absolute *numbers*."""
    bits = np.empty(meters.shape[0], np.uint64)
    for i in range(meters.shape[0]):
        bits[i] = draw(stream_key(seed, _DETAIL, meters[i]), numbers[i])
    return bits

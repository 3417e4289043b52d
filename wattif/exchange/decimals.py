"""Numbers of a row as text, with all their digits: written by a kernel, since a file has a hundred million of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel

_ROOM = 20  # characters of the widest number, with its comma
_COMMA, _POINT, _ZERO = ord(","), ord("."), ord("0")


@kernel
def _write_row(values: NDArray[np.int64], decimals: int, out: NDArray[np.uint8]) -> int:
    """*values* / 10^decimals, each with so many digits after the point, between commas; how many bytes."""
    end = 0
    for i in range(values.shape[0]):
        value = values[i]
        digits = 1
        rest = value // 10
        while rest > 0:
            digits += 1
            rest //= 10
        digits = max(digits, decimals + 1)
        place = end + digits  # of the last digit: the point takes a place
        end = place + 1
        for digit in range(digits):
            if digit == decimals:
                out[place] = _POINT
                place -= 1
            out[place] = _ZERO + value % 10
            value //= 10
            place -= 1
        out[end] = _COMMA
        end += 1
    return end - 1


def row_text(values: NDArray[np.int64], decimals: int) -> str:
    """*values* (none below 0) in units of 10^-*decimals*, as ``0.001234,12.500000``: exact, between commas."""
    out = np.empty(len(values) * _ROOM, np.uint8)
    length = _write_row(values, decimals, out)
    return out[:length].tobytes().decode("ascii")


def number_text(value: int, decimals: int, whole_digits: int = 1) -> str:
    """A number in units of 10^-*decimals*, with at least so many digits before the point."""
    whole, rest = divmod(value, 10**decimals)
    return f"{whole:0{whole_digits}d}.{rest:0{decimals}d}"

"""Rows of Avro's binary encoding (specification 1.12) into columns; no byte beyond the end is ever read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.encode.avro.rows import BOOLEAN, DECIMAL, DOUBLE, LONG
from wattif.numeric.jit import kernel

_LONGEST = 70  # bits of a long, seven a byte
_MOST = 8  # bytes of a decimal
_CUT = -1  # instead of a place: the bytes end before, or cannot stand here


class Layout(NamedTuple):
    """How the columns of a file are written; arrays are (columns,)."""

    how: NDArray[np.int8]
    null_at: NDArray[np.int8]  # place of null in the union; -1: no union


class Taken(NamedTuple):
    """The values of some rows; arrays are (columns, rows) and hold zeros at first."""

    values: NDArray[np.int64]  # as those of `Cells`; of texts, where each begins
    sizes: NDArray[np.int32]  # bytes of texts
    is_null: NDArray[np.bool_]


@kernel
def _long_at(source: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """A long, and where the next byte is."""
    value, shift = np.uint64(0), np.uint64(0)
    while at < source.shape[0] and shift < np.uint64(_LONGEST):
        byte = np.uint64(source[at])
        at += 1
        value |= (byte & np.uint64(0x7F)) << shift
        if byte < np.uint64(0x80):
            return int(np.int64(value >> np.uint64(1)) ^ -np.int64(value & np.uint64(1))), at
        shift += np.uint64(7)
    return 0, _CUT


@kernel
def _big_endian(source: NDArray[np.uint8], at: int, size: int) -> int:
    """Two's complement of *size* bytes, which are there."""
    value = -1 if size > 0 and source[at] >= 0x80 else 0
    for place in range(at, at + size):
        value = (value << 8) | int(source[place])
    return value


@kernel
def _little_endian(source: NDArray[np.uint8], at: int, size: int) -> int:
    value = 0
    for place in range(size):
        value |= int(source[at + place]) << (8 * place)
    return value


@kernel
def _take(source: NDArray[np.uint8], at: int, how: int, cell: tuple[int, int], taken: Taken) -> int:
    """Read the value of a *cell*; where the next byte is."""
    if how == LONG:
        value, at = _long_at(source, at)
        taken.values[cell] = value
        return at
    size = 8 if how == DOUBLE else 1
    if how not in (DOUBLE, BOOLEAN):
        size, at = _long_at(source, at)
    if at < 0 or size < 0 or size > source.shape[0] - at or (how == DECIMAL and size > _MOST):
        return _CUT
    if how in (DOUBLE, BOOLEAN):
        taken.values[cell] = _little_endian(source, at, size)
    elif how == DECIMAL:
        taken.values[cell] = _big_endian(source, at, size)
    else:
        taken.values[cell] = at
        taken.sizes[cell] = size
    return at + size


@kernel
def take_rows(source: NDArray[np.uint8], layout: Layout, taken: Taken) -> int:
    """Read as many rows as *taken* has room for; bytes read, or -1 where *source* does not hold them."""
    at = 0
    for row in range(taken.values.shape[1]):
        for column in range(taken.values.shape[0]):
            if layout.null_at[column] >= 0:
                branch, at = _long_at(source, at)
                if at < 0 or not 0 <= branch <= 1:
                    return _CUT
                if branch == layout.null_at[column]:
                    taken.is_null[column, row] = True
                    continue
            at = _take(source, at, layout.how[column], (column, row), taken)
            if at < 0:
                return _CUT
    return at

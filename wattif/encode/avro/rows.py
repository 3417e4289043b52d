"""Rows in Avro's binary encoding (specification 1.12), column by column into one buffer.

fastavro writes some fourteen thousand such rows a second, because each decimal is an object; this kernel, millions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel

LONG, DECIMAL, DOUBLE, BOOLEAN, TEXT = range(5)  # how a column is written
_MOST = 10  # bytes of a variable-length long


class Cells(NamedTuple):
    """The values of some rows; arrays are (columns, rows), but for those of texts."""

    how: NDArray[np.int8]  # (columns,)
    may_be_null: NDArray[np.bool_]  # (columns,)
    values: NDArray[np.int64]  # numbers, the bits of doubles, 0 or 1, numbers of texts
    is_null: NDArray[np.bool_]
    texts: NDArray[np.uint8]  # of all columns, one after the other
    text_ends: NDArray[np.int64]  # where in *texts* each ends


@kernel
def _put_long(target: NDArray[np.uint8], at: int, value: int) -> int:
    """Zigzag, seven bits a byte; where the next byte goes."""
    rest = np.uint64((value << 1) ^ (value >> 63))
    while rest >= np.uint64(0x80):
        target[at] = np.uint8((rest & np.uint64(0x7F)) | np.uint64(0x80))
        rest >>= np.uint64(7)
        at += 1
    target[at] = np.uint8(rest)
    return at + 1


@kernel
def _put_decimal(target: NDArray[np.uint8], at: int, value: int) -> int:
    """Two's complement, the highest byte first, in as few bytes as there can be; their number before them."""
    size = 1
    while size < 8 and not -(1 << (8 * size - 1)) <= value < 1 << (8 * size - 1):
        size += 1
    target[at] = np.uint8(2 * size)
    for place in range(size):
        target[at + 1 + place] = np.uint8((value >> (8 * (size - 1 - place))) & 0xFF)
    return at + 1 + size


@kernel
def _put_double(target: NDArray[np.uint8], at: int, bits: int) -> int:
    for place in range(8):
        target[at + place] = np.uint8((bits >> (8 * place)) & 0xFF)
    return at + 8


@kernel
def put_rows(cells: Cells, target: NDArray[np.uint8]) -> int:
    """Write all rows to *target*, which has room for them; bytes written."""
    at = 0
    for row in range(cells.values.shape[1]):
        for column in range(cells.values.shape[0]):
            if cells.may_be_null[column]:
                target[at] = 0 if cells.is_null[column, row] else 2  # null stands first in the union
                at += 1
                if cells.is_null[column, row]:
                    continue
            value, how = cells.values[column, row], cells.how[column]
            if how == LONG:
                at = _put_long(target, at, value)
            elif how == DECIMAL:
                at = _put_decimal(target, at, value)
            elif how == DOUBLE:
                at = _put_double(target, at, value)
            elif how == BOOLEAN:
                target[at] = np.uint8(value)
                at += 1
            else:
                begin = cells.text_ends[value - 1] if value > 0 else 0
                end = cells.text_ends[value]
                at = _put_long(target, at, end - begin)
                for place in range(begin, end):
                    target[at] = cells.texts[place]
                    at += 1
    return at


@kernel
def put_long(target: NDArray[np.uint8], value: int) -> int:
    """A single long; bytes written."""
    return _put_long(target, 0, value)


def long_bytes(value: int) -> bytes:
    """*value* as a long."""
    target = np.empty(_MOST, np.uint8)
    return target[: put_long(target, value)].tobytes()

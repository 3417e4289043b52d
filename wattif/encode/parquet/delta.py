"""DELTA_BINARY_PACKED: a page of integers as the differences between neighbors, 128 of them in a block.

A block is its smallest difference, four widths in bits, and four times 32 differences less the smallest one, each in so
many bits. https://parquet.apache.org/docs/file-format/data-pages/encodings/
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wattif.encode.parquet.bits import PART, PARTS, SPILL, overlapping_words, pack_parts
from wattif.numeric.jit import kernel

BLOCK = PART * PARTS  # values; larger blocks make larger pages, and smaller ones are not allowed
_VARINT_MAX = 10  # bytes
_HEAD_MAX = 2 + 1 + 2 * _VARINT_MAX


@kernel
def _put_varint(data: NDArray[np.uint8], at: int, value: np.uint64) -> int:
    """Write *value* seven bits a byte, the lowest first; where the next byte belongs."""
    while value >= np.uint64(128):
        data[at] = np.uint8(value & np.uint64(127)) | np.uint8(128)
        value >>= np.uint64(7)
        at += 1
    data[at] = np.uint8(value)
    return at + 1


@kernel
def _zigzag(value: np.int64) -> np.uint64:
    return np.uint64((value << np.int64(1)) ^ (value >> np.int64(63)))


@kernel
def _encode(
    values: NDArray[np.int64],
    steps: NDArray[np.int64],
    above: NDArray[np.uint64],
    data: NDArray[np.uint8],
    words: NDArray[np.uint64],
    bounds: NDArray[np.int64],
) -> int:
    """Write *values* (int32 or int64) to *data*, of which *words* is another view; how many bytes that are.

    *steps* and *above*: room for a block, signed and unsigned, of the same width, so that differences wrap round as
    readers expect it. *bounds* takes the smallest and the largest value, where there is one.
    """
    count = values.shape[0]
    block = BLOCK
    if count > 1 and values[count - 1] - values[count - 2] == values[1] - values[0]:
        different = 0
        for i in range(1, count):
            different += 1 if values[i] - values[i - 1] != values[1] - values[0] else 0
        if different == 0:  # one block for all of them, of which each part is as long as it must be
            block = (count - 2) // BLOCK * BLOCK + BLOCK
    at = _put_varint(data, 0, np.uint64(block))
    at = _put_varint(data, at, np.uint64(PARTS))
    at = _put_varint(data, at, np.uint64(count))
    if count == 0:
        return _put_varint(data, at, np.uint64(0))
    at = _put_varint(data, at, _zigzag(np.int64(values[0])))
    smallest = largest = values[0]
    for i in range(count):
        smallest, largest = min(smallest, values[i]), max(largest, values[i])
    bounds[0], bounds[1] = smallest, largest
    for first in range(1, count, block):
        size = min(BLOCK, count - first)
        own, before = values[first : first + size], values[first - 1 : first - 1 + size]
        for i in range(size):
            steps[i] = own[i] - before[i]
        least = steps[0]
        for i in range(size):
            least = min(least, steps[i])
        for i in range(size):
            above[i] = steps[i] - least
        for i in range(size, BLOCK):
            above[i] = 0  # a part that is not full is as long as the others, and one without values takes no bytes
        at = _put_varint(data, at, _zigzag(np.int64(least)))
        at = pack_parts(above, data, words, at)
    return at


def room_of(count: int, size: int) -> int:
    """Most bytes that *count* values of *size* bytes take."""
    blocks = -(-count // BLOCK)
    return _HEAD_MAX + blocks * (_VARINT_MAX + PARTS + BLOCK * (size + 1)) + SPILL


class DeltaEncoder:
    """Encodes pages of at most *rows* integers of *size* bytes; not thread-safe."""

    def __init__(self, rows: int, size: int) -> None:
        self._data = np.empty(room_of(rows, size), np.uint8)
        self._words = overlapping_words(self._data)
        self._steps = np.empty(BLOCK, f"i{size}")
        self._above = np.empty(BLOCK, f"u{size}")
        self._bounds = np.empty(2, np.int64)

    def encode(self, values: NDArray[Any]) -> tuple[memoryview, int, int]:
        """The bytes of *values*, valid until the next call; their smallest and their largest one, if there are any."""
        size = _encode(values, self._steps, self._above, self._data, self._words, self._bounds)
        return memoryview(self._data.data)[:size], int(self._bounds[0]), int(self._bounds[1])

"""Parquet's hybrid of runs and packed numbers: indices into a dictionary, and which rows have a value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.encode.parquet.bits import SPILL, overlapping_words
from wattif.numeric.jit import kernel

_GROUP = 8  # values that are packed together; a run is at least as long
_HEAD_MAX = 5  # bytes before a run


@kernel
def _run(values: NDArray[np.int32], first: int, most: int) -> int:
    """How many values from *first* on are equal, *most* at most."""
    end = min(values.shape[0], first + most)
    i = first + 1
    while i < end and values[i] == values[first]:
        i += 1
    return i - first


@kernel
def _put_head(data: NDArray[np.uint8], at: int, head: int) -> int:
    while head >= 128:
        data[at] = np.uint8(head & 127 | 128)
        head >>= 7
        at += 1
    data[at] = np.uint8(head)
    return at + 1


@kernel
def _encode(
    values: NDArray[np.int32],
    width: int,
    data: NDArray[np.uint8],
    words: NDArray[np.uint64],
) -> int:
    """Write *values* of *width* bits to *data*, of which *words* is another view; how many bytes that are."""
    count, at, i = values.shape[0], 0, 0
    while i < count:
        run = _run(values, i, count)
        if run >= _GROUP:
            at = _put_head(data, at, run << 1)
            for byte in range((width + 7) // 8):
                data[at] = np.uint8(values[i] >> (8 * byte) & 255)
                at += 1
            i += run
            continue
        end = i
        while end < count and _run(values, end, _GROUP) < _GROUP:
            end = min(end + _GROUP, count)
        groups = (end - i + _GROUP - 1) // _GROUP
        at = _put_head(data, at, groups << 1 | 1)
        for _ in range(groups):
            held, used = np.uint64(0), np.uint64(0)
            place = at
            for k in range(_GROUP):
                value = np.uint64(values[i + k]) if i + k < end else np.uint64(0)
                held |= value << used
                used += np.uint64(width)
                if used >= np.uint64(32):
                    words[place] = held
                    place += 4
                    used -= np.uint64(32)
                    held >>= np.uint64(32)
            words[place] = held
            at += width
            i += _GROUP
        i = end
    return at


class HybridEncoder:
    """Encodes pages of at most *rows* numbers below 2^31; not thread-safe."""

    def __init__(self, rows: int) -> None:
        self._data = np.empty(room_of(rows), np.uint8)
        self._words = overlapping_words(self._data)

    def encode(self, values: NDArray[np.int32], width: int) -> bytes:
        """The bytes of *values* of *width* bits each."""
        return self._data[: _encode(values, width, self._data, self._words)].tobytes()


def room_of(count: int) -> int:
    """Most bytes that *count* numbers take: each four, and a head at every run or change to packed ones."""
    return 4 * (count + _GROUP) + _HEAD_MAX * (2 * count // _GROUP + 2) + SPILL

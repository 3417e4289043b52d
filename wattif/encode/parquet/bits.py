"""Numbers of few bits, one behind the other, the lowest bit first, as Parquet packs them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel

PART, PARTS = 32, 4  # numbers of one width, and how many of such parts are a block
SPILL = 16  # so many bytes at most are written over behind the last


def overlapping_words(data: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """*data* as words of eight bytes, a word beginning at each byte that has seven more after it."""
    return np.ndarray((len(data) - 7,), np.uint64, data, strides=(1,))


@kernel
def pack_parts(block: NDArray[np.uint64], data: NDArray[np.uint8], words: NDArray[np.uint64], at: int) -> int:
    """Write the widths of the parts of *block* (uint32 or uint64), then its parts; where the next byte belongs.

    All in one function: a call for each part would take as long as packing it.
    """
    widths = at
    at += PARTS
    for part in range(PARTS):
        own = block[part * PART : (part + 1) * PART]
        bits = own[0]
        for i in range(PART):
            bits |= own[i]
        left, width = np.uint64(bits), 0
        for step in (32, 16, 8, 4, 2, 1):
            if left >> np.uint64(step):
                left >>= np.uint64(step)
                width += step
        width += 1 if left else 0
        data[widths + part] = width
        w, four = np.uint64(width), np.uint64(4 * width)
        if width == 0:
            continue
        if width < 16:  # eight numbers take as many bytes as each has bits: half of them fit in a word
            for i in range(0, PART, 8):
                low = np.uint64(own[i]) | np.uint64(own[i + 1]) << w
                low |= (np.uint64(own[i + 2]) | np.uint64(own[i + 3]) << w) << (w + w)
                high = np.uint64(own[i + 4]) | np.uint64(own[i + 5]) << w
                high |= (np.uint64(own[i + 6]) | np.uint64(own[i + 7]) << w) << (w + w)
                words[at] = low | high << four
                if width > 8:
                    words[at + 8] = high >> (np.uint64(64) - four)
                at += width
            continue
        end = at + width * (PART // 8)
        held, used = np.uint64(0), np.uint64(0)
        for i in range(PART):
            value = np.uint64(own[i])
            held |= value << used
            used += w
            if used >= np.uint64(64):
                words[at] = held
                at += 8
                used -= np.uint64(64)
                held = value >> (w - used) if used else np.uint64(0)
        if used:
            words[at] = held
        at = end
    return at

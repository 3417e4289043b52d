"""A member of gzip from bytes that mostly are those of the row before: a kernel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.compress.gzip.bits import put_bytes, put_code, put_match
from wattif.compress.gzip.huffman import END_OF_BLOCK, SHORTEST_MATCH
from wattif.numeric.bit_scan import lowest_bit
from wattif.numeric.jit import kernel

_ZERO, _ONE, _EIGHT = np.uint64(0), np.uint64(1), np.uint64(8)
_SHORTEST = np.uint64(SHORTEST_MATCH)


@kernel
def member_of_text(
    words: NDArray[np.uint64],
    begun: NDArray[np.uint64],
    literals: NDArray[np.uint64],
    matches: NDArray[np.uint64],
    text: NDArray[np.uint8],
    text_words: NDArray[np.uint64],
    row_width: int,
) -> np.int64:
    """Write the compressed *text* into *words*; how many bytes. *text_words*: those that begin at each of its bytes."""
    size, width = np.uint64(text.shape[0]), np.uint64(row_width)
    at, pending, count = put_bytes(words, _ZERO, begun[0], begun[1], literals, text[:row_width])
    place = min(size, width)
    begin = place  # of the equal bytes
    while begin < size:
        while place < size:
            difference = text_words[place] ^ text_words[place - width]
            if difference != _ZERO:
                place += lowest_bit(difference) >> np.uint64(3)
                break
            place += _EIGHT
        place = min(place, size)
        if place - begin < _SHORTEST:
            at, pending, count = put_bytes(words, at, pending, count, literals, text[begin:place])
        else:
            at, pending, count = put_match(words, at, pending, count, matches, place - begin)
        if place < size:
            at, pending, count = put_code(words, at, pending, count, literals[text[place]])
            place += _ONE
        begin = place
    at, pending, count = put_code(words, at, pending, count, literals[END_OF_BLOCK])
    return np.int64(at + np.uint64(count != _ZERO))

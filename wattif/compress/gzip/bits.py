"""Codes one after the other into bytes, for kernels.

A code is a number: its bits, the first one lowest, and from bit `COUNT_SHIFT` on how many they are. What is written
lies before the byte *at* of *words*, whose element *i* are the eight bytes from *i* on; fewer than eight bits are
*pending*.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.compress.gzip.huffman import LONGEST_MATCH, SHORTEST_MATCH
from wattif.numeric.jit import kernel

COUNT_SHIFT = 48
SPILL = 8  # bytes after the last one that may be written over
MOST_BITS = 56  # that can be put at once
BitPlace = tuple[np.uint64, np.uint64, np.uint64]  # at, pending, and how many are

_COUNT_SHIFT = np.uint64(COUNT_SHIFT)
_BITS = np.uint64((1 << COUNT_SHIFT) - 1)
_LONGEST, _SHORTEST = np.uint64(LONGEST_MATCH), np.uint64(SHORTEST_MATCH)
_3, _7 = np.uint64(3), np.uint64(7)


def words_of(buffer: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """*buffer* as the words that begin at each of its bytes."""
    return np.ndarray((len(buffer) - SPILL + 1,), np.uint64, buffer, strides=(1,))


@kernel
def put(
    words: NDArray[np.uint64], at: np.uint64, pending: np.uint64, count: np.uint64, bits: np.uint64, more: np.uint64
) -> BitPlace:
    """Append *bits*, which are *more*."""
    pending |= bits << count
    count += more
    words[at] = pending
    return at + (count >> _3), pending >> (count & ~_7), count & _7


@kernel
def put_code(
    words: NDArray[np.uint64], at: np.uint64, pending: np.uint64, count: np.uint64, code: np.uint64
) -> BitPlace:
    """Append a code."""
    return put(words, at, pending, count, code & _BITS, code >> _COUNT_SHIFT)


@kernel
def put_bytes(
    words: NDArray[np.uint64],
    at: np.uint64,
    pending: np.uint64,
    count: np.uint64,
    literals: NDArray[np.uint64],
    text: NDArray[np.uint8],
) -> BitPlace:
    """Append *text* byte by byte."""
    for place in range(text.shape[0]):
        at, pending, count = put_code(words, at, pending, count, literals[text[place]])
    return at, pending, count


@kernel
def put_all_but_last_match(
    words: NDArray[np.uint64],
    at: np.uint64,
    pending: np.uint64,
    count: np.uint64,
    matches: NDArray[np.uint64],
    equal: np.uint64,
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Append matches until the rest of *equal* bytes is one match, which comes with the place."""
    while equal > _LONGEST:
        part = _LONGEST if equal >= _LONGEST + _SHORTEST else equal - _SHORTEST
        at, pending, count = put_code(words, at, pending, count, matches[part])
        equal -= part
    return at, pending, count, equal


@kernel
def put_match(
    words: NDArray[np.uint64],
    at: np.uint64,
    pending: np.uint64,
    count: np.uint64,
    matches: NDArray[np.uint64],
    equal: np.uint64,
) -> BitPlace:
    """Append a match of *equal* bytes, three at least."""
    at, pending, count, equal = put_all_but_last_match(words, at, pending, count, matches, equal)
    return put_code(words, at, pending, count, matches[equal])

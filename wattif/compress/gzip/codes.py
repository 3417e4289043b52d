"""The codes of a member: those of single bytes, of matches with the row before, and the header that tells them.

They are chosen before any row is seen, from what rows are like, so that a member is written in one pass. All characters
of numbers have codes of one length: twelve of 4 bits leave a quarter of all codes to everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from wattif.compress.gzip.bits import COUNT_SHIFT
from wattif.compress.gzip.huffman import (
    END_OF_BLOCK,
    FIRST_LENGTH,
    LENGTHS,
    LONGEST_CODE,
    LONGEST_MATCH,
    SHORTEST_MATCH,
    Bits,
    canonical,
    code_lengths,
    distance_symbol,
    dynamic_header,
    joined,
    length_symbol,
)

NUMBER_CHARACTERS = b"0123456789. "
CHARACTER_BITS = 4
GZIP_HEADER = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])  # deflate; no name, no time, no system
_OTHERS_BITS = 2  # what the codes of all others begin with
_MATCHES_WEIGHT = 1_000_000  # of all matches together
_TEXT_WEIGHT = 100  # of a byte of the first row, which a member has once


class MemberCodes:
    """The codes for rows like *text*, one *distance* after the other.

    *runs*: weights of how many bytes are equal to those of the row before.
    """

    def __init__(self, text: bytes, runs: Mapping[int, int], distance: int) -> None:
        lengths = _code_lengths(text, runs)
        codes = canonical(lengths)
        symbol, more = distance_symbol(distance)
        back = joined([(0, 1), more])
        matches: list[Bits] = [(0, 0)] * SHORTEST_MATCH  # of no byte, and of too few
        for length in range(SHORTEST_MATCH, LONGEST_MATCH + 1):
            length_code, length_more = length_symbol(length)
            matches.append(joined([codes[length_code], length_more, back]))
        self.of_bytes = [codes[byte] for byte in range(256)]
        self.literals = _packed([*self.of_bytes, codes[END_OF_BLOCK]])  # by symbol
        self.matches = _packed(matches)  # by their length
        bits, count = dynamic_header(lengths, symbol)
        whole, rest = divmod(count, 8)
        self.head = GZIP_HEADER + (bits % (1 << 8 * whole)).to_bytes(whole, "little")
        self.begun = np.array([bits >> 8 * whole, rest], np.uint64)  # the header's bits after *head*, and how many


def _code_lengths(text: bytes, runs: Mapping[int, int]) -> dict[int, int]:
    """Bits of the codes of all bytes, of the end of a block, and of all lengths of matches."""
    weights = Counter(dict.fromkeys([*range(256), *range(FIRST_LENGTH, FIRST_LENGTH + len(LENGTHS))], 1))
    for byte in text:
        weights[byte] += _TEXT_WEIGHT
    total = sum(runs.values())
    others = [byte for byte in text if byte not in NUMBER_CHARACTERS] or [ord(",")]
    for length, weight in runs.items():
        share = _MATCHES_WEIGHT * weight // total
        if length >= SHORTEST_MATCH:
            weights[length_symbol(min(length, LONGEST_MATCH))[0]] += share
        else:  # too short for a match
            for byte in others:
                weights[byte] += share // len(others)
    weights[END_OF_BLOCK] = _TEXT_WEIGHT
    for byte in NUMBER_CHARACTERS:
        del weights[byte]
    rest = code_lengths(weights, LONGEST_CODE - _OTHERS_BITS)
    lengths = {symbol: length + _OTHERS_BITS for symbol, length in rest.items()}
    return lengths | dict.fromkeys(NUMBER_CHARACTERS, CHARACTER_BITS)


def _packed(codes: list[Bits]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array([bits | count << COUNT_SHIFT for bits, count in codes], np.uint64)

"""Huffman codes of DEFLATE (RFC 1951): how long, which bits, and the header that tells them to a reader.

Bits of a code are given as they lie in the stream, the first one lowest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

END_OF_BLOCK = 256
FIRST_LENGTH = 257  # the symbol of matches of 3 bytes
SHORTEST_MATCH, LONGEST_MATCH = 3, 258
FARTHEST = 1 << 15  # bytes back
LONGEST_CODE = 15
# the shortest length, and the nearest distance, of each symbol; bits that follow the code of a length
LENGTHS = (
    *range(3, 11),
    *range(11, 19, 2),
    *range(19, 35, 4),
    *range(35, 67, 8),
    *range(67, 131, 16),
    *range(131, 258, 32),
    258,
)
LENGTH_BITS = (0, 0, 0, 0, *(max(n, 0) for n in range(6) for _ in range(4)), 0)
DISTANCES = (1, 2, *(base + half for base in (2**n + 1 for n in range(1, 15)) for half in (0, (base - 1) // 2)))
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)  # of the lengths of the header's own code
_REPEAT, _FEW_ZEROS, _MANY_ZEROS = 16, 17, 18

Bits = tuple[int, int]  # the bits, and how many


def length_symbol(length: int) -> tuple[int, Bits]:
    """The symbol of a match of *length* bytes, and the bits that follow its code."""
    place = max(n for n, shortest in enumerate(LENGTHS) if shortest <= length)
    return FIRST_LENGTH + place, (length - LENGTHS[place], LENGTH_BITS[place])


def distance_symbol(distance: int) -> tuple[int, Bits]:
    """The symbol of a match *distance* bytes back, and the bits that follow its code."""
    symbol = max(n for n, nearest in enumerate(DISTANCES) if nearest <= distance)
    return symbol, (distance - DISTANCES[symbol], max(symbol // 2 - 1, 0))


def code_lengths(weights: Mapping[int, int], longest: int = LONGEST_CODE) -> dict[int, int]:
    """Bits of each symbol's code, none longer than *longest*, so that the sum of weight times bits is least.

    Package-merge (Larmore and Hirschberg, 1990), in whole numbers: equal weights give equal codes anywhere.
    """
    if len(weights) == 1:
        return dict.fromkeys(weights, 1)
    coins = sorted((weight, (symbol,)) for symbol, weight in weights.items())
    packages: list[tuple[int, tuple[int, ...]]] = []
    for _ in range(longest):
        merged = sorted(coins + packages)
        packages = [(one[0] + two[0], one[1] + two[1]) for one, two in zip(merged[::2], merged[1::2], strict=False)]
    lengths = Counter[int]()
    for _, symbols in packages[: len(weights) - 1]:
        lengths.update(symbols)
    return dict(lengths)


def canonical(lengths: Mapping[int, int]) -> dict[int, Bits]:
    """The code of each symbol, by RFC 1951, 3.2.2."""
    codes: dict[int, Bits] = {}
    code = last = 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items()):
        code <<= length - last
        codes[symbol] = (int(f"{code:0{length}b}"[::-1], 2), length)
        code, last = code + 1, length
    return codes


def joined(codes: Sequence[Bits]) -> Bits:
    """*codes*, one after the other."""
    bits = count = 0
    for more, more_count in codes:
        bits |= more << count
        count += more_count
    return bits, count


def dynamic_header(literals: Mapping[int, int], distance: int) -> Bits:
    """The head of a block that is its stream's last: code lengths of *literals*, and one *distance* symbol of 1 bit."""
    told = [literals.get(symbol, 0) for symbol in range(max(literals) + 1)] + [0] * distance + [1]
    symbols = [each for length, run in groupby(told) for each in _run(length, sum(1 for _ in run))]
    lengths = code_lengths(Counter(symbol for symbol, _ in symbols), 7)
    codes = canonical(lengths)
    order = [lengths.get(symbol, 0) for symbol in _ORDER]
    while not order[-1]:
        order.pop()
    last_with_own_codes: Bits = (0b101, 3)
    counts = [(max(literals) + 1 - FIRST_LENGTH, 5), (distance, 5), (len(order) - 4, 4)]
    written = [each for symbol, more in symbols for each in (codes[symbol], more)]
    return joined([last_with_own_codes, *counts, *((length, 3) for length in order), *written])


def _run(length: int, count: int) -> Iterator[tuple[int, Bits]]:
    """*count* equal lengths in the header's alphabet."""
    if length:
        yield length, (0, 0)
        count -= 1
    while count >= 3:
        now = min(count, 6 if length else 138)
        if length:
            yield _REPEAT, (now - 3, 2)
        elif now <= 10:
            yield _FEW_ZEROS, (now - 3, 3)
        else:
            yield _MANY_ZEROS, (now - 11, 7)
        count -= now
    for _ in range(count):
        yield length, (0, 0)

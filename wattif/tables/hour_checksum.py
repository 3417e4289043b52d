"""A checksum of an hour's readings that does not depend on their order, in integers that every engine counts alike.

Sums and moments of single quantities stay as they are when changes cancel: +1, -2 and +1 mWh in three readings that
follow one another. The checksum of a meter's hour is a sum over its readings, too, but of numbers that mix all that a
reading holds. With p = 2^31 - 1, a prime, and b = `BASE`,

    h = (((s * b + v1) * b + v2) * b + ...) mod p      s: seconds since the hour began; v1, v2, ...: its values,
    x = h^5 mod p                                         integers in units of their last digits; no value counts as 0
    checksum = sum of x                                the remainders are not negative; the sum is not reduced

- Each product is below 2^61 and each value that counts below 2^47, so that nothing leaves 64 bits.
- h alone would be no use: it is linear, so that changes that cancel in the values cancel in its sum. In the sum of
  fifth powers a change d of one reading and -d of another cancel only if d (h1^4 + ... ) does by chance, about once in
  2^31; the same holds for values that change places, which need not be of the same quantity.
- 5 is the smallest power above 1 that has no factor in common with p - 1 = 2 * 3^2 * 7 * 11 * 31 * 151 * 331, so that
  different h have different x: a change of one value by less than p is never lost.
- Rows that repeat count as often as they are there. The meter need not be mixed in: it has a sum of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel

PRIME = 2**31 - 1
BASE = 742_938_285  # a multiplier of Fishman and Moore (1986) for this modulus: its powers spread well


@kernel
def checksum_of(columns: NDArray[np.int64], i: int, second: int, checked: NDArray[np.int64]) -> int:
    """What the reading *i* adds to the checksum of its hour, of which *second* have gone by.

    Shapes: *columns* (quantities of a block, readings), *checked* (values that count,): their places in a block.
    """
    mixed = second
    for c in range(checked.shape[0]):
        mixed = (mixed * BASE + columns[checked[c], i]) % PRIME
    square = mixed * mixed % PRIME
    return square * square % PRIME * mixed % PRIME

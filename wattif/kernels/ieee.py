"""Elementary functions out of additions and multiplications alone.

The C library's versions differ in the last bit from machine to machine; IEEE 754 additions and
multiplications do not. Both functions are within 2e-15 (relative to the result, for the cosine to one).
"""

from __future__ import annotations

import math

import numpy as np

from wattif.kernels import kernel

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.693147180369123816490  # ln 2 in two parts (Cody and Waite): k * _LN2_HIGH is exact for small k
_LN2_LOW = 1.90821492927058770002e-10
_POWERS_OF_TWO = np.ldexp(1.0, np.arange(-128, 129))
_EXP_SERIES = np.array([1.0 / math.factorial(n) for n in range(14)])
_COS_SERIES = np.array([(-1.0) ** n / math.factorial(2 * n) for n in range(12)])


@kernel
def exp(x: float) -> float:
    """e to the power of *x*, for -85 <= x <= 85 (beyond, the bound's value): Taylor series after reduction."""
    x = min(max(x, -85.0), 85.0)
    k = math.floor(x * _LOG2_E + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    total = _EXP_SERIES[13]
    for n in range(12, -1, -1):
        total = total * r + _EXP_SERIES[n]
    return float(total * _POWERS_OF_TWO[k + 128])


@kernel
def cos_turns(x: float) -> float:
    """The cosine of *x* full turns (cos 2*pi*x)."""
    x = abs(x - math.floor(x + 0.5))
    sign = 1.0
    if x > 0.25:
        x = 0.5 - x
        sign = -1.0
    square = (6.283185307179586 * x) ** 2
    total = _COS_SERIES[11]
    for n in range(10, -1, -1):
        total = total * square + _COS_SERIES[n]
    return float(sign * total)

"""Elementary functions made from additions and multiplications alone.

The C library's versions differ in the last bit from machine to machine; IEEE 754 additions and
multiplications do not. All functions are within 2e-15 (relative to the result, for sine and cosine to one).
"""

from __future__ import annotations

import math

import numpy as np

from wattif.numeric.jit import kernel

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.693147180369123816490  # ln 2 in two parts (Cody and Waite): k * _LN2_HIGH is exact for small k
_LN2_LOW = 1.90821492927058770002e-10
_POWERS_OF_TWO = np.ldexp(1.0, np.arange(-128, 129))
_SQRT_2 = 1.4142135623730951
_LOWEST, _HIGHEST = 2.0**-128, 2.0**128  # range of the logarithm
_EXP_SERIES = np.array([1.0 / math.factorial(n) for n in range(14)])
_COS_SERIES = np.array([(-1.0) ** n / math.factorial(2 * n) for n in range(12)])
_LOG_SERIES = np.array([2.0 / (2 * n + 1) for n in range(12)])


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


@kernel
def sin_turns(x: float) -> float:
    """The sine of *x* full turns (sin 2*pi*x)."""
    return cos_turns(x - math.floor(x + 0.5) - 0.25)


@kernel
def log(x: float) -> float:
    """The natural logarithm of *x*, for 2^-128 <= x <= 2^128 (beyond, the bound's value).

    x = m * 2^k with m near one, by exact halving and doubling (quick for numbers near one, which is what the
    project takes logarithms of); then the series of 2 artanh((m - 1) / (m + 1)).
    """
    m = min(max(x, _LOWEST), _HIGHEST)
    k = 0.0
    while m > _SQRT_2:
        m *= 0.5
        k += 1.0
    while m < 0.5 * _SQRT_2:
        m *= 2.0
        k -= 1.0
    s = (m - 1.0) / (m + 1.0)
    square = s * s
    total = _LOG_SERIES[11]
    for n in range(10, -1, -1):
        total = total * square + _LOG_SERIES[n]
    return float(k * _LN2_HIGH + (k * _LN2_LOW + s * total))

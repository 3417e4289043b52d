"""The distributions that incidents need, of many of them at once: the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


def lognormal(median: Floats | float, sigma: Floats | float, normals: Floats) -> Floats:
    """Lognormal around *median*; *sigma* is the standard deviation of the logarithm."""
    spread: Floats = np.multiply(sigma, normals)
    grown: Floats = np.multiply(median, _exps(spread))
    return grown


def chosen(shares: Floats | Sequence[float], uniforms: Floats) -> Numbers:
    """Which of some choices each takes. *shares*: of each choice, or a row of them for each that chooses."""
    summed = np.cumsum(np.asarray(shares, np.float64), axis=-1)
    found: Numbers
    if summed.ndim == 1:
        found = np.searchsorted(summed, uniforms * summed[-1], side="right")
    else:
        found = (summed <= (uniforms * summed[:, -1])[:, None]).sum(axis=1)
    last: Numbers = np.minimum(found, summed.shape[-1] - 1)
    return last


@kernel
def _exps(values: Floats) -> Floats:
    grown = np.empty(values.shape[0])
    for i in range(values.shape[0]):
        grown[i] = exp(values[i])
    return grown

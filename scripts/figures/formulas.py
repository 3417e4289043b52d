"""The usual formulas of load research, on arrays of meters and readings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def autocorrelation(values: Floats, lag: int) -> float:
    """Median over the rows of their correlation with themselves *lag* columns later."""
    return float(np.median([np.corrcoef(row[lag:], row[:-lag])[0, 1] for row in values]))


def coincidence(relative: Floats, homes: int, groups: int = 200) -> float:
    """Peak of *homes* together over the sum of their own peaks, mean over random groups."""
    choice = np.random.default_rng(42)
    ratios = []
    for _ in range(groups):
        group = relative[choice.choice(len(relative), homes, replace=False)]
        ratios.append(group.sum(axis=0).max() / group.max(axis=1).sum())
    return float(np.mean(ratios))


def peak_difference_min(one: Floats, other: Floats) -> float:
    """Minutes between the peaks of two mean days, the shorter way round."""
    slots = len(one)
    apart = abs(int(one.argmax()) - int(other.argmax()))
    return min(apart, slots - apart) * 1440.0 / slots


def shape_correlation(one: Floats, other: Floats) -> float:
    """Correlation of two mean days."""
    return float(np.corrcoef(one, other)[0, 1])

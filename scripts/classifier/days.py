"""Whole local days of meters, 48 half-hours each: what a classifier sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HALF_HOURS = 48
KNOWN = 0.9  # of the days of a span: what a meter must have to count

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Days:
    """Energies of half-hours, Wh; a day of which any is unknown is NaN as a whole."""

    wh: Floats  # (meters, days, 48)
    number: NDArray[np.int64]  # (days,): local days since 1970, each one from the first to the last

    @classmethod
    def of(cls, wh: Floats, day: NDArray[np.int64], half_hour: NDArray[np.int64]) -> Days:
        """From energies (meters, half-hours) and the local *day* and *half_hour* (0 to 47) of each.

        Days on which clocks are changed are unknown: they have other half-hours.
        """
        number = np.arange(day.min(), day.max() + 1)
        filled = np.full((len(wh), len(number), HALF_HOURS), np.nan)
        filled[:, day - number[0], half_hour] = wh
        filled[:, np.bincount(day - number[0], minlength=len(number)) != HALF_HOURS] = np.nan
        filled[np.isnan(filled).any(axis=2)] = np.nan
        return cls(wh=filled, number=number)

    @property
    def known(self) -> NDArray[np.bool_]:
        """(meters, days)."""
        known: NDArray[np.bool_] = ~np.isnan(self.wh[:, :, 0])
        return known

    def only(self, meters: NDArray[np.int64]) -> Days:
        """Some of the meters."""
        return Days(wh=self.wh[meters], number=self.number)

    def like(self, other: Days) -> Days:
        """These meters with just the days that the meters of *other* in the same places have."""
        return Days(wh=np.where(other.known[:, :, None], self.wh, np.nan), number=self.number)

    def best_span(self, days: int) -> Days:
        """The *days* consecutive days that most meters have nearly all of, and these meters."""
        days = min(days, len(self.number))
        sums = np.cumsum(np.pad(self.known, ((0, 0), (1, 0))), axis=1)
        enough = np.greater_equal(sums[:, days:] - sums[:, :-days], KNOWN * days)
        start = int(enough.sum(axis=0).argmax())
        return Days(wh=self.wh[enough[:, start], start : start + days], number=self.number[start : start + days])


def step_wh(days: Days) -> float:
    """The step in which the energies come: all but one in a hundred are multiples of it; 0 if they come in none."""
    values = days.wh[days.known]
    values = values[values > 0.0]
    for power in range(3, -4, -1):
        for digit in (5, 2, 1):
            step = digit * 10.0**power
            off = np.abs(values - np.round(values / step) * step)
            if np.mean(off <= 1e-3 * step + 1e-6 * values) >= 0.99:  # they may come in single precision
                return step
    return 0.0


def in_steps(days: Days, step: float) -> Days:
    """The energies rounded to multiples of *step*, Wh; unchanged for 0."""
    return Days(wh=np.round(days.wh / step) * step, number=days.number) if step else days

"""The hours of meters, or shorter spans, measured or made: what figures are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wattif.calibrate.clock import Clock

Floats = NDArray[np.float64]
LEAST_METERS, LEAST_DAYS = 10, 14
_HOURS_OF_A_DAY = 18  # what a day needs of a meter to count


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Energies of meters of any class, an hour each or a shorter span."""

    wh: NDArray[np.float32]  # (meters, hours): Wh an hour; NaN where nothing is known
    meter_class: NDArray[np.int8]  # (meters,): index into `wattif.spec.values.CLASS_IDS`
    clock: Clock  # of the hours
    zero: Floats  # (meters,): share of the readings that are zero
    missing: Floats  # (meters,): share of the readings between a meter's first and last one that are not there
    span_s: int = 3600  # what stands for an hour above, seconds

    def of_class(self, number: int) -> Measured:
        """The meters of one class."""
        return self.only(self.meter_class == number)

    def only(self, chosen: NDArray[np.bool_]) -> Measured:
        """Some of the meters."""
        return Measured(
            wh=self.wh[chosen],
            meter_class=self.meter_class[chosen],
            clock=self.clock,
            zero=self.zero[chosen],
            missing=self.missing[chosen],
            span_s=self.span_s,
        )

    @cached_property
    def mean_wh(self) -> Floats:
        """(meters,): the mean of each one's hours."""
        counts = np.maximum((~np.isnan(self.wh)).sum(axis=1), 1)
        mean: Floats = np.nansum(self.wh, axis=1, dtype=np.float64) / counts
        return mean

    @cached_property
    def relative(self) -> Floats:
        """(hours,): the mean of all meters, each relative to its own; NaN where none is known."""
        used = self.mean_wh > 0.0
        own = self.wh[used]
        known = ~np.isnan(own)
        sums = np.zeros(own.shape[1])
        for row, mean in zip(own, self.mean_wh[used], strict=True):  # a meter at a time: no second matrix
            sums += np.nan_to_num(row) / mean
        counts = known.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean_of_all: Floats = sums / counts
        return mean_of_all

    def daily(self) -> Floats:
        """(meters, days): the mean Wh an hour of each local day; NaN for days of which too little is known."""
        _, place = np.unique(self.clock.day, return_inverse=True)
        days = int(place.max()) + 1
        daily = np.full((len(self.wh), days), np.nan)
        for number, row in enumerate(self.wh):
            known = ~np.isnan(row)
            counts = np.bincount(place[known], minlength=days)
            sums = np.bincount(place[known], row[known], minlength=days)
            enough = counts * self.span_s >= _HOURS_OF_A_DAY * 3600
            daily[number, enough] = sums[enough] / counts[enough]
        return daily

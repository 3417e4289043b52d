"""What goes wrong on the way, decided: which rows, files and batches meet a fault.

A plan always gives the same answer, so any day or file can be made alone.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wattif.faults.draw import draw_details, draw_row_faults
from wattif.faults.rates import FaultRates, rates_of
from wattif.numeric.calendar import DAY_S, day_number
from wattif.numeric.streams import Stream, draw, stream_key, uniform
from wattif.spec import Spec
from wattif.tables.fault_kinds import ROW_KINDS, FaultKind
from wattif.tables.unit import Unit


class RowFault(IntEnum):
    """What happens to a row; at most one thing does."""

    NONE = 0
    DROP = FaultKind.DROP.row_code
    DUPLICATE = FaultKind.DUPLICATE.row_code
    LATE = FaultKind.LATE.row_code
    OUT_OF_ORDER = FaultKind.OUT_OF_ORDER.row_code
    CORRUPT = FaultKind.CORRUPT.row_code


class FaultPlan(Protocol):
    """Decides what goes wrong. All its answers are pure functions of their arguments; threads may share it."""

    @property
    def rates(self) -> FaultRates:
        """How late rows may be, the schema drift, and the bound of what may happen at all."""

    def rows(self, meter: int, day: date) -> NDArray[np.uint8]:
        """A `RowFault` for each nominal reading of a meter's day, whether or not the meter sent that row."""

    def details(self, meters: NDArray[np.int64], day: date, readings: NDArray[np.int64]) -> NDArray[np.uint64]:
        """64 random bits for each of some rows of a day: how late, how far or how damaged it is, if a fault happens."""

    def withheld(self, unit: Unit) -> bool:
        """Whether the file never arrives, nor its late rows."""

    def partial(self, unit: Unit) -> bool:
        """Whether the file's last line ends early.

        That is the last row that is neither dropped nor late; nothing else happens to it.
        """

    def twice(self, unit: Unit) -> bool:
        """Whether the unit's batch is delivered a second time."""


class DrawnFaults:
    """The plan that the faults of a spec stand for: shares are met on average, by hashes of meter and reading."""

    def __init__(self, rates: FaultRates, seed: int, interval_s: int, meters_per_batch: int) -> None:
        self.rates = rates
        self._seed = seed
        self._readings = DAY_S // interval_s
        self._meters_per_batch = meters_per_batch
        self._shares_upto = np.cumsum([getattr(rates, kind) for kind in ROW_KINDS])

    @classmethod
    def of(cls, spec: Spec) -> DrawnFaults:
        """The faults that *spec* asks for."""
        return cls(rates_of(spec), spec.seed, spec.interval, spec.meters_per_file * spec.batch_files)

    def rows(self, meter: int, day: date) -> NDArray[np.uint8]:
        """See `FaultPlan.rows`."""
        codes = np.zeros(self._readings, np.uint8)
        if self.rates.of_rows > 0:
            key = np.uint64(stream_key(self._seed, int(Stream.FAULT_ROW), meter))
            draw_row_faults(key, day_number(day) * self._readings, self._shares_upto, codes)
        return codes

    def details(self, meters: NDArray[np.int64], day: date, readings: NDArray[np.int64]) -> NDArray[np.uint64]:
        """See `FaultPlan.details`."""
        return draw_details(self._seed, meters, day_number(day) * self._readings + readings)

    def withheld(self, unit: Unit) -> bool:
        """See `FaultPlan.withheld`."""
        return self._chance(Stream.FAULT_FILE, unit.first, 2 * day_number(unit.day)) < self.rates.file_missing

    def partial(self, unit: Unit) -> bool:
        """See `FaultPlan.partial`."""
        return self._chance(Stream.FAULT_FILE, unit.first, 2 * day_number(unit.day) + 1) < self.rates.partial_line

    def twice(self, unit: Unit) -> bool:
        """See `FaultPlan.twice`."""
        batch = unit.first // self._meters_per_batch
        return self._chance(Stream.FAULT_BATCH, batch, day_number(unit.day)) < self.rates.batch_twice

    def _bits(self, stream: Stream, entity: int, counter: int) -> int:
        key = stream_key(self._seed, int(stream), entity)  # numba looks at every member of an enum it is given
        return int(draw(np.uint64(key), counter))

    def _chance(self, stream: Stream, entity: int, counter: int) -> float:
        return float(uniform(np.uint64(self._bits(stream, entity, counter))))

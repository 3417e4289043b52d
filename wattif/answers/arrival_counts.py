"""How often each row arrives in the lake: the faults on the way, seen from the tables at its end."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
from numpy.typing import NDArray

from wattif.engine.plan import Batch, Plan
from wattif.faults.plan import FaultPlan, RowFault
from wattif.model.reported import ReportedDays
from wattif.model.scenario import Scenario
from wattif.numeric.calendar import day_number
from wattif.tables.unit import Unit

_NOT_IN_THE_FILE = (RowFault.DROP, RowFault.LATE)
_TIMES = np.ones(len(RowFault), np.int64)  # that a row arrives when all of its file does
_TIMES[[RowFault.DROP, RowFault.CORRUPT]] = 0
_TIMES[RowFault.DUPLICATE] = 2


class ArrivalCounts:
    """Says how often the rows of a meter's day arrive. Not thread-safe.

    `causes` counts by name the rows by which the delivered ones differ from the measured ones: those that are lost to
    drop, corrupt, partial_line and file_missing, and those added by duplicate and batch_twice.
    """

    def __init__(self, scenario: Scenario, plan: Plan, faults: FaultPlan) -> None:
        self._scenario = scenario
        self._plan = plan
        self._faults = faults
        self._days = ReportedDays(scenario.world, scenario.fleet, scenario.events, electrical=False)
        self._batch: Batch | None = None
        self._cut: dict[Unit, tuple[int, int] | None] = {}  # the meter and reading of its last line, ends early
        self.causes: Counter[str] = Counter()

    def times(self, day: date, meter: int, sent: NDArray[np.bool_] | None, *, count: bool) -> NDArray[np.int64]:
        """How often each reading of *meter* on *day* arrives, shape (readings,); *sent* is its mark's.

        *count*: whether the rows are to be counted among the causes.
        """
        unit = self._file_of(day, meter)
        codes = self._faults.rows(meter, day)
        happened = np.bincount(codes if sent is None else codes[sent], minlength=len(RowFault))
        causes: dict[str, int] = {}
        if self._faults.withheld(unit):
            times = np.zeros(len(codes), np.int64)
            causes["file_missing"] = int(happened.sum())
        else:
            times = _TIMES[codes] if sent is None else _TIMES[codes] * sent
            for fault in (RowFault.DROP, RowFault.CORRUPT, RowFault.DUPLICATE):
                causes[fault.name.lower()] = int(happened[fault])
            cut = self._last_line(unit) if self._faults.partial(unit) else None
            if cut is not None and cut[0] == meter:
                expected = RowFault(codes[cut[1]]).name.lower()
                if expected in causes:  # nothing else happens to that row
                    causes[expected] -= 1
                times[cut[1]] = 0
                causes["partial_line"] = 1
        if self._faults.twice(unit):
            causes["batch_twice"] = int(times.sum())
            times *= 2
        if count:
            self.causes.update(causes)
        return times

    def _file_of(self, day: date, meter: int) -> Unit:
        file, size = meter // self._plan.meters_per_file, self._plan.batch_files
        if self._batch is None or self._batch.day != day or self._batch.index != file // size:
            self._batch = self._plan.batch(day, file // size)
            self._cut.clear()
        return self._batch.units[file % size]

    def _last_line(self, unit: Unit) -> tuple[int, int] | None:
        """The meter and the reading of the last line of the file as it is delivered; None when it has none."""
        if unit not in self._cut:
            self._cut[unit] = None
            for meter in range(unit.last, unit.first - 1, -1):
                in_file = ~np.isin(self._faults.rows(meter, unit.day), _NOT_IN_THE_FILE) & self._sent(unit.day, meter)
                if in_file.any():
                    self._cut[unit] = meter, int(np.flatnonzero(in_file)[-1])
                    break
        return self._cut[unit]

    def _sent(self, day: date, meter: int) -> NDArray[np.bool_] | bool:
        of_meter = self._scenario.events.get(meter)
        if of_meter is None or of_meter.on(day_number(day)) is None:
            return True
        _, marks = self._days.compute(day, meter, 1)
        return True if not marks or marks[0].sent is None else marks[0].sent

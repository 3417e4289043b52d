"""A work unit to a sealed file: model -> columns -> rows -> staging. Each thread keeps its own buffers."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from threading import Event

from uploader.store import SealedFile
from wattif.engine.budget import Budget
from wattif.engine.plan import FileUnit, Plan
from wattif.engine.staging import Staging
from wattif.engine.world import Scenario
from wattif.errors import Interrupted, StagingError
from wattif.formats.marks import marked_rows
from wattif.formats.ndjson import RowFormat, Rows
from wattif.lake import layout
from wattif.world import quantities
from wattif.world.grid import METERS_PER_TRANSFORMER
from wattif.world.reported import ReportedDays

_ELECTRICAL = {quantities.VOLTAGE_DV, quantities.CURRENT_CA, quantities.POWER_FACTOR_MILLI}
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class FileBytes:
    """The bytes of any file of a dataset: a pure function of the unit. Threads may share it."""

    def __init__(self, scenario: Scenario, plan: Plan) -> None:
        self._world = scenario.world
        self._fleet = scenario.fleet
        self._events = scenario.events
        self._form = RowFormat(plan.template)
        self._electrical = any(field.quantity in _ELECTRICAL for field in plan.template.fields)
        self._one_meter_a_file = plan.meters_per_file == 1
        self._own = threading.local()

    def name(self, unit: FileUnit) -> str:
        """The name of the unit's object."""
        if self._one_meter_a_file:
            return layout.meter_readings_name(unit.day, int(self._fleet.macs[unit.first_meter]))
        return layout.readings_name(unit.day, unit.first_meter, unit.last_meter)

    def blocks(self, unit: FileUnit) -> Iterator[memoryview]:
        """The unit's bytes, block by block; each block is valid until the next one is asked for."""
        if not hasattr(self._own, "rows"):
            self._own.days = ReportedDays(self._world, self._fleet, self._events, electrical=self._electrical)
            self._own.rows = Rows(self._form, self._own.days.block_meters, self._world.interval_s)
        days: ReportedDays = self._own.days
        rows: Rows = self._own.rows
        first, end = unit.first_meter, unit.last_meter + 1
        while first < end:
            neighbours = METERS_PER_TRANSFORMER - first % METERS_PER_TRANSFORMER
            last = min(first + min(days.block_meters, neighbours), end)
            columns, marks = days.compute(unit.day, first, last - first)
            city = self._world.city_of(first).id
            block = rows.fill(unit.day, city, self._fleet.macs[first:last], columns)
            yield marked_rows(block, self._form.template, unit.day, last - first, marks) if marks else block
            first = last


class Producer:
    """Makes sealed files. *count* is told the rows of every block that was written."""

    def __init__(
        self, content: FileBytes, staging: Staging, budget: Budget, stop: Event, count: Callable[[int], None]
    ) -> None:
        self._content = content
        self._staging = staging
        self._budget = budget
        self._stop = stop
        self._count = count

    def produce(self, unit: FileUnit) -> SealedFile:
        """The sealed file of *unit*: an earlier run's when it is still good, else a new one.

        On a full disk it waits for uploads to free space, and raises `StagingError` when nothing will.
        """
        name = self._content.name(unit)
        reused = self._staging.reuse(name, unit.size)
        if reused is not None:
            self._count(unit.rows)
            return reused
        last_try = False
        while True:
            try:
                return self._write(unit, name)
            except OSError as error:
                if error.errno not in _DISK_FULL:
                    raise StagingError(
                        f"{error.filename or name}: {error.strerror}; mend it, then run the same command again"
                    ) from error
                if last_try:
                    raise StagingError(
                        f"the staging disk is full and no upload will free any of it: {name} needs {unit.size} bytes;"
                        " free some space or name another --staging-dir, then run the same command again"
                        " (all sealed files are kept)"
                    ) from error
            last_try = self._budget.wait_for_space()

    def _write(self, unit: FileUnit, name: str) -> SealedFile:
        part = self._staging.create(name)
        rows = 0
        try:
            for block in self._content.blocks(unit):
                if self._stop.is_set():
                    raise Interrupted("stopped")
                part.write(block)
                block_rows = len(block) * unit.rows // unit.size
                rows += block_rows
                self._count(block_rows)
            return part.seal()
        except BaseException:
            self._count(-rows)
            part.abandon()
            raise

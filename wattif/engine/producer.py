"""A work unit to sealed files: model -> columns -> rows -> staging. Each thread keeps its own buffers."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from wattif.encode.marks import marked_rows
from wattif.encode.ndjson import RowFormat, Rows
from wattif.encode.template import RowTemplate
from wattif.engine.budget import Budget
from wattif.engine.plan import Plan
from wattif.engine.staging import Part, Staging
from wattif.errors import Interrupted, StagingError
from wattif.lake import layout
from wattif.lake.fault_labels import FaultLabel
from wattif.model import quantities
from wattif.model.grid import METERS_PER_TRANSFORMER
from wattif.model.reported import ReportedDays
from wattif.model.scenario import Scenario
from wattif.tables.unit import Unit
from wattif.uploader.store import SealedFile

_ELECTRICAL = {quantities.VOLTAGE_DV, quantities.CURRENT_CA, quantities.POWER_FACTOR_MILLI}
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class Block(NamedTuple):
    """The rows of some consecutive meters of a file."""

    data: memoryview
    first_meter: int
    meters: int
    sent: NDArray[np.bool_] | None  # (meters, readings): which readings are rows; None when all of them are


class Piece(NamedTuple):
    """The next bytes of an object."""

    name: str
    data: memoryview
    rows: int  # lines in it


class Content(Protocol):
    """What is delivered of a unit. Threads may share it."""

    @property
    def row_width(self) -> int | None:
        """Bytes of each row; None when a sealed file of an earlier run does not tell all there is to know of it."""

    def names(self, unit: Unit) -> Sequence[str]:
        """The objects that may be delivered."""

    def pieces(self, unit: Unit, labels: list[FaultLabel]) -> Iterator[Piece]:
        """The bytes of all objects; each piece is valid until the next one. What went wrong is added to *labels*."""


class FileBytes:
    """The bytes of any file of a dataset: a pure function of the unit. Threads may share it.

    *template*: of the rows, when they are not those of the plan.
    """

    def __init__(self, scenario: Scenario, plan: Plan, template: RowTemplate | None = None) -> None:
        self._world = scenario.world
        self._fleet = scenario.fleet
        self._events = scenario.events
        self._form = RowFormat(template or plan.template)
        self.row_width = self._form.width
        self._electrical = any(field.quantity in _ELECTRICAL for field in plan.template.fields)
        self._one_meter_a_file = plan.meters_per_file == 1
        self._own = threading.local()

    def name(self, unit: Unit) -> str:
        """The name of the unit's object."""
        if self._one_meter_a_file:
            return layout.meter_readings_name(unit.day, int(self._fleet.macs[unit.first]))
        return layout.readings_name(unit.day, unit.first, unit.last)

    def names(self, unit: Unit) -> Sequence[str]:
        """See `Content.names`."""
        return [self.name(unit)]

    def pieces(self, unit: Unit, labels: list[FaultLabel]) -> Iterator[Piece]:
        """See `Content.pieces`; nothing goes wrong."""
        name = self.name(unit)
        return (Piece(name, data, len(data) // self.row_width) for data in self.blocks(unit))

    def blocks(self, unit: Unit) -> Iterator[memoryview]:
        """The unit's bytes, block by block; each block is valid until the next one is asked for."""
        return (block.data for block in self.meter_blocks(unit))

    def meter_blocks(self, unit: Unit) -> Iterator[Block]:
        """The same, and whose rows each block holds."""
        if not hasattr(self._own, "rows"):
            self._own.days = ReportedDays(self._world, self._fleet, self._events, electrical=self._electrical)
            self._own.rows = Rows(self._form, self._own.days.block_meters, self._world.interval_s)
        days: ReportedDays = self._own.days
        rows: Rows = self._own.rows
        first, end = unit.first, unit.last + 1
        while first < end:
            neighbours = METERS_PER_TRANSFORMER - first % METERS_PER_TRANSFORMER
            last = min(first + min(days.block_meters, neighbours), end)
            columns, marks = days.compute(unit.day, first, last - first)
            city = self._world.city_of(first).id
            data, sent = rows.fill(unit.day, city, self._fleet.macs[first:last], columns), None
            if marks:
                data, sent = marked_rows(data, self._form.template, unit.day, last - first, marks)
            yield Block(data, first, last - first, sent)
            first = last


@dataclass(frozen=True)
class DeliveredFile:
    """A sealed file and how many lines it has."""

    file: SealedFile
    rows: int


@dataclass(frozen=True)
class MadeUnit:
    """All that is delivered of a unit, and what went wrong with it on the way."""

    files: tuple[DeliveredFile, ...]
    labels: tuple[FaultLabel, ...]

    @property
    def rows(self) -> int:
        """Lines of all files."""
        return sum(each.rows for each in self.files)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.file.size for each in self.files)


class Producer:
    """Makes sealed files. *count* is told the rows of every piece that was written."""

    def __init__(
        self, content: Content, staging: Staging, budget: Budget, stop: Event, count: Callable[[int], None]
    ) -> None:
        self._content = content
        self._staging = staging
        self._budget = budget
        self._stop = stop
        self._count = count

    def produce(self, unit: Unit) -> MadeUnit:
        """The sealed files of *unit*: an earlier run's when that is still good, else new ones.

        On a full disk it waits for uploads to free space, and raises `StagingError` when nothing will.
        """
        reused = self._reuse(unit)
        if reused is not None:
            self._count(reused.rows)
            return reused
        name, last_try = self._content.names(unit)[0], False
        while True:
            try:
                return self._write(unit)
            except OSError as error:
                if error.errno not in _DISK_FULL:
                    raise StagingError(
                        f"{error.filename or name}: {error.strerror}; mend it, then run the same command again"
                    ) from error
                if last_try:
                    raise StagingError(
                        f"the staging disk is full and no upload will free any of it: {name} has no room;"
                        " free some space or name another --staging-dir, then run the same command again"
                        " (all sealed files are kept)"
                    ) from error
            last_try = self._budget.wait_for_space()

    def _reuse(self, unit: Unit) -> MadeUnit | None:
        width = self._content.row_width
        file = self._staging.reuse(self._content.names(unit)[0]) if width else None
        return MadeUnit((DeliveredFile(file, file.size // width),), ()) if file and width else None

    def _write(self, unit: Unit) -> MadeUnit:
        parts: dict[str, Part] = {}
        rows: dict[str, int] = {}
        labels: list[FaultLabel] = []
        try:
            for piece in self._content.pieces(unit, labels):
                if self._stop.is_set():
                    raise Interrupted("stopped")
                if piece.name not in parts:
                    parts[piece.name] = self._staging.create(piece.name)
                    rows[piece.name] = 0
                parts[piece.name].write(piece.data)
                rows[piece.name] += piece.rows
                self._count(piece.rows)
            files = tuple(DeliveredFile(part.seal(), rows[name]) for name, part in parts.items())
        except BaseException:
            self._count(-sum(rows.values()))
            for part in parts.values():
                part.abandon()
            raise
        for each in files:
            self._staging.supersede(each.file)
        return MadeUnit(files, tuple(labels))

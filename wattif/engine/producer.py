"""A unit's content to sealed files in staging."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from wattif.engine.budget import Budget
from wattif.engine.content import Content
from wattif.engine.staging import Part, Staging
from wattif.errors import Interrupted, StagingError
from wattif.tables.unit import Unit
from wattif.uploader.store import SealedFile

if TYPE_CHECKING:
    import pyarrow as pa

_TELL_ROWS = 20_000  # so many at least are told at once: faults cut blocks into very small pieces
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class DeliveredFile:
    """A sealed file and how many lines it has."""

    file: SealedFile
    rows: int


@dataclass(frozen=True)
class MadeUnit:
    """All that is delivered of a unit, and what went wrong with it on the way."""

    files: tuple[DeliveredFile, ...]
    labels: tuple[pa.Table, ...]

    @property
    def rows(self) -> int:
        """Lines of all files."""
        return sum(each.rows for each in self.files)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.file.size for each in self.files)


class Producer:
    """Makes sealed files. *count* is called with the number of rows written since its last call; negative: undone."""

    def __init__(self, staging: Staging, budget: Budget, stop: Event, count: Callable[[int], None]) -> None:
        self._staging = staging
        self._budget = budget
        self._stop = stop
        self._count = count

    def produce(self, unit: Unit, content: Content) -> MadeUnit:
        """The sealed files of *unit* with *content*.

        On a full disk it waits for uploads to free space, and raises `StagingError` when nothing will.
        """
        name, last_try = content.names(unit)[0], False
        while True:
            try:
                return self._write(unit, content)
            except OSError as error:
                if error.errno not in _DISK_FULL:
                    raise StagingError(
                        f"{error.filename or name}: {error.strerror}; correct this, then run the same command again"
                    ) from error
                if last_try:
                    raise StagingError(
                        f"the staging disk is full, and no upload will free space for {name};"
                        " free some space or name another `staging_dir`, then run the same command again"
                    ) from error
            last_try = self._budget.wait_for_space()

    def _write(self, unit: Unit, content: Content) -> MadeUnit:
        parts: dict[str, Part] = {}
        rows: dict[str, int] = {}
        untold = 0  # rows
        labels: list[pa.Table] = []
        try:
            for piece in content.pieces(unit, labels):
                if self._stop.is_set():
                    raise Interrupted("stopped")
                if piece.name not in parts:
                    parts[piece.name] = self._staging.create(piece.name, content.content_type)
                    rows[piece.name] = 0
                parts[piece.name].write(memoryview(piece.data))
                rows[piece.name] += piece.rows
                untold += piece.rows
                if untold >= _TELL_ROWS:
                    self._count(untold)
                    untold = 0
            files = tuple(DeliveredFile(part.seal(), rows[name]) for name, part in parts.items())
            self._count(untold)
        except BaseException:
            self._count(untold - sum(rows.values()))
            for part in parts.values():
                part.abandon()
            raise
        for each in files:
            self._staging.supersede(each.file)
        return MadeUnit(files, tuple(labels))

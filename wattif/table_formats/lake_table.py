"""The table of one table of a lake: the manifests decide what belongs to it, and each batch is added once.

A batch that was added leaves an empty object, `_wattif/tables/ID/dt=2024-01-01/000000`, with the id of the table: so a
run that goes on after months asks neither a log that was tidied up nor files that were merged. A run that is killed
between the two, or whose answer is lost, finds the batch in the table itself.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.manifest import ManifestEntry, read_manifest
from wattif.table_formats.table_format import TableFile, TableFormat
from wattif.uploader.retrying import Patience
from wattif.uploader.store import Conflict, Store

_log = logging.getLogger("wattif.table_formats")
Footers = Sequence[pq.FileMetaData]


def footer_of(path: Path) -> pq.FileMetaData:
    """What a file says of itself."""
    return pq.read_metadata(path)


class LakeTable:
    """A table and the store of its files. Threads may share it."""

    def __init__(self, table: TableFormat, store: Store, patience: Patience) -> None:
        self._table = table
        self._name = table.definition.name
        self._store = store
        self._patience = patience
        self._there = False  # whether a table was found
        self._is_others = False  # whether it is another dataset's
        self._added: set[tuple[date, int]] = set()
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """The table, for people."""
        return self._table.address

    def names(self) -> list[str]:
        """The objects that the table names, as often as it does; `LakeError` when there is no table."""
        if not self._there:
            raise LakeError(f"there is no {self.address}; generate the dataset with the `table_format`")
        return self._patience.retry(lambda: list(self._table.names()))

    def check(self, *, overwrite: bool) -> None:
        """Look before anything is done; `LakeError` when the table can never name the files of the dataset."""
        table, definition = self._table, self._table.definition
        found = self._patience.retry(table.find)
        if found is None:
            return
        self._there = True
        if found.dataset is None:
            raise LakeError(f"{table.address} is another program's; {self._way_out}")
        if found.root != definition.root:
            raise LakeError(f"{table.address} names the files of another lake, {found.root}; {self._way_out}")
        self._is_others = found.dataset != definition.dataset
        if self._is_others and not overwrite:
            raise LakeError(
                f"{table.address} names the files of another dataset; {self._way_out}, or generate with `overwrite` to"
                " replace both"
            )
        if found.wrong_columns and not self._is_others:
            columns = ", ".join(found.wrong_columns)
            raise LakeError(
                f"{table.address} lacks columns of the dataset, or has them with other types: {columns};"
                f" {self._way_out}"
            )

    @property
    def _way_out(self) -> str:
        return "use another `namespace`" if self._table.has_catalog else "use another `lake` or `prefix`"

    def prepare(self, store: Store) -> None:
        """Make the table where there is none of the dataset; *store* writes as long as the dataset owns the lake."""
        self._store = store
        if not self._there or self._is_others:
            self._patience.retry(self._create)
            _log.info("%s: made", self._table.address)
        for name in store.list(layout.table_marks(self._table.id)):
            parsed = layout.parse_table_mark(name, self._table.id)
            if parsed is not None:
                self._added.add(parsed)

    def _create(self) -> None:
        """Unless another run of the dataset has done it at the same moment."""
        found = self._table.find()
        if found is None or found.dataset != self._table.definition.dataset:
            self._table.create(replace=found is not None)

    def add(self, day: date, index: int, entries: Sequence[ManifestEntry], footers: Footers) -> None:
        """Add the files of a batch that is committed; `LakeError` when that cannot be done."""
        files = [
            TableFile(name=entry.name, bytes=entry.bytes, day=day, footer=footer)
            for entry, footer in zip(entries, footers, strict=True)
        ]
        batch = layout.manifest_name(day, index, self._name)
        with self._lock:
            try:
                if files:
                    self._patience.retry(lambda: self._add_once(batch, files))
            except Conflict:
                raise
            except LakeError as error:
                raise LakeError(
                    f"{error}; committed batches that the table lacks: {self._lacking()}; the same command adds them"
                ) from error
        self._store.put_bytes(layout.table_mark_name(self._table.id, day, index), b"")
        with self._lock:
            self._added.add((day, index))

    def _add_once(self, batch: str, files: Sequence[TableFile]) -> None:
        if self._table.holds(batch, [file.name for file in files]):
            _log.info("%s: %s is there already", self._table.address, batch)
            return
        self._table.add(batch, files)
        _log.info("%s: %s added", self._table.address, batch)

    def _lacking(self) -> int:
        """How many batches are in the lake alone."""
        names = self._store.list(layout.manifest_folder(self._name))
        committed = {layout.parse_manifest_name(name, self._name) for name in names}
        return len(committed - {None} - self._added)

    def catch_up(self, day: date, index: int) -> None:
        """Add a batch that an earlier run committed, if the table lacks it."""
        if (day, index) in self._added:
            return
        name, place = layout.manifest_name(day, index, self._name), self._store.place
        entries = read_manifest(self._store.get_bytes(name) or b"", name, place, self._name)
        self.add(day, index, entries, [self._footer(entry.name) for entry in entries])

    def _footer(self, name: str) -> pq.FileMetaData:
        file = self._store.open_object(name)
        where = f"{self._store.place}/{name}"
        if file is None:
            raise LakeError(f"{where} is committed, but missing; restore it, or remove its manifest to make it again")
        with file:
            try:
                return pq.read_metadata(file)
            except pa.ArrowInvalid as error:
                raise LakeError(f"{where} is no Parquet file ({error}); remove it and its manifest") from None


def schema_of(empty_file: bytes) -> pa.Schema:
    """The columns of files, as one without rows has them."""
    return pq.read_schema(io.BytesIO(empty_file)).remove_metadata()

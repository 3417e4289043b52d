"""Files that tell their columns into a table of DuckDB, by the names of columns: no row becomes an object of Python."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wattif.compress import format_of
from wattif.encode.columnar import ColumnarEncoder
from wattif.errors import LakeError
from wattif.lake.days import CommittedDay
from wattif.lake.manifest import ManifestEntry
from wattif.uploader.store import Store
from wattif.warehouse.duckdb_files import IS_BAD, groups, listed, quoted, too_short, unreadable
from wattif.warehouse.tables import Table
from wattif.warehouse.warehouse import CONTENT_LENGTH, BadRecord, Staged

if TYPE_CHECKING:
    import duckdb

_ROWS_AT_ONCE = 500_000  # that are handed over together: some 70 MB of ten columns


def stage_columns(connection: duckdb.DuckDBPyConnection, store: Store, day: CommittedDay, table: Table) -> Staged:
    """Append the files of *day* to *table*; what else was found in them.

    `LakeError` when a file has fewer rows than its manifest says, or is none of its format.
    """
    staging = _Staging(connection, table, store.place)
    for files in groups(day.files):
        with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
            staging.add([store.fetch(file.name, Path(folder)).absolute() for file in files], files)
    return Staged(
        bad_records=tuple(staging.bad_records),
        bad_record_count=len(staging.bad_records),
        unknown_fields=+staging.unknown,
    )


class _Staging:
    """A table that is filled group by group of files of one format."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, place: str) -> None:
        self._connection = connection
        self._table = table
        self._place = place
        self._rows = 0
        self.bad_records: list[BadRecord] = []
        self.unknown: Counter[str] = Counter()  # rows by column that the table has not

    def add(self, paths: Sequence[Path], files: Sequence[ManifestEntry]) -> None:
        """Append the rows of files."""
        # the encoder of an object that is not text is columnar: `DuckDBWarehouse.loads` let no other pass
        encoder = cast("type[ColumnarEncoder]", format_of(files[0].name))
        rows = self._add_batches(encoder, paths, files) if encoder.duckdb is None else self._add_parquet(paths, files)
        self._name_bad_rows(files, rows)
        self._rows += sum(rows)

    def _add_parquet(self, paths: Sequence[Path], files: Sequence[ManifestEntry]) -> list[int]:
        """DuckDB reads Parquet itself, three times as fast as by way of Arrow."""
        rows, there = [], set[str]()
        for path, file in zip(paths, files, strict=True):
            try:
                metadata = pq.read_metadata(path)
            except pa.ArrowInvalid as error:
                raise self._not_readable(file, f"no Parquet file: {error}") from None
            rows.append(metadata.num_rows)
            names = metadata.schema.to_arrow_schema().names
            self._count(file, metadata.num_rows, names)
            there.update(names)
        source = f"read_parquet({listed([*map(str, paths)])}, union_by_name = true, hive_partitioning = false)"
        self._insert(there, source)
        return rows

    def _add_batches(
        self, encoder: type[ColumnarEncoder], paths: Sequence[Path], files: Sequence[ManifestEntry]
    ) -> list[int]:
        rows = [0] * len(files)
        waiting: list[pa.RecordBatch] = []
        for number, (path, file) in enumerate(zip(paths, files, strict=True)):
            names: list[str] = []
            for batch in self._batches(encoder, path, file):
                if waiting and (
                    batch.schema != waiting[0].schema or sum(each.num_rows for each in waiting) >= _ROWS_AT_ONCE
                ):
                    self._insert_batches(waiting)
                waiting.append(batch)
                names = batch.schema.names
                rows[number] += batch.num_rows
            self._count(file, rows[number], names)
        self._insert_batches(waiting)
        return rows

    def _batches(self, encoder: type[ColumnarEncoder], path: Path, file: ManifestEntry) -> Iterator[pa.RecordBatch]:
        content = pa.memory_map(str(path)).read_buffer() if path.stat().st_size else b""
        try:
            yield from encoder.batches(content)
        except ValueError as error:
            raise self._not_readable(file, str(error)) from None

    def _insert_batches(self, waiting: list[pa.RecordBatch]) -> None:
        if waiting:
            self._connection.register("arrow_rows", pa.Table.from_batches(waiting))
            self._insert(set(waiting[0].schema.names), "arrow_rows")
            self._connection.unregister("arrow_rows")
            waiting.clear()

    def _insert(self, there: set[str], source: str) -> None:
        known = ", ".join(quoted(name) for name in self._table.column_names if name in there) or "NULL AS mac"
        self._connection.execute(f"INSERT INTO {quoted(self._table.name)} BY NAME SELECT {known} FROM {source}")

    def _count(self, file: ManifestEntry, rows: int, names: Sequence[str]) -> None:
        if rows < file.rows:
            raise LakeError(too_short(self._place, file, rows))
        self.unknown.update(dict.fromkeys(set(names) - set(self._table.column_names), rows))

    def _not_readable(self, file: ManifestEntry, what: str) -> LakeError:
        words = (what.splitlines() or [""])[0]
        return LakeError(f"{self._place}/{file.name} is {words}; restore it, then run the same command again")

    def _name_bad_rows(self, files: Sequence[ManifestEntry], rows: Sequence[int]) -> None:
        ends = self._rows + np.cumsum(rows)
        found = self._connection.execute(
            f'SELECT rowid, mac IS NULL, "timestamp" IS NULL, to_json(t) FROM {quoted(self._table.name)} AS t'
            f" WHERE rowid >= {self._rows} AND ({IS_BAD}) ORDER BY rowid"
        ).fetchall()
        for place, no_mac, no_timestamp, content in found:
            number = int(np.searchsorted(ends, place, side="right"))
            missing = [name for name, lacks in (("mac", no_mac), ("timestamp", no_timestamp)) if lacks]
            self.bad_records.append(
                BadRecord(
                    file=files[number].name,
                    line=place - int(ends[number] - rows[number]) + 1,
                    error=unreadable(missing),
                    content=content[:CONTENT_LENGTH],
                )
            )

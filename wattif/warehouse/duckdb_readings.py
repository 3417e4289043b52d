"""Lines of NDJSON into a table of DuckDB, in one pass; those that are no readings are named by file and line.

DuckDB reads each line once. Everything else follows from what it made of them: rows keep the order of the lines, so
the places of bad rows tell file and line; and as each name and each text has two quotes, the quotes of the files tell
whether a field was left out that no column takes. Only where they do not add up are the files read again.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson

from wattif.errors import LakeError
from wattif.lake.days import CommittedDay
from wattif.lake.manifest import ManifestEntry
from wattif.uploader.store import Store
from wattif.warehouse.duckdb_files import IS_BAD, groups, listed, quoted, too_short, unreadable
from wattif.warehouse.line_scan import ByteCounts, count_bytes, first_record, lines_at, rows_to_lines
from wattif.warehouse.tables import Column, Table
from wattif.warehouse.warehouse import CONTENT_LENGTH, BadRecord, Staged

if TYPE_CHECKING:
    import duckdb

_MOST_EXTRAS = 20  # fields that get a column for a while; more are counted the slow way


def stage_lines(connection: duckdb.DuckDBPyConnection, store: Store, day: CommittedDay, table: Table) -> Staged:
    """Append the files of *day* to *table*, which has a column for each field; what else was found in them.

    `LakeError` when a file has fewer lines than its manifest says.
    """
    staging = _Staging(connection, table)
    for files in groups(day.files):
        with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
            paths = {str(store.fetch(file.name, Path(folder)).absolute()): file for file in files}
            staging.add(paths, store.place)
    staging.drop_extras()
    return Staged(
        bad_records=tuple(staging.bad_records),
        bad_record_count=len(staging.bad_records),
        unknown_fields=+staging.unknown,
    )


class _Staging:
    """A table that is filled group by group of files."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table) -> None:
        self._connection = connection
        self._table = table
        self._extras: list[str] = []  # fields that no column takes, seen so far; columns of the table for a while
        self._rows = 0
        self.bad_records: list[BadRecord] = []
        self.unknown: Counter[str] = Counter()  # in how many lines each field stands that no column takes

    def add(self, paths: Mapping[str, ManifestEntry], place: str) -> None:
        """Append the lines of files."""
        self._add_extras({name for path in paths for name in first_record(path)})
        lines = _read_json(list(paths), self._table.columns, self._extras)
        insert = f'INSERT INTO "{self._table.name}" BY NAME SELECT * FROM {lines}'
        ((added,),) = self._connection.execute(insert).fetchall()
        first, self._rows = self._rows, self._rows + added
        with ThreadPoolExecutor() as threads:
            counts = list(threads.map(count_bytes, paths))
        for file, count in zip(paths.values(), counts, strict=True):
            if count.lines < file.rows:
                raise LakeError(too_short(place, file, count.lines))
        rows = [count.lines for count in counts]
        if sum(rows) != added:  # blank lines are no rows
            rows = self._rows_by_file(list(paths))
        quotes, of_bad = self._name_bad_rows(paths, counts, rows, first)
        of_good = self._unknown_of_good(first, sum(count.quotes for count in counts) - quotes)
        self.unknown += self._unknown_of_all(list(paths)) if of_good is None else of_good + of_bad

    def drop_extras(self) -> None:
        """Leave the table with its own columns."""
        for name in self._extras:
            self._connection.execute(f'ALTER TABLE "{self._table.name}" DROP COLUMN {quoted(name)}')

    def _add_extras(self, names: set[str]) -> None:
        taken = {name.casefold() for name in (*self._table.column_names, *self._extras, "rowid")}
        for name in sorted(names):
            if name and name.casefold() not in taken and len(self._extras) < _MOST_EXTRAS:
                taken.add(name.casefold())
                self._extras.append(name)
                self._connection.execute(f'ALTER TABLE "{self._table.name}" ADD COLUMN {quoted(name)} VARCHAR')

    def _rows_by_file(self, paths: Sequence[str]) -> list[int]:
        keys = [column for column in self._table.columns if column.name in ("mac", "timestamp")]
        lines = _read_json(paths, keys, filename=True)
        counted = dict(self._connection.execute(f"SELECT filename, count(*) FROM {lines} GROUP BY ALL").fetchall())
        return [counted.get(path, 0) for path in paths]

    def _name_bad_rows(
        self, paths: Mapping[str, ManifestEntry], counts: Sequence[ByteCounts], rows: Sequence[int], first: int
    ) -> tuple[int, Counter[str]]:
        """Find the lines of bad rows from the row *first* on; the quotes and unknown fields in them."""
        bad = self._connection.execute(
            f'SELECT rowid FROM "{self._table.name}" WHERE rowid >= {first} AND ({IS_BAD}) ORDER BY rowid'
        ).fetchnumpy()["rowid"]
        ends = first + np.cumsum(rows)
        bounds = np.searchsorted(bad, [first, *ends])
        quotes, unknown = 0, Counter[str]()
        for number, (path, file) in enumerate(paths.items()):
            lines = (bad[bounds[number] : bounds[number + 1]] - (ends[number] - rows[number])).tolist()
            if lines and counts[number].lines != rows[number]:
                lines = list(rows_to_lines(path, lines))
            for line_number, line in zip(lines, lines_at(path, counts[number], lines), strict=True):
                quotes += line.count(b'"')
                content = line.strip().decode(errors="replace")[:CONTENT_LENGTH]
                error, fields = _what_is_wrong(line)
                unknown.update(fields - set(self._table.column_names))
                self.bad_records.append(BadRecord(file=file.name, line=line_number + 1, error=error, content=content))
        return quotes, unknown

    def _unknown_of_good(self, first: int, quotes: int) -> Counter[str] | None:
        """In how many good rows from *first* on each unknown field stands; None when that is not all of them.

        *quotes*: how many the lines of these rows have.
        """
        names = [*self._table.column_names, *self._extras]
        texts = [column.name for column in self._table.columns if column.is_text or column.kind == "timestamp"]
        counts = [f"count({quoted(name)})" for name in [*names, *texts]]
        counts += [f"count(*) FILTER (starts_with({quoted(name)}, '\"'))" for name in self._extras]
        (found,) = self._connection.execute(
            f'SELECT {", ".join(counts)} FROM "{self._table.name}" WHERE rowid >= {first} AND NOT ({IS_BAD})'
        ).fetchall()
        if 2 * sum(found) != quotes:
            return None
        return Counter({name: found[names.index(name)] for name in self._extras})

    def _unknown_of_all(self, paths: Sequence[str]) -> Counter[str]:
        """In how many lines each unknown field stands: the slow way, which reads them again."""
        found = self._connection.execute(
            f"SELECT json_keys(json) AS keys, count(*) FROM read_ndjson_objects({listed(paths)}, ignore_errors = true)"
            " WHERE json IS NOT NULL GROUP BY keys"
        ).fetchall()
        unknown: Counter[str] = Counter()
        for keys, lines in found:
            unknown.update(dict.fromkeys(set(keys) - set(self._table.column_names), lines))
        return unknown


def _read_json(
    paths: Sequence[str], columns: Sequence[Column], extras: Sequence[str] = (), *, filename: bool = False
) -> str:
    """The lines of files as rows; what cannot be read is NULL, and so is a whole line that is no JSON."""
    types = ", ".join(
        [f"{quoted(column.name)}: '{column.duckdb_type}'" for column in columns]
        + [f"{quoted(name)}: 'JSON'" for name in extras]
    )
    return (
        f"read_json({listed(paths)}, format = 'newline_delimited', ignore_errors = true,"
        f" hive_partitioning = false, filename = {str(filename).lower()}, columns = {{{types}}})"
    )


def _what_is_wrong(line: bytes) -> tuple[str, set[str]]:
    """Why a line is no reading, and its fields."""
    try:
        record = orjson.loads(line)
    except ValueError as error:
        return f"not JSON: {error}", set()
    if not isinstance(record, dict):
        return "not a JSON object", set()
    missing = [name for name in ("mac", "timestamp") if record.get(name) is None]
    return unreadable(missing), set(record)

"""Lines of NDJSON into a table of DuckDB; those that are no readings are found again, with file and line."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wattif.errors import LakeError
from wattif.lake.days import CommittedDay
from wattif.lake.manifest import ManifestEntry
from wattif.uploader.store import Store
from wattif.warehouse.tables import Column, Table
from wattif.warehouse.warehouse import CONTENT_LENGTH, BadRecord, Staged

if TYPE_CHECKING:
    import duckdb

_BYTES_AT_ONCE = 2**30  # of files that are copied out of a bucket together
_IS_BAD = "mac IS NULL OR \"timestamp\" IS NULL OR NOT \"timestamp\" BETWEEN '1970-01-01' AND '2200-01-01'"


def stage_lines(connection: duckdb.DuckDBPyConnection, store: Store, day: CommittedDay, table: Table) -> Staged:
    """Append the files of *day* to *table*, which has a column for each field; what else was found in them."""
    bad_records: list[BadRecord] = []
    unknown: Counter[str] = Counter()
    for files in _parts(day.files):
        with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
            paths = {str(store.fetch(file.name, Path(folder))): file.name for file in files}
            lines = _read_json(list(paths), table.columns)
            ((found,),) = connection.execute(f'INSERT INTO "{table.name}" BY NAME SELECT * FROM {lines}').fetchall()
            if found < sum(file.rows for file in files):
                raise LakeError(_shorter(connection, paths, files, table, store.place))
            unknown += _unknown_fields(connection, list(paths), set(table.column_names))
            for path in _files_with_bad_records(connection, list(paths), table):
                bad_records += _bad_records(connection, path, paths[path], table)
    return Staged(bad_records=tuple(bad_records), bad_record_count=len(bad_records), unknown_fields=unknown)


def _shorter(
    connection: duckdb.DuckDBPyConnection, paths: Mapping[str, str], files: Sequence[ManifestEntry], table: Table,
    place: str,
) -> str:  # fmt: skip
    """Which file has fewer lines than its manifest says."""
    lines = _read_json(list(paths), _key_columns(table), filename=True)
    counted = dict(connection.execute(f"SELECT filename, count(*) FROM {lines} GROUP BY ALL").fetchall())
    there = {name: counted.get(path, 0) for path, name in paths.items()}
    short = next(file for file in files if there[file.name] < file.rows)
    return (
        f"{place}/{short.name} has {there[short.name]:,} of the {short.rows:,} lines that its manifest says;"
        " 'python -m wattif reconcile' tells what else is lost; bring it back, then run the same command again"
    )


def _parts(files: Sequence[ManifestEntry]) -> Iterator[list[ManifestEntry]]:
    part: list[ManifestEntry] = []
    for file in files:
        part.append(file)
        if sum(each.bytes for each in part) >= _BYTES_AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _quoted(paths: Sequence[str]) -> str:
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"


def _read_json(paths: Sequence[str], columns: Sequence[Column], *, filename: bool = False) -> str:
    """The lines of files as rows; what cannot be read is NULL, and so is a whole line that is no JSON."""
    types = ", ".join(f"\"{column.name}\": '{column.duckdb_type}'" for column in columns)
    return (
        f"read_json({_quoted(paths)}, format = 'newline_delimited', ignore_errors = true,"
        f" hive_partitioning = false, filename = {str(filename).lower()}, columns = {{{types}}})"
    )


def _unknown_fields(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], known: set[str]) -> Counter[str]:
    """In how many lines each field stands that no column takes."""
    found = connection.execute(
        f"SELECT json_keys(json) AS keys, count(*) FROM read_ndjson_objects({_quoted(paths)}, ignore_errors = true)"
        " WHERE json IS NOT NULL GROUP BY keys"
    ).fetchall()
    unknown: Counter[str] = Counter()
    for keys, lines in found:
        unknown.update(dict.fromkeys(set(keys) - known, lines))
    return unknown


def _key_columns(table: Table) -> list[Column]:
    return [column for column in table.columns if column.name in ("mac", "timestamp")]


def _files_with_bad_records(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], table: Table) -> list[str]:
    bad = connection.execute(f'SELECT count(*) FROM "{table.name}" WHERE {_IS_BAD}').fetchall()[0][0]
    if not bad:
        return []
    lines = _read_json(paths, _key_columns(table), filename=True)
    found = connection.execute(f"SELECT DISTINCT filename FROM {lines} WHERE {_IS_BAD} ORDER BY ALL").fetchall()
    return [path for (path,) in found]


def _bad_records(connection: duckdb.DuckDBPyConnection, path: str, name: str, table: Table) -> Iterator[BadRecord]:
    """The bad records of one file: DuckDB says the how manieth rows they are, the file which lines those are."""
    rows = _read_json([path], _key_columns(table))
    numbered = f'SELECT row_number() OVER () AS number, mac, "timestamp" FROM {rows}'
    bad = connection.execute(f"SELECT number FROM ({numbered}) WHERE {_IS_BAD} ORDER BY number").fetchall()
    wanted = {number for (number,) in bad}
    number = 0
    with Path(path).open("rb") as file:
        for line_number, line in enumerate(file, 1):
            if not line.strip():  # no row
                continue
            number += 1
            if number in wanted:
                content = line.strip().decode(errors="replace")[:CONTENT_LENGTH]
                yield BadRecord(file=name, line=line_number, error=_what_is_wrong(line), content=content)


def _what_is_wrong(line: bytes) -> str:
    import orjson

    try:
        record = orjson.loads(line)
    except ValueError as error:
        return f"not JSON: {error}"
    if not isinstance(record, dict):
        return "not a JSON object"
    missing = [name for name in ("mac", "timestamp") if record.get(name) is None]
    return f"no {' and no '.join(missing)}" if missing else "mac or timestamp cannot be read"

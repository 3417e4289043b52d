"""Lines of CSV into a table of DuckDB; those that are no readings are named by file and line.

DuckDB reads each line as so many texts, and one more for what is too much. So every line is a row at its place, and
what its texts are not decides whether it is a reading. As no value of a reading needs quotes, a quote is a character
like others: a torn line cannot swallow the next one.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from wattif.compress import plain_file
from wattif.errors import LakeError
from wattif.lake.days import CommittedDay
from wattif.lake.manifest import ManifestEntry
from wattif.uploader.store import Store
from wattif.warehouse.duckdb_files import IS_BAD, groups, listed, quoted, too_short, unreadable
from wattif.warehouse.line_scan import ByteCounts, count_bytes, lines_at
from wattif.warehouse.tables import Table
from wattif.warehouse.warehouse import CONTENT_LENGTH, BadRecord, Staged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_NO_TEXT = "\1"  # stands for a field that is missing: an empty one is there


@dataclass(frozen=True, kw_only=True)
class _File:
    """A file that is to be read."""

    path: str  # of what DuckDB reads
    original: str  # path of what was committed
    entry: ManifestEntry
    names: tuple[str, ...]  # in its first line
    counts: ByteCounts  # of the original
    lines: NDArray[np.int64] | None = None  # numbers of the lines, from 0, that the rows are; None: all but the first

    @property
    def rows(self) -> int:
        """Lines behind the first one, without those that are empty if they were looked for."""
        return max(self.counts.lines - 1, 0) if self.lines is None else len(self.lines)


def stage_csv(connection: duckdb.DuckDBPyConnection, store: Store, day: CommittedDay, table: Table) -> Staged:
    """Append the files of *day* to *table*, by the names in their first lines; what else was found in them.

    `LakeError` when a file has fewer lines than its manifest says.
    """
    staging = _Staging(connection, table)
    for entries in groups(day.files):
        with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
            paths = [str(store.fetch(entry.name, Path(folder)).absolute()) for entry in entries]
            with ThreadPoolExecutor() as threads:
                counts = threads.map(count_bytes, paths)
                files = [_opened(*each, store.place) for each in zip(paths, entries, counts, strict=True)]
            for _, same in groupby((file for file in files if file.rows), key=lambda file: file.names):
                staging.add(list(same))
    return Staged(
        bad_records=tuple(staging.bad_records),
        bad_record_count=len(staging.bad_records),
        unknown_fields=+staging.unknown,
    )


def _opened(path: str, entry: ManifestEntry, counts: ByteCounts, place: str) -> _File:
    with plain_file(Path(path)) as plain:
        names = tuple(plain.readline().decode(errors="replace").rstrip("\r\n").split(","))
    file = _File(path=path, original=path, entry=entry, names=names, counts=counts)
    if file.rows < entry.rows:
        raise LakeError(too_short(place, entry, file.rows))
    return file


class _Staging:
    """A table that is filled by files, some of the same columns at a time."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table) -> None:
        self._connection = connection
        self._table = table
        self._rows = 0
        self.bad_records: list[BadRecord] = []
        self.unknown: Counter[str] = Counter()  # in how many rows each field stands that no column takes

    def add(self, files: Sequence[_File]) -> None:
        """Append the rows of *files*, which have the same names in their first lines."""
        if any(file.counts.carriage_returns for file in files) or not self._insert(files):
            with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
                files = [_plain(file, Path(folder) / f"{number}.csv") for number, file in enumerate(files)]
                if not self._insert(files):
                    raise LakeError(f"{files[0].entry.name}: DuckDB reads other lines than the file has")
                self._name_bad_rows(files)
        else:
            self._name_bad_rows(files)
        self._rows += sum(file.rows for file in files)

    def _insert(self, files: Sequence[_File]) -> bool:
        """Append a row for each line, all or none: it cannot be if a line is empty, or has bytes that are no text."""
        insert = _insertion(self._table, files[0].names, [file.path for file in files])
        self._connection.execute("BEGIN TRANSACTION")
        try:
            ((added,),) = self._connection.execute(insert).fetchall()
        except duckdb.InvalidInputException as error:
            self._connection.execute("ROLLBACK")
            if "unicode" in str(error):
                return False
            raise
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        as_many: bool = added == sum(file.rows for file in files)
        self._connection.execute("COMMIT" if as_many else "ROLLBACK")
        return as_many

    def _name_bad_rows(self, files: Sequence[_File]) -> None:
        bad: NDArray[np.int64] = self._connection.execute(
            f"SELECT rowid FROM {quoted(self._table.name)} WHERE rowid >= {self._rows} AND ({IS_BAD}) ORDER BY rowid"
        ).fetchnumpy()["rowid"]
        ends = self._rows + np.cumsum([file.rows for file in files])
        bounds = np.searchsorted(bad, [self._rows, *ends])
        for number, file in enumerate(files):
            rows = bad[bounds[number] : bounds[number + 1]] - (ends[number] - file.rows)
            lines = (rows + 1 if file.lines is None else file.lines[rows]).tolist()
            for line_number, line in zip(lines, lines_at(file.original, file.counts, lines), strict=True):
                text = line.decode(errors="replace").rstrip("\r\n")
                error = _what_is_wrong(text, file.names)
                self.bad_records.append(
                    BadRecord(
                        file=file.entry.name, line=line_number + 1, error=error, content=text[:CONTENT_LENGTH].strip()
                    )
                )
            others = set(file.names) - set(self._table.column_names)
            self.unknown.update(dict.fromkeys(others, file.rows - len(rows)))


def _insertion(table: Table, names: Sequence[str], paths: Sequence[str]) -> str:
    """Fields by their places; a row without any value stands for a line that is no reading."""
    places = {name: f"c{place}" for place, name in reversed([*enumerate(names)])}  # the first of two that are equal
    last, surplus = f"c{len(names) - 1}", f"c{len(names)}"
    texts = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(names) + 1))
    source = (
        f"read_csv({listed(paths)}, columns = {{{texts}}}, header = true, auto_detect = false, delim = ',', quote = '',"
        f" escape = '', new_line = '\\n', nullstr = '{_NO_TEXT}', null_padding = true, strict_mode = false,"
        " hive_partitioning = false)"
    )
    known = [(column, places[column.name]) for column in table.columns if column.name in places]
    values = {column.name: f"TRY_CAST(nullif({place}, '') AS {column.duckdb_type})" for column, place in known}
    readable = [f"{last} IS NOT NULL", f"{surplus} IS NULL"]
    readable += [f"({place} = '' OR {values[column.name]} IS NOT NULL)" for column, place in known]
    chosen = ", ".join(f"CASE WHEN is_row THEN {value} END AS {quoted(name)}" for name, value in values.items())
    return (
        f"INSERT INTO {quoted(table.name)} BY NAME SELECT {chosen or 'NULL AS mac'}"
        f" FROM (SELECT *, {' AND '.join(readable)} AS is_row FROM {source})"
    )


def _plain(file: _File, target: Path) -> _File:
    """A copy of *file* of which each line is one for DuckDB, too: without empty ones, and bytes that are no text."""
    numbers: list[int] = []
    with target.open("wb") as copy:
        for number, line in enumerate(_texts(file.original)):
            if not number or line:
                copy.write(line.replace("\r", "\ufffd").encode() + b"\n")
                numbers.append(number)
    return replace(file, path=str(target), lines=np.array(numbers[1:], np.int64))


def _texts(path: str) -> Iterator[str]:
    with plain_file(Path(path)) as plain:
        for line in plain:
            yield line.rstrip(b"\r\n").decode(errors="replace")


def _what_is_wrong(line: str, names: Sequence[str]) -> str:
    """Why a line is no reading."""
    fields = line.split(",")
    if len(fields) != len(names):
        return f"not a row: {len(fields)} fields for {len(names)} columns"
    values = dict(zip(names, fields, strict=True))
    missing = [name for name in ("mac", "timestamp") if not values.get(name)]
    return unreadable(missing) if missing else "a value cannot be read"

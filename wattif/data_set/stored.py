"""Tables of a data set from the files of its folder, with the types that their columns have."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from wattif.data_set.files import FORMATS
from wattif.data_set.report import NAME as REPORT
from wattif.errors import UsageError
from wattif.tables.arrow import arrow_schema
from wattif.tables.column import Column
from wattif.tables.sql_text import duckdb_path

_ROWS = 100_000  # at once


def check_folder(folder: Path, option: str, what: str) -> None:
    """`UsageError` when *folder*, which *option* names, is none; *what* should be in it."""
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "no such folder"
        raise UsageError(f"`{option}` {folder}: {problem}; name the folder of {what}")


def table_file(folder: Path, name: str, what: str) -> Path:
    """The file of the table *name*, of whatever format; `UsageError` when *what* is in *folder* lacks it."""
    found = table_files(folder, name)
    if not found:
        endings = ", ".join(FORMATS)
        raise UsageError(f"{folder / name}.*: no such file ({endings}); name the folder of {what}")
    return found[0]


def table_files(folder: Path, name: str) -> list[Path]:
    """The file of the table *name*, or none; `UsageError` when there are two."""
    found = [path for ending in FORMATS if (path := folder / f"{name}.{ending}").is_file()]
    if len(found) > 1:
        raise UsageError(f"{' and '.join(map(str, found))}: the same table twice; remove one of them")
    return found


def column_names(file: Path) -> list[str]:
    """The names of its columns; none where NDJSON has no row."""
    if _is_empty(file):
        return []
    with _connected() as connection:
        return _names(connection, file)


def read_table(file: Path, columns: Sequence[Column]) -> pa.Table:
    """The rows of *file*; columns that are not among *columns* are left out.

    `UsageError` names a column that is missing, and a value that is none.
    """
    with open_rows(file, columns) as rows:
        return rows.read_all()


@contextlib.contextmanager
def open_rows(file: Path, columns: Sequence[Column]) -> Iterator[pa.RecordBatchReader]:
    """The same, few rows in memory at once."""
    schema = arrow_schema(columns)
    if _is_empty(file):
        yield schema.empty_table().to_reader()
        return
    with _connected() as connection:
        names = _names(connection, file)
        for column in columns:
            if column.name not in names:
                raise UsageError(
                    f"{file}: has no column {column.name} ({column.meaning}); add it, or write the file again"
                )
        wanted = ", ".join(f'CAST("{column.name}" AS {column.duckdb_type}) AS "{column.name}"' for column in columns)
        try:
            found = connection.sql(f"SELECT {wanted} FROM {_scan(file)}").to_arrow_reader(_ROWS)
            yield pa.RecordBatchReader.from_batches(schema, _checked(file, columns, found, schema))
        except duckdb.Error as error:
            raise UsageError(f"{file}: cannot be read: {str(error).splitlines()[0]}; correct the value") from None


@contextlib.contextmanager
def open_all_rows(files: Mapping[Path, int | None], columns: Sequence[Column]) -> Iterator[pa.RecordBatchReader]:
    """The rows of *files*, one after the other: each is opened when its rows are asked for.

    `UsageError` names a file that has another number of rows than is given for it.
    """
    wrong: list[UsageError] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for file, count in files.items():
                there = 0
                with open_rows(file, columns) as rows:
                    for batch in rows:
                        there += batch.num_rows
                        yield batch
                if count is not None and there != count:
                    raise UsageError(
                        f"{file}: has {there:,} rows, and {REPORT} says {count:,}; write the data set again, or remove"
                        f" {REPORT} if the rows are as you want them"
                    )
        except UsageError as error:
            wrong.append(error)
            raise

    try:
        yield pa.RecordBatchReader.from_batches(arrow_schema(columns), batches())
    except Exception:
        if wrong:  # whoever reads may have made another error of it
            raise wrong[0] from None
        raise


def _checked(
    file: Path, columns: Sequence[Column], found: pa.RecordBatchReader, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    first = 0
    for batch in found:
        for column in columns:
            values = batch.column(column.name)
            if values.null_count and not column.nullable:
                row = first + values.is_null().index(True).as_py() + 1
                raise UsageError(f"{file}: {column.name} has no value in row {row}; fill it in")
        first += batch.num_rows
        yield batch.cast(schema)


@contextlib.contextmanager
def _connected() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _is_empty(file: Path) -> bool:
    return file.suffix == ".ndjson" and not file.stat().st_size


def _scan(file: Path) -> str:
    return FORMATS[file.suffix[1:]].scan.format(path=duckdb_path(str(file)))


def _names(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    try:
        return [name for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {_scan(file)}").fetchall()]
    except duckdb.Error as error:
        raise UsageError(f"{file}: cannot be read: {str(error).splitlines()[0]}; write it again") from None

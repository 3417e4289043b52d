"""A grid data set from the files of its folder."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from wattif.errors import UsageError
from wattif.grid.files import FORMATS
from wattif.grid.run import Grid
from wattif.tables.arrow import arrow_schema
from wattif.tables.column import Column
from wattif.tables.grid import LABELS, METERS, TABLES, TRANSFORMERS
from wattif.tables.sql_text import duckdb_path


def read_grid(folder: Path) -> Grid:
    """The data set in *folder*, of whatever format; columns that are not of the catalog are left out.

    `UsageError` names a file or a column that is missing, and a value that is none.
    """
    files = grid_files(folder)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        of_meters = files[METERS.file]
        months = METERS.months_in(_names(connection, of_meters))
        if not months:
            example = f"{METERS.monthly[0].name}_2024_01"
            raise UsageError(f"{of_meters}: has no column of a month; it needs some like {example}")
        transformers, meters, labels = (
            _read(connection, files[table.file], table.columns_in_months(months))
            for table in (TRANSFORMERS, METERS, LABELS)
        )
    for rows, key, of in ((meters, "transformer_id", transformers), (labels, "meter_id", meters)):
        strays = rows[key].filter(pc.invert(pc.is_in(rows[key], value_set=of[key].combine_chunks())))
        if len(strays):
            file = files[(METERS if rows is meters else LABELS).file]
            there = files[(TRANSFORMERS if rows is meters else METERS).file]
            raise UsageError(f"{file}: {key} {strays[0]} is not in {there}; write the data set again")
    return Grid(transformers=transformers, meters=meters, anomaly_labels=labels)


def grid_files(folder: Path) -> dict[str, Path]:
    """The files of the data set in *folder*, by what they are called without their ending; `UsageError` as above."""
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "no such folder"
        raise UsageError(f"`grid` {folder}: {problem}; name the folder of a grid data set")
    return {table.file: _file(folder, table.file) for table in TABLES}


def _file(folder: Path, name: str) -> Path:
    found = [path for ending in FORMATS if (path := folder / f"{name}.{ending}").is_file()]
    if not found:
        endings = ", ".join(FORMATS)
        raise UsageError(f"{folder / name}.*: no such file ({endings}); name the folder of a whole grid data set")
    if len(found) > 1:
        raise UsageError(f"{' and '.join(map(str, found))}: the same table twice; remove one of them")
    return found[0]


def _scan(file: Path) -> str:
    return FORMATS[file.suffix[1:]].scan.format(path=duckdb_path(str(file)))


def _names(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    try:
        return [name for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {_scan(file)}").fetchall()]
    except duckdb.Error as error:
        raise UsageError(f"{file}: cannot be read: {str(error).splitlines()[0]}; write it again") from None


def _read(connection: duckdb.DuckDBPyConnection, file: Path, columns: tuple[Column, ...]) -> pa.Table:
    if file.suffix == ".ndjson" and not file.stat().st_size:
        return arrow_schema(columns).empty_table()  # no row, hence no names either
    names = _names(connection, file)
    for column in columns:
        if column.name not in names:
            raise UsageError(f"{file}: has no column {column.name} ({column.meaning}); add it, or write the file again")
    wanted = ", ".join(f'CAST("{column.name}" AS {column.duckdb_type}) AS "{column.name}"' for column in columns)
    try:
        table = connection.sql(f"SELECT {wanted} FROM {_scan(file)}").to_arrow_table()
    except duckdb.Error as error:
        raise UsageError(f"{file}: cannot be read: {str(error).splitlines()[0]}; correct the value") from None
    for column in columns:
        if table[column.name].null_count and not column.nullable:
            row = pc.index(table[column.name].is_null(), True).as_py()
            raise UsageError(f"{file}: {column.name} has no value in row {row + 1}; fill it in")
    return table.cast(arrow_schema(columns))

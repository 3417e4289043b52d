"""Files of each format into a table of DuckDB; those that are no readings are named by file and line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from wattif.encode.columnar import ColumnarEncoder
from wattif.encode.encoder import Encoder
from wattif.lake.days import CommittedDay
from wattif.uploader.store import Store
from wattif.warehouse.duckdb_columns import stage_columns
from wattif.warehouse.duckdb_csv import stage_csv
from wattif.warehouse.duckdb_readings import stage_lines
from wattif.warehouse.tables import Table
from wattif.warehouse.warehouse import Staged

if TYPE_CHECKING:
    import duckdb

    Stage = Callable[[duckdb.DuckDBPyConnection, Store, CommittedDay, Table], Staged]

_TEXTS: dict[str | None, Stage] = {"read_json": stage_lines, "read_csv": stage_csv}


def stage_of(encoder: type[Encoder]) -> Stage | None:
    """What reads files of a format; None where nothing does."""
    return stage_columns if issubclass(encoder, ColumnarEncoder) else _TEXTS.get(encoder.duckdb)


def declare(table: Table) -> str:
    """The columns of *table* as DuckDB declares them."""
    return ", ".join(f'"{column.name}" {column.duckdb_type}' for column in table.columns)

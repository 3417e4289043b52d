"""What two tables of readings must have in common to hold the same: counts, sums, and a checksum of every reading.

Each engine computes it by itself, over its own copy, in one pass. The checksum is the sum of 60 bits of the MD5 of each
reading, whatever their order: of a text that has all columns, so that no two readings have the same one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa

from wattif.answers.reconcile.sources import DuckDbSource
from wattif.tables.column import Column
from wattif.tables.loaded_readings import TABLE
from wattif.tables.sql_text import duckdb_path
from wattif.warehouse.postgres.postgres_warehouse import PostgresWarehouse

_NUMBERS = [column.name for column in TABLE.columns if column.kind == "number"]
# the number that 15 hexadecimal digits write
_POSTGRES = "('x' || {})::bit(60)::bigint"
_DUCKDB = "CAST('0x' || {} AS BIGINT)"

Evidence = list[dict[str, object]]


def evidence_in_file(path: Path, place: str) -> Evidence:
    """What an archived file, of *place*, holds."""
    source = DuckDbSource(duckdb.connect(), f"read_parquet({duckdb_path(str(path))})", place)
    try:
        return _evidence(source.aggregate, source.relation, _DUCKDB)
    finally:
        source.close()


def evidence_in_partition(warehouse: PostgresWarehouse, partition: str) -> Evidence:
    """What a *partition* holds."""
    return _evidence(warehouse.query_native, f"ONLY {partition}", _POSTGRES)


def _evidence(ask: Callable[[str], pa.Table], relation: str, number: str) -> Evidence:
    """What *relation*, a table with all columns of the readings, holds, by city; *ask* answers SQL of an engine.

    Both engines write moments, in UTC, dates and decimals as the same texts.
    """
    sums = "".join(f", COUNT({each}) AS {each}_values, SUM({each}) AS {each}_sum" for each in _NUMBERS)
    checksum = number.format(f"LEFT(MD5(CONCAT_WS(',', {', '.join(map(_text, TABLE.columns))})), 15)")
    rows: Evidence = ask(
        'SELECT city_id, COUNT(*) AS readings, MIN("timestamp") AS first_time, MAX("timestamp") AS last_time,'
        f" SUM({checksum}) AS checksum{sums} FROM {relation} GROUP BY city_id"
    ).to_pylist()
    return sorted(rows, key=lambda row: repr(row["city_id"]))  # engines order texts in many ways


def _text(column: Column) -> str:
    """A value as a text that tells where it ends; a hyphen where there is none."""
    text = f'CAST("{column.name}" AS VARCHAR)'
    if column.is_text:
        text = f"CAST(LENGTH({text}) AS VARCHAR) || ':' || {text}"
    return f"COALESCE({text}, '-')"

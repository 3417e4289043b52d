"""What two tables of readings must have in common to hold the same: counts, sums, and a checksum of every reading.

Each engine computes it by itself, over its own copy, in one pass. The checksum is the sum of 60 bits of the MD5 of each
reading, whatever their order: of a text that has all columns, so that no two readings have the same one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from wattif.answers.reconcile.sources import DuckDbSource
from wattif.tables.column import Column
from wattif.tables.loaded_readings import TABLE
from wattif.tables.sql_text import duckdb_path
from wattif.warehouse.postgres.postgres_warehouse import PostgresWarehouse

_NUMBERS = [column for column in TABLE.columns if column.kind == "number"]

Evidence = list[dict[str, object]]


@dataclass(frozen=True, kw_only=True)
class _Engine:
    """How an engine says what SQL has no common words for."""

    microseconds: str  # of a date or a moment, since 1970
    number: str  # that 15 hexadecimal digits write


_POSTGRES = _Engine(
    microseconds="CAST(EXTRACT(EPOCH FROM {}) * 1000000 AS BIGINT)", number="('x' || {})::bit(60)::bigint"
)
_DUCKDB = _Engine(microseconds="EPOCH_US({})", number="CAST('0x' || {} AS BIGINT)")


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


def _evidence(ask: Callable[[str], pa.Table], relation: str, engine: _Engine) -> Evidence:
    """What *relation*, a table with all columns of the readings, holds, by city; *ask* answers SQL of the *engine*."""
    numbers = "".join(
        f", COUNT({each.name}) AS {each.name}_values, SUM({each.name}) AS {each.name}_sum" for each in _NUMBERS
    )
    totals = "".join(
        f", SUM({each.name}_values) AS {each.name}_values, SUM({each.name}_sum) AS {each.name}_sum" for each in _NUMBERS
    )
    reading = f"CONCAT_WS(',', {', '.join(_text(column, engine) for column in TABLE.columns)})"
    checksum = engine.number.format(f"LEFT(MD5({reading}), 15)")
    rows: Evidence = ask(
        "SELECT city_id, SUM(readings) AS readings, COUNT(*) AS meters, MIN(first_time) AS first_time,"
        f" MAX(last_time) AS last_time, SUM(checksum) AS checksum{totals}"
        ' FROM (SELECT city_id, COUNT(*) AS readings, MIN("timestamp") AS first_time, MAX("timestamp") AS last_time,'
        f" SUM({checksum}) AS checksum{numbers} FROM {relation} GROUP BY city_id, mac) AS meters"
        " GROUP BY city_id ORDER BY city_id"
    ).to_pylist()
    return rows


def _text(column: Column, engine: _Engine) -> str:
    """A value as a text that tells where it ends; a hyphen where there is none."""
    value = f'"{column.name}"'
    if column.kind in ("timestamp", "date"):
        value = engine.microseconds.format(value)
    text = f"CAST({value} AS VARCHAR)"
    if column.is_text:
        text = f"CAST(LENGTH({value}) AS VARCHAR) || ':' || {text}"
    return f"COALESCE({text}, '-')"

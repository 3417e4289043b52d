"""The rows of a table as Arrow has them, and as whole Parquet files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from wattif.model.fleet import mac_text
from wattif.tables.column import Column
from wattif.tables.table import WHOLE, LakeTable
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wattif.model.scenario import Scenario

ROWS_PER_GROUP = 100_000  # of a Parquet file


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The schema of rows with *columns*, their descriptions included."""
    return pa.schema([column.arrow_field for column in columns])


def arrow_table(columns: Sequence[Column], values: Mapping[str, NDArray[Any]]) -> pa.Table:
    """Rows as `LakeTable.columns_of` gives them."""
    return pa.table([_array(column, values[column.name]) for column in columns], schema=arrow_schema(columns))


def decimals(values: NDArray[np.int64], kind: pa.DataType) -> pa.Array:
    """Integers in units of the last digit as decimals of *kind*."""
    words = np.empty((len(values), 2), np.int64)  # little-endian halves of 128 bits
    words[:, 0], words[:, 1] = values, values >> 63
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(words)])


def texts_in_runs(values: NDArray[Any]) -> pa.Array:
    """Texts, of which a block has long runs: each is made once."""
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1]))) if len(values) else np.zeros(0, int)
    lengths = np.diff(np.append(starts, len(values)))
    distinct = values[starts]
    names = mac_text(distinct).astype("U17") if distinct.dtype == np.uint64 else distinct
    return pa.array(names, pa.string()).take(pa.array(np.repeat(np.arange(len(starts)), lengths)))


def _array(column: Column, values: NDArray[Any]) -> pa.Array:
    if values.dtype == object and not column.is_decimal:
        return pa.array(values, column.arrow_type)
    if values.dtype == object:
        exact = (None if each is None else Decimal(each).scaleb(-column.decimals) for each in values.tolist())
        return pa.array(list(exact), column.arrow_type)
    if column.is_text:
        return texts_in_runs(values)
    if column.is_decimal:
        return decimals(values.astype(np.int64), column.arrow_type)
    return pa.array(values).cast(column.arrow_type)


def partition_table(table: LakeTable, scenario: Scenario, entities: int, partition: str = WHOLE) -> pa.Table:
    """All rows of a partition that has so many *entities*."""
    return arrow_table(table.columns, table.columns_of(scenario, Unit(table.name, partition, 0, entities)))


def partition_parquet(table: LakeTable, scenario: Scenario, entities: int, partition: str = WHOLE) -> bytes:
    """The same as a Parquet file, made a group of rows at a time: ten million meters need no more memory than few."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, arrow_schema(table.columns), compression="zstd") as writer:
        for first in range(0, entities, ROWS_PER_GROUP):
            unit = Unit(table.name, partition, first, min(ROWS_PER_GROUP, entities - first))
            writer.write_table(arrow_table(table.columns, table.columns_of(scenario, unit)))
    return sink.getvalue()


def partition_ndjson(table: LakeTable, scenario: Scenario, entities: int, partition: str = WHOLE) -> bytes:
    """The same as NDJSON, see `table_ndjson`."""
    return table_ndjson(partition_table(table, scenario, entities, partition))


def table_ndjson(table: pa.Table) -> bytes:
    """One line per row: times in RFC 3339, decimals as numbers with as many digits as they have."""

    def plain(value: object) -> object:
        return float(value) if isinstance(value, Decimal) else value

    lines = ({name: plain(value) for name, value in row.items()} for row in table.to_pylist())
    return b"".join(orjson.dumps(line, option=_NDJSON) for line in lines)


_NDJSON = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
_WRITERS = {"parquet": partition_parquet, "ndjson": partition_ndjson}


def partition_objects(table: LakeTable, scenario: Scenario, entities: int, partition: str = WHOLE) -> dict[str, bytes]:
    """Name and content of the objects that hold a partition; none when it is empty and the table says so."""
    if table.absent_when_empty and not len(
        next(iter(table.columns_of(scenario, Unit(table.name, partition, 0, entities)).values()))
    ):
        return {}
    return {
        name: _WRITERS[ending](table, scenario, entities, partition)
        for ending, name in zip(table.endings, table.object_names(partition, 0, entities), strict=True)
    }

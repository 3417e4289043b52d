"""The rows of a table as Arrow has them, and as whole Parquet files."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from operator import mul
from typing import IO, TYPE_CHECKING, Any

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
_ROWS_AT_ONCE = 10_000  # that are objects of Python: these take ten times the memory of Arrow's


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


def numbers(values: NDArray[Any]) -> pa.Array:
    """Whole numbers, floats, truth values, times or days, of numpy's type; none of them is null.

    `pa.array` of anything imports pandas wherever that is installed: 37 MB and most of a second.
    """
    kind, memory = pa.from_numpy_dtype(values.dtype), np.ascontiguousarray(values)
    if kind == pa.bool_():
        memory = np.packbits(memory, bitorder="little")
    elif kind == pa.date32():
        memory = memory.astype(np.int32)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(memory.view(np.uint8))])


def texts_in_runs(values: NDArray[Any]) -> pa.Array:
    """Texts or MAC addresses, of which a block has long runs: each is encoded once. None of them is null."""
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1]))) if len(values) else np.zeros(0, int)
    lengths = np.diff(np.append(starts, len(values)))
    distinct = values[starts]
    texts = mac_text(distinct).tolist() if distinct.dtype == np.uint64 else list(map(str.encode, distinct.tolist()))
    bounds = np.zeros(len(values) + 1, np.int64)
    np.cumsum(np.repeat(np.fromiter(map(len, texts), np.int64, len(texts)), lengths), out=bounds[1:])
    content = b"".join(map(mul, texts, lengths.tolist()))
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.large_string(), len(values), buffers).cast(pa.string())


def _array(column: Column, values: NDArray[Any]) -> pa.Array:
    if column.is_decimal and values.dtype == object:
        exact = (None if each is None else Decimal(each).scaleb(-column.decimals) for each in values.tolist())
        return pa.array(list(exact), column.arrow_type)
    if column.is_decimal:
        return decimals(values.astype(np.int64), column.arrow_type)
    if values.dtype == object and (column.nullable or not column.is_text):
        return pa.array(values, column.arrow_type)
    if column.is_text:
        return texts_in_runs(values)
    return numbers(values).cast(column.arrow_type)


def partition_table(table: LakeTable, scenario: Scenario, entities: int, partition: str = WHOLE) -> pa.Table:
    """All rows of a partition that has so many *entities*."""
    return arrow_table(table.columns, table.columns_of(scenario, Unit(table.name, partition, 0, entities)))


def partition_parquet(table: LakeTable, scenario: Scenario, entities: int, partition: str = WHOLE) -> bytes:
    """The same as a Parquet file."""
    sink = io.BytesIO()
    for _ in write_parquet(sink, table, scenario, entities, partition):
        pass
    return sink.getvalue()


def write_parquet(
    sink: IO[bytes] | io.RawIOBase, table: LakeTable, scenario: Scenario, entities: int, partition: str = WHOLE
) -> Iterator[int]:
    """Write the same into *sink*, a group of rows at a time: ten million meters need no more memory than few.

    Yields how many entities are written, after each group; the file is complete at the end.
    """
    with pq.ParquetWriter(sink, arrow_schema(table.columns), compression="zstd") as writer:
        for first in range(0, entities, ROWS_PER_GROUP):
            end = min(first + ROWS_PER_GROUP, entities)
            pieces = (
                Unit(table.name, partition, at, min(_ROWS_AT_ONCE, end - at)) for at in range(first, end, _ROWS_AT_ONCE)
            )
            made = (arrow_table(table.columns, table.columns_of(scenario, piece)) for piece in pieces)
            writer.write_table(pa.concat_tables(made).combine_chunks())
            yield end


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

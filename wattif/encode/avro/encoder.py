"""Avro: exact decimals and milliseconds as logical types, a block of rows at a time."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from wattif.encode.avro.reading import MAGIC, SYNC, batches
from wattif.encode.avro.rows import BOOLEAN, DECIMAL, DOUBLE, LONG, TEXT, Cells, long_bytes, put_rows
from wattif.encode.columnar import ColumnarEncoder
from wattif.encode.encoder import Bytes
from wattif.model.fleet import mac_text
from wattif.tables.block import Block, Rows, TakenRows
from wattif.tables.column import DIGITS, Column

_LONG_ROOM = 10
_BLOCKS = 4096  # bytes for the heads and marks of an object's blocks, besides some of each row
_TYPES: dict[str, Any] = {
    "timestamp": {"type": "long", "logicalType": "timestamp-millis"},
    "date": {"type": "int", "logicalType": "date"},
    "float": "double",
    "boolean": "boolean",
}


class AvroEncoder(ColumnarEncoder):
    """A header with the schema, then a block for each block of rows."""

    name = "avro"
    extension = ".avro"
    content_type = "application/avro"
    bigquery = "AVRO"
    bigquery = "AVRO"
    batches = staticmethod(batches)

    @property
    def row_room(self) -> int:
        """See `Encoder.row_room`."""
        texts = sum(column.is_text for column in self.schema.columns) + (self.schema.added is not None)
        return _LONG_ROOM * (len(self.schema.columns) + 1) + texts * self.schema.text_width

    @property
    def object_room(self) -> int:
        """See `Encoder.object_room`."""
        return len(self._header) + _BLOCKS

    @cached_property
    def _columns(self) -> list[Column]:
        """As they are written, but for their names."""
        added = self.schema.added
        return [*self.schema.columns, *([Column(added[0], "text", "")] if added else [])]

    @cached_property
    def _definition(self) -> bytes:
        names = [*map(self.schema.written_name, self.schema.columns), *(self.schema.added or ())[:1]]
        fields = [
            {"name": name, "type": ["null", _type(column)] if column.nullable else _type(column), "doc": column.meaning}
            for name, column in zip(names, self._columns, strict=True)
        ]
        return orjson.dumps({"type": "record", "name": "row", "namespace": "wattif", "fields": fields})

    @cached_property
    def _mark(self) -> bytes:
        """Follows from the schema alone, so that the same rows are the same bytes."""
        return hashlib.sha256(self._definition).digest()[:SYNC]

    @cached_property
    def _header(self) -> bytes:
        entries = {b"avro.codec": b"null", b"avro.schema": self._definition}
        packed = b"".join(long_bytes(len(each)) + each for entry in entries.items() for each in entry)
        return MAGIC + long_bytes(len(entries)) + packed + long_bytes(0) + self._mark

    def start(self) -> bytes:
        """See `Encoder.start`."""
        return self._header

    def encode(self, block: Block | TakenRows, rows: Rows | None = None) -> Bytes:
        """See `Encoder.encode`."""
        columns = [block.values(column.name, rows) for column in self.schema.columns]
        count = len(columns[0])
        if not count:
            return b""
        if self.schema.added:
            columns.append(np.full(count, self.schema.added[1], object))
        target = np.empty(count * self.row_room, np.uint8)
        size = put_rows(_cells(self._columns, columns), target)
        return long_bytes(count) + long_bytes(size) + target[:size].tobytes() + self._mark


def _type(column: Column) -> Any:
    if column.is_decimal:
        return {"type": "bytes", "logicalType": "decimal", "precision": DIGITS, "scale": column.decimals}
    return _TYPES.get(column.kind, "long" if column.kind == "number" else "string")


def _cells(columns: list[Column], values: list[NDArray[Any]]) -> Cells:
    shape = len(columns), len(values[0])
    how, numbers = np.empty(len(columns), np.int8), np.empty(shape, np.int64)
    is_null = np.zeros(shape, np.bool_)
    texts: list[bytes] = []
    for place, (column, given) in enumerate(zip(columns, values, strict=True)):
        if given.dtype == object and column.nullable:
            is_null[place] = [value is None for value in given.tolist()]
        there = ~is_null[place]
        own = given[there]
        if column.is_text:
            how[place] = TEXT
            first = len(texts)
            numbers[place, there] = first + _numbered(column, own, texts)
        elif column.kind == "float":
            how[place] = DOUBLE
            numbers[place, there] = own.astype(np.float64).view(np.int64)
        elif column.kind == "boolean":
            how[place] = BOOLEAN
            numbers[place, there] = own.astype(np.int64)
        else:
            how[place] = DECIMAL if column.is_decimal else LONG
            unit = {"timestamp": "datetime64[ms]", "date": "datetime64[D]"}.get(column.kind, np.int64)
            numbers[place, there] = own.astype(unit).astype(np.int64)
    return Cells(
        how=how,
        may_be_null=np.array([column.nullable for column in columns]),
        values=numbers,
        is_null=is_null,
        texts=np.frombuffer(b"".join(texts), np.uint8),
        text_ends=np.cumsum([len(each) for each in texts], dtype=np.int64),
    )


def _numbered(column: Column, values: NDArray[Any], texts: list[bytes]) -> NDArray[np.int64]:
    """The number of each value among the distinct ones, which are added to *texts*."""
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1]))) if len(values) else np.zeros(0, int)
    distinct = values[starts]
    texts += mac_text(distinct).tolist() if column.kind == "mac" else [str(each).encode() for each in distinct]
    return np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(values))))

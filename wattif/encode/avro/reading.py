"""Avro object container files, whoever wrote them: rows of numbers, texts and times as Arrow's batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wattif.encode.avro.rows import BOOLEAN, DECIMAL, DOUBLE, LONG, TEXT
from wattif.encode.avro.taken import Layout, Taken, take_rows
from wattif.encode.encoded_rows import copy_ranges
from wattif.encode.encoder import Bytes
from wattif.tables.arrow import decimals

MAGIC = b"Obj\x01"
SYNC = 16  # bytes of the mark that ends a block
_UTC_MS, _UTC_US = pa.timestamp("ms", "UTC"), pa.timestamp("us", "UTC")
_SIMPLE: dict[tuple[str, str | None], tuple[int, pa.DataType]] = {
    ("int", None): (LONG, pa.int64()),
    ("long", None): (LONG, pa.int64()),
    ("int", "date"): (LONG, pa.date32()),
    ("long", "timestamp-millis"): (LONG, _UTC_MS),
    ("long", "timestamp-micros"): (LONG, _UTC_US),
    ("double", None): (DOUBLE, pa.float64()),
    ("boolean", None): (BOOLEAN, pa.bool_()),
    ("string", None): (TEXT, pa.string()),
}


@dataclass(frozen=True, kw_only=True)
class _Field:
    name: str
    how: int
    kind: pa.DataType
    null_at: int  # place of null in the union; -1: no union


class _Content:
    """The bytes of an object, read from the front."""

    def __init__(self, content: Bytes) -> None:
        self._bytes = memoryview(content).cast("B")
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._bytes)

    def take(self, size: int) -> memoryview:
        if not 0 <= size <= len(self._bytes) - self._at:
            raise ValueError("it is cut")
        self._at += size
        return self._bytes[self._at - size : self._at]

    def long(self) -> int:
        value = shift = 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value >> 1 ^ -(value & 1)

    def metadata(self) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        while count := self.long():
            if count < 0:  # its size in bytes follows
                self.long()
            for _ in range(abs(count)):
                name = bytes(self.take(self.long()))
                found[name] = bytes(self.take(self.long()))
        return found


def batches(content: Bytes) -> Iterator[pa.RecordBatch]:
    """See `wattif.encode.columnar.ColumnarEncoder.batches`; a batch for each block."""
    try:
        yield from _batches(_Content(content))
    except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise ValueError(f"no Avro file of rows: {(str(error).splitlines() or [''])[0]}") from None


def _batches(content: _Content) -> Iterator[pa.RecordBatch]:
    if bytes(content.take(len(MAGIC))) != MAGIC:
        raise ValueError("it begins otherwise")
    metadata = content.metadata()
    codec = metadata.get(b"avro.codec", b"null").decode()
    if codec != "null":
        raise ValueError(f"its codec is {codec}; only null is read here")
    fields = [_field(**each) for each in orjson.loads(metadata[b"avro.schema"])["fields"]]
    mark = bytes(content.take(SYNC))
    while not content.is_at_end:
        count, size = content.long(), content.long()
        block = np.frombuffer(content.take(size), np.uint8)
        if bytes(content.take(SYNC)) != mark:
            raise ValueError("a block does not end with the file's mark")
        if not 0 <= count <= size:  # a row has a byte at least
            raise ValueError(f"a block of {size:,} bytes says that it has {count:,} rows")
        yield _batch(fields, block, count)


def _field(*, name: str, type: Any, **_: Any) -> _Field:
    union = type if isinstance(type, list) else None
    null_at = -1
    if union is not None:
        if len(union) != 2 or "null" not in union:
            raise ValueError(f"{name} is a union of other than null and one type")
        null_at = union.index("null")
        type = union[1 - null_at]
    kind = type if isinstance(type, dict) else {"type": type}
    logical = kind.get("logicalType")
    if (kind["type"], logical) == ("bytes", "decimal"):
        how, arrow = DECIMAL, pa.decimal128(kind["precision"], kind.get("scale", 0))
    elif (kind["type"], logical) in _SIMPLE:
        how, arrow = _SIMPLE[kind["type"], logical]
    else:
        raise ValueError(f"{name} has the type {kind}, which is not read here")
    return _Field(name=name, how=how, kind=arrow, null_at=null_at)


def _batch(fields: list[_Field], block: NDArray[np.uint8], count: int) -> pa.RecordBatch:
    shape = len(fields), count
    layout = Layout(
        how=np.array([field.how for field in fields], np.int8),
        null_at=np.array([field.null_at for field in fields], np.int8),
    )
    taken = Taken(values=np.zeros(shape, np.int64), sizes=np.zeros(shape, np.int32), is_null=np.zeros(shape, np.bool_))
    if take_rows(block, layout, taken) != len(block):
        raise ValueError("a block has not the rows that it says")
    columns = []
    for place, field in enumerate(fields):
        column = _ARRAYS[field.how](field.kind, block, taken.values[place], taken.sizes[place])
        if field.null_at >= 0:
            column = pc.if_else(pa.array(taken.is_null[place]), pa.scalar(None, column.type), column)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=[field.name for field in fields])


def _numbers(kind: pa.DataType, _: NDArray[np.uint8], values: NDArray[np.int64], __: NDArray[np.int32]) -> pa.Array:
    return pa.array(values).cast(pa.int32()).view(kind) if kind == pa.date32() else pa.array(values).view(kind)


def _texts(
    kind: pa.DataType, block: NDArray[np.uint8], starts: NDArray[np.int64], sizes: NDArray[np.int32]
) -> pa.Array:
    bounds = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=bounds[1:])
    target = np.empty(bounds[-1], np.uint8)  # a block has less than two gigabytes, or no room for its rows
    copy_ranges(block, starts, sizes.astype(np.int64), bounds, target)
    texts = pa.Array.from_buffers(kind, len(sizes), [None, pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(target)])
    texts.validate(full=True)
    return texts


_ARRAYS: dict[int, Callable[..., pa.Array]] = {
    LONG: _numbers,
    DECIMAL: lambda kind, _, values, __: decimals(values, kind),
    DOUBLE: lambda _, __, values, ___: pa.array(values.view(np.float64)),
    BOOLEAN: lambda _, __, values, ___: pa.array(values.astype(np.bool_)),
    TEXT: _texts,
}

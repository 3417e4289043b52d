"""Rows of Arrow as PostgreSQL's binary COPY takes them, a batch at a time, without an object of Python for any row.

A row is the number of its fields (16 bits), and before each field its length (32 bits; -1: NULL), all big-endian. Every
field of a batch is laid out as wide as the widest of its column; a second pass leaves out what some of them lack.
A decimal is a row of digits to the base of 10,000: https://www.postgresql.org/docs/current/sql-copy.html and
`numeric_recv`, which takes zeros before and behind the digits that count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_EPOCH = np.datetime64("2000-01-01", "us").astype(np.int64)  # of PostgreSQL
_EPOCH_DAYS = np.datetime64("2000-01-01", "D").astype(np.int64)
_BASE_DIGITS = 4  # decimal digits of a digit to the base of 10,000

Matrix = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class _Field:
    """The values of a column, one a row of *content*; all of it counts where *lengths* are None."""

    content: Matrix
    lengths: NDArray[np.int32] | None = None  # bytes of each; -1: NULL


def binary_rows(batch: pa.RecordBatch) -> bytes:
    """The rows of *batch*, without header and trailer."""
    if not batch.num_rows:
        return b""
    fields = [_field(column) for column in batch.columns]
    width = 2 + sum(4 + each.content.shape[1] for each in fields)
    rows = np.empty((batch.num_rows, width), np.uint8)
    _put(rows[:, :2], np.full(batch.num_rows, len(fields), ">i2"))
    is_ragged = any(each.lengths is not None for each in fields)
    counts = np.ones((batch.num_rows, width), bool) if is_ragged else None
    at = 2
    for each in fields:
        wide = each.content.shape[1]
        lengths = np.full(batch.num_rows, wide, np.int32) if each.lengths is None else each.lengths
        _put(rows[:, at : at + 4], lengths.astype(">i4"))
        rows[:, at + 4 : at + 4 + wide] = each.content
        if counts is not None and each.lengths is not None:
            counts[:, at + 4 : at + 4 + wide] = np.arange(wide) < each.lengths[:, None]
        at += 4 + wide
    return rows.tobytes() if counts is None else rows[counts].tobytes()


def as_jsonb(texts: pa.Array) -> pa.Array:
    """Texts of JSON as `jsonb_recv` takes them: after the number of the format, which is 1."""
    return pc.binary_join_element_wise("\x01", texts, "")


def _put(place: Matrix, values: NDArray[np.generic]) -> None:
    """Write big-endian *values* into the columns of *place*, one a row."""
    place[:] = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)


def _field(column: pa.Array) -> _Field:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(column.cast(pa.large_string()))
    nulls = None
    if column.null_count:
        nulls = np.asarray(column.is_null())
        column = column.fill_null(pa.scalar(False if pa.types.is_boolean(kind) else 0, kind))
    content = _decimals(column) if pa.types.is_decimal(kind) else _numbers(column)
    if nulls is None:
        return _Field(content=content)
    return _Field(content=content, lengths=np.where(nulls, -1, content.shape[1]).astype(np.int32))


def _numbers(column: pa.Array) -> Matrix:
    kind = column.type
    if pa.types.is_boolean(kind):
        return np.asarray(column).astype(np.uint8).reshape(-1, 1)
    if pa.types.is_timestamp(kind):
        values = np.asarray(column.cast(pa.timestamp("us", kind.tz)).cast(pa.int64())) - _EPOCH
    elif pa.types.is_date32(kind):
        values = (np.asarray(column.cast(pa.int32())) - _EPOCH_DAYS).astype(np.int32)
    else:
        values = np.asarray(column)
    big_endian = np.ascontiguousarray(values).astype(values.dtype.newbyteorder(">"))
    return big_endian.view(np.uint8).reshape(len(values), -1)


def _decimals(column: pa.Array) -> Matrix:
    """Sign, weight, scale and digits; as many digits as the largest of the column has."""
    scale = column.type.scale
    words = np.frombuffer(column.buffers()[1], np.int64)[2 * column.offset : 2 * (column.offset + len(column))]
    low, high = words[::2], words[1::2]
    if not np.array_equal(high, low >> 63):
        raise ValueError("a decimal has more digits than 64 bits hold")
    sizes = np.abs(low).view(np.uint64)
    behind = -(-scale // _BASE_DIGITS)  # digits to the base of 10,000 behind the point
    unit = np.uint64(10**scale)
    before, fraction = sizes // unit, sizes % unit * np.uint64(10 ** (behind * _BASE_DIGITS - scale))
    whole = max(-(-len(str(int(before.max()))) // _BASE_DIGITS), 1)
    found = np.empty((len(low), 4 + whole + behind), ">i2")
    found[:, 0] = whole + behind
    found[:, 1] = whole - 1
    found[:, 2] = np.where(low < 0, 0x4000, 0)
    found[:, 3] = scale
    for number, first, count in ((before, 4, whole), (fraction, 4 + whole, behind)):
        left = number
        for place in reversed(range(count)):
            found[:, first + place] = left % np.uint64(10_000)
            left = left // np.uint64(10_000)
    return found.view(np.uint8).reshape(len(low), -1)


def _texts(column: pa.Array) -> _Field:
    if pc.any(pc.match_substring(column, "\0")).as_py():  # no text of PostgreSQL holds it
        column = pc.replace_substring(column, "\0", "\N{REPLACEMENT CHARACTER}")
    offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset : column.offset + len(column) + 1]
    buffer = column.buffers()[2]
    content = np.frombuffer(buffer, np.uint8) if buffer is not None else np.zeros(0, np.uint8)
    lengths = np.diff(offsets).astype(np.int32)
    wide = int(lengths.max())
    if not column.null_count and (lengths == wide).all():
        return _Field(content=content[offsets[0] : offsets[-1]].reshape(len(lengths), wide))
    places = np.minimum(offsets[:-1, None] + np.arange(wide), max(len(content) - 1, 0))
    if column.null_count:
        lengths = np.where(np.asarray(column.is_null()), -1, lengths).astype(np.int32)
    return _Field(content=content[places] if len(content) else np.zeros(places.shape, np.uint8), lengths=lengths)

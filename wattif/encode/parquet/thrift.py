"""Thrift's compact protocol, as far as Parquet's metadata need it.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_TRUE, _FALSE, _I8, _I16, _I32, _I64, _BINARY, _LIST, _STRUCT = 1, 2, 3, 4, 5, 6, 8, 9, 12
_SHORT = 15  # elements, or steps between two fields, that take a byte of their own no more


class Value(NamedTuple):
    """A value with its type."""

    kind: int
    data: bytes


def varint(value: int) -> bytes:
    """*value*, which is not negative, seven bits a byte, the lowest first."""
    data = bytearray()
    while value >= 0x80:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


@lru_cache(1 << 12)
def _signed(value: int) -> bytes:
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def boolean(value: bool) -> Value:
    """A truth value, as a field or as an element."""
    return Value(_TRUE if value else _FALSE, b"")


def i8(value: int) -> Value:
    """An integer of one byte."""
    return Value(_I8, value.to_bytes(1, "little", signed=True))


def i16(value: int) -> Value:
    """An integer of two bytes."""
    return Value(_I16, _signed(value))


def i32(value: int) -> Value:
    """An integer of four bytes."""
    return Value(_I32, _signed(value))


def i64(value: int) -> Value:
    """An integer of eight bytes."""
    return Value(_I64, _signed(value))


def binary(value: bytes) -> Value:
    """Bytes."""
    return Value(_BINARY, varint(len(value)) + value)


def text(value: str) -> Value:
    """A text."""
    return binary(value.encode())


def listed(values: Sequence[Value]) -> Value:
    """A list of values of one type; of an empty one, no reader looks at the type."""
    kind = values[0].kind if values else _STRUCT
    truths = kind in (_TRUE, _FALSE)  # their type says nothing of the elements, which are a byte each
    size, kind = len(values), _TRUE if truths else kind
    head = bytes([size << 4 | kind]) if size < _SHORT else bytes([_SHORT << 4 | kind]) + varint(size)
    return Value(
        _LIST, head + (bytes(each.kind for each in values) if truths else b"".join(each.data for each in values))
    )


def struct(fields: dict[int, Value | None]) -> Value:
    """A struct of *fields* by their numbers, ascending; those that are None are left out."""
    data, last = bytearray(), 0
    for number, value in fields.items():
        if value is None:
            continue
        step = number - last
        if not 0 < step <= _SHORT:
            raise ValueError(f"field {number} after {last}: fields must ascend by at most {_SHORT}")
        data.append(step << 4 | value.kind)
        data += value.data
        last = number
    data.append(0)
    return Value(_STRUCT, bytes(data))

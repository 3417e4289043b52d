"""The type of a column in Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import pack

import numpy as np
from numpy.typing import DTypeLike

from wattif.encode.parquet.thrift import Value as ThriftValue
from wattif.encode.parquet.thrift import boolean, i8, i32, struct, text
from wattif.tables.column import Column

_INT32_DIGITS = 9  # of a decimal that four bytes hold, whatever its digits are
Value = int | float | bytes  # of a column: a truth value is 0 or 1, a text its bytes
_EMPTY = struct({})


class Physical(IntEnum):
    """How values are stored; the numbers are Parquet's own."""

    BOOLEAN = 0
    INT32 = 1
    INT64 = 2
    DOUBLE = 5
    BYTE_ARRAY = 6

    @property
    def dtype(self) -> DTypeLike:
        """What numpy calls them; of byte arrays, their places in a dictionary."""
        return _DTYPES[self]


_DTYPES: dict[Physical, DTypeLike] = {
    Physical.BOOLEAN: np.bool_,
    Physical.INT32: np.int32,
    Physical.INT64: np.int64,
    Physical.DOUBLE: np.float64,
    Physical.BYTE_ARRAY: np.int32,
}
_SIZES = {Physical.BOOLEAN: 1, Physical.INT32: 4, Physical.INT64: 8}


@dataclass(frozen=True, kw_only=True)
class ParquetType:
    """*converted*: what older readers know a logical type by."""

    physical: Physical
    logical: ThriftValue | None = None
    converted: int | None = None
    decimals: int | None = None  # of a decimal number
    digits: int | None = None

    def bytes_of(self, value: Value) -> bytes:
        """*value* as statistics tell it."""
        if isinstance(value, bytes):
            return value
        if self.physical == Physical.DOUBLE:
            return pack("<d", value)
        return int(value).to_bytes(_SIZES[self.physical], "little", signed=True)

    def element(self, name: str, *, nullable: bool) -> ThriftValue:
        """The column's element of a schema."""
        return struct(
            {
                1: i32(self.physical),
                3: i32(1 if nullable else 0),
                4: text(name),
                6: None if self.converted is None else i32(self.converted),
                7: None if self.decimals is None else i32(self.decimals),
                8: None if self.digits is None else i32(self.digits),
                10: self.logical,
            }
        )


TEXT = ParquetType(physical=Physical.BYTE_ARRAY, logical=struct({1: _EMPTY}), converted=0)
_OTHERS = {
    "timestamp": ParquetType(
        physical=Physical.INT64,
        logical=struct({8: struct({1: boolean(True), 2: struct({1: _EMPTY})})}),  # milliseconds, UTC
        converted=9,
    ),
    "date": ParquetType(physical=Physical.INT32, logical=struct({6: _EMPTY}), converted=6),
    "float": ParquetType(physical=Physical.DOUBLE),
    "boolean": ParquetType(physical=Physical.BOOLEAN),
}


def type_of(column: Column) -> ParquetType:
    """The type of *column*; `ValueError` for a number that eight bytes do not hold.

    A number takes four bytes if its declared range fits, and is a decimal if it has digits after the point.
    """
    if column.is_text:
        return TEXT
    if column.kind != "number":
        return _OTHERS[column.kind]
    declared = column.minimum != 0 or column.maximum != 0
    digits = len(str(max(abs(column.minimum), abs(column.maximum)))) if declared else column.digits
    if digits > len(str(2**63)) - 1:
        raise ValueError(f"{column.name}: a number of {digits} digits does not fit in eight bytes")
    short = digits <= _INT32_DIGITS or (column.bits == 32 and not column.decimals)
    physical = Physical.INT32 if short else Physical.INT64
    if not column.decimals:
        logical = struct({10: struct({1: i8(32 if short else 64), 2: boolean(True)})})
        return ParquetType(physical=physical, logical=logical, converted=17 if short else 18)
    digits = _INT32_DIGITS if short else column.digits
    return ParquetType(
        physical=physical,
        logical=struct({5: struct({1: i32(column.decimals), 2: i32(digits)})}),
        converted=5,
        decimals=column.decimals,
        digits=digits,
    )

"""A number of a table: how exactly its type there holds it, and the SQL that reads it as an integer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from wattif.tables.column import Column

# whole: whole numbers, and decimals without room for more digits than there must be; text: whatever can be cast
Storage = Literal["whole", "decimal", "text", "double", "float"]
_ROUNDING = {"double": 2.3e-16, "float": 6.0e-8}  # of a value, at most: half a unit in the last binary place
# of a sum over the readings of an hour: doubles are rounded at each step, floats once themselves and once as the sum
_ROUNDINGS_OF_SUM = {"double": 3600, "float": 2}
_MEAN_ERROR = 1e-6  # of a mean in binary floating point, in its unit
FLOATS: dict[Storage, str] = {"double": "64-bit floating point", "float": "32-bit floating point"}


def storage_of(kind: pa.DataType, decimals: int) -> Storage:
    """How a column of this type holds a number with so many decimals."""
    if pa.types.is_float64(kind):
        return "double"
    if pa.types.is_floating(kind):
        return "float"
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= decimals):
        return "whole"
    return "decimal" if pa.types.is_decimal(kind) else "text"


@dataclass(frozen=True, kw_only=True)
class NumberColumn:
    """A number of the dataset in a table that keeps it in some way."""

    name: str
    decimals: int
    storage: Storage = "whole"
    is_sum: bool = False  # of the readings of an hour, counted by whoever made the table

    @classmethod
    def of(cls, column: Column, kind: pa.DataType, *, is_sum: bool = False) -> NumberColumn:
        """*column* in a table whose type is *kind*."""
        storage = storage_of(kind, column.decimals)
        return cls(name=column.name, decimals=column.decimals, storage=storage, is_sum=is_sum)

    @property
    def has_all_digits(self) -> bool:
        """Whether its type holds all digits that there must be; else sums are right within `slack`."""
        return self.storage != "float"

    @property
    def integer(self) -> str:
        """The value in units of its last digit; NULL where it makes no sense: beyond what any field has room for."""
        return f"CASE WHEN ABS({self._scaled}) < 1e14 THEN CAST(ROUND({self._scaled}) AS BIGINT) END"

    @property
    def excess(self) -> str:
        """1 for a value with more digits than there must be, as far as its type holds them, else 0.

        Such a change may be less than half a unit of the last digit. Of a text, nine decimals are looked at.
        """
        if self.storage in ("whole", "float"):
            return "0"
        if self.storage == "double":
            more = f"ABS({self._scaled} - ROUND({self._scaled})) > ABS({self._scaled}) * {self._lost!r}"
        else:
            exact = self.name if self.storage == "decimal" else f"TRY_CAST({self.name} AS DECIMAL(38, 9))"
            more = f"{exact} <> ROUND({exact}, {self.decimals})"
        return f"CASE WHEN {more} THEN 1 ELSE 0 END"

    def slack(self, weight: str = "1") -> str:
        """How far the sum of integers, each times *weight*, may be off because of the type."""
        if self.has_all_digits:
            return "0"
        lost = f"SUM(ABS({self.name}) * {weight}) * {self._lost!r} + SUM({weight}) * 0.5"
        return f"CAST(CEIL(COALESCE({lost}, 0)) AS BIGINT)"

    @property
    def _scaled(self) -> str:
        return f"TRY_CAST({self.name} AS DOUBLE) * {10**self.decimals}"

    @property
    def _lost(self) -> float:
        """The share of a value that its type may lose."""
        return _ROUNDING[self.storage] * (_ROUNDINGS_OF_SUM[self.storage] if self.is_sum else 1)


def mean_slack(name: str, kind: pa.DataType) -> str:
    """How far a mean may be off, in its unit: for the way it was counted, and for what its type *kind* loses."""
    if pa.types.is_decimal(kind) or pa.types.is_integer(kind):
        decimals = kind.scale if pa.types.is_decimal(kind) else 0
        return f"{_MEAN_ERROR + 0.5 * 10.0**-decimals!r}"
    lost = _ROUNDING["float"] if storage_of(kind, 0) == "float" else 0.0
    return f"{_MEAN_ERROR!r} + ABS({name}) * {lost!r}"

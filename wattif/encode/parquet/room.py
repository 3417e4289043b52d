"""The most bytes that rows and objects may take, so that staging has room for them."""

from __future__ import annotations

from collections.abc import Sequence

from wattif.encode.parquet.types import Physical, type_of
from wattif.tables.column import Column

_PAGE = 500  # bytes of a column's page without its values and bounds: header, padding, entries in the indexes
_CHUNK = 400  # of a column's metadata in a row group, without its name and bounds
_OBJECT = 1_000  # of a file's own metadata
_ELEMENT = 60  # of a column in the schema, without its name
_PLACE = 5  # of a text in the dictionary: which one a row has
_BOUNDS = 2


def room_of(columns: Sequence[Column], *, text_width: int, page_rows: int, group_rows: int) -> tuple[int, int]:
    """Bytes of a row with its part of pages and row groups, rounded up, and of an object besides its rows."""
    values = [_value_room(column, text_width) for column in columns]
    page = sum(_PAGE + _BOUNDS * value for value in values)
    group = sum(
        _CHUNK + len(column.name.encode()) + _BOUNDS * value for column, value in zip(columns, values, strict=True)
    )
    group += page  # the last one may be short
    schema = sum(_ELEMENT + len(column.name.encode()) for column in columns)
    return sum(values) + -(-page // page_rows) + -(-group // group_rows), _OBJECT + schema + group


def _value_room(column: Column, text_width: int) -> int:
    """Bytes of a value, with its part of a block of differences, or in a dictionary."""
    physical = type_of(column).physical
    if physical == Physical.BYTE_ARRAY:
        return 4 + 4 * max(text_width, 17) + _PLACE
    return 6 if physical == Physical.INT32 else 10

"""The most bytes that rows and objects may take, so that staging has room for them."""

from __future__ import annotations

from collections.abc import Sequence

from wattif.encode.parquet.types import Physical, type_of
from wattif.tables.column import Column

_PAGE = 500  # bytes of a column's page without its values and bounds: header, padding, entries in the indexes
_CHUNK = 400  # of a column's metadata in a row group, without its name and bounds
_OBJECT = 1_000  # of a file's own metadata
_ELEMENT = 60  # of a column in the schema, without its name
_BOUNDS = 2
_MAC = 17
_LONGEST_CHARACTER = 4
_BLOCK_BITS = 2  # of a value: its part of what its block and a page of times begin with
_LEVEL_BITS = 3  # whether it is there, in runs as short as they may be
_SIZES = {Physical.BOOLEAN: 1, Physical.INT32: 4, Physical.INT64: 8, Physical.DOUBLE: 8}


def room_of(columns: Sequence[Column], *, text_width: int, page_rows: int, group_rows: int) -> tuple[int, int]:
    """Bytes of a row with its part of pages and row groups, rounded up, and of an object besides its rows."""
    widths = [_width(column, text_width) for column in columns]
    names = sum(len(column.name.encode()) for column in columns)
    page = sum(_PAGE + _BOUNDS * width for width in widths)
    group = page + names + sum(_CHUNK + _BOUNDS * width for width in widths)  # its last page may be short
    bits = sum(_bits(column, width) for column, width in zip(columns, widths, strict=True))
    return -(-bits // 8 + -page // page_rows + -group // group_rows), _OBJECT + names + _ELEMENT * len(columns) + group


def _width(column: Column, text_width: int) -> int:
    """Bytes of a value by itself."""
    physical = type_of(column).physical
    if physical == Physical.BYTE_ARRAY:
        return _MAC if column.kind == "mac" else _LONGEST_CHARACTER * text_width
    return _SIZES[physical]


def _bits(column: Column, width: int) -> int:
    """Bits of a value with others: as a difference, which is at most twice its range, or in a dictionary."""
    if column.is_text:
        return 8 * (4 + width + 4) + _BLOCK_BITS + _LEVEL_BITS  # once in the dictionary, and its place there
    most = 8 * width
    if column.kind == "number" and column.maximum > column.minimum:
        most = min(most, (2 * (column.maximum - column.minimum)).bit_length())
    return most + _BLOCK_BITS + (_LEVEL_BITS if column.nullable else 0)

"""The text of one NDJSON row: the place and width of each value, for any choice of fields."""

from __future__ import annotations

from dataclasses import dataclass

from wattif.encode.encoder import TEXT_WIDTH, RowSchema
from wattif.tables.column import Column

MAC_WIDTH, TIMESTAMP_WIDTH = 17, 20
_INT64_WIDTH = 20
_WIDTHS = {"mac": MAC_WIDTH, "timestamp": TIMESTAMP_WIDTH, "date": 12, "boolean": 5, "float": 24}  # null fits in all
_TABLE_MAX = 1 << 17  # fields with no more values than this, in 8 characters or less, get a table of all of them


def has_quotes(kind: str) -> bool:
    """Whether values are texts of one length: where each row has one, the quotes are part of the template."""
    return kind in ("mac", "timestamp")


def number_width(field: Column) -> int:
    """Characters of the widest value of a number; of any int64 when it declares no range."""
    if field.minimum == field.maximum == 0:
        return _INT64_WIDTH + bool(field.decimals)
    below_zero = 1 + len(str(-field.minimum // 10**field.decimals)) if field.minimum < 0 else 0
    return max(field.whole_digits, below_zero) + (field.decimals + 1 if field.decimals else 0)


def is_tabled(field: Column) -> bool:
    """Whether a number is written as one word from a table of all its values, or else in groups of digits."""
    return number_width(field) <= 8 and field.maximum - field.minimum < _TABLE_MAX


def high_digits(field: Column) -> int:
    """Digits before the last four ones of a number that is written in groups of digits."""
    return max(field.whole_digits - 4, 0)


def field_width(field: Column, text_width: int = TEXT_WIDTH) -> int:
    """Characters that the value of *field* takes in a row, without the quotes that are the same in each.

    *text_width*: of the widest text of the dataset. A text's own quotes belong to its value, so that spaces can
    follow them.
    """
    if field.kind in _WIDTHS:
        return _WIDTHS[field.kind] + (2 if field.nullable and has_quotes(field.kind) else 0)
    if field.kind in ("city", "text"):
        return text_width + 2
    return number_width(field) if is_tabled(field) else number_width(field) + max(4 - field.whole_digits, 0)


@dataclass(frozen=True)
class RowTemplate:
    """A row with room for every value: numbers are right-aligned, which JSON allows as white space."""

    fields: tuple[Column, ...]
    text: bytes
    offsets: dict[str, int]  # first byte of each field's value, by its name in the table
    city_width: int  # of a city's value, its quotes included

    @property
    def width(self) -> int:
        """Bytes of a row, its line feed included."""
        return len(self.text)

    def offset_of(self, kind: str) -> int:
        """Where the value of the field of *kind* begins; -1 when the row has none."""
        return next((self.offsets[field.name] for field in self.fields if field.kind == kind), -1)

    def text_after(self, field: Column, length: int) -> bytes:
        """The *length* bytes that follow the value of *field*, from the next row where this one ends."""
        end = self.offsets[field.name] + field_width(field)  # of a number
        return (self.text[end:] + self.text)[:length]


def row_template(schema: RowSchema) -> RowTemplate:
    """The template of the rows of *schema*."""
    text = b"{"
    offsets = {}
    for field in schema.columns:
        quote = b'"' if has_quotes(field.kind) and not field.nullable else b""
        text += b'"%s":%s' % (schema.written_name(field).encode(), quote)
        offsets[field.name] = len(text)
        text += b"0".rjust(field_width(field, schema.text_width)) + quote + b","
    if schema.added is not None:
        text += b'"%s":"%s",' % tuple(part.encode() for part in schema.added)
    return RowTemplate(tuple(schema.columns), text[:-1] + b"}\n", offsets, schema.text_width + 2)

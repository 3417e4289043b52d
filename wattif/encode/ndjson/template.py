"""The text of one row: the place and width of each value, for any choice of fields; that of NDJSON."""

from __future__ import annotations

from wattif.encode.encoder import TEXT_WIDTH, RowSchema
from wattif.encode.row_template import MAC_WIDTH, TIMESTAMP_WIDTH, RowTemplate, number_field_width
from wattif.tables.column import Column

_WIDTHS = {"mac": MAC_WIDTH, "timestamp": TIMESTAMP_WIDTH, "date": 12, "boolean": 5, "float": 24}  # null fits in all


def has_quotes(kind: str) -> bool:
    """Whether values are texts of one length: where each row has one, the quotes are part of the template."""
    return kind in ("mac", "timestamp")


def field_width(field: Column, text_width: int = TEXT_WIDTH) -> int:
    """Characters that the value of *field* takes in a row, without the quotes that are the same in each.

    *text_width*: of the widest text of the dataset. A text's own quotes belong to its value, so that spaces can
    follow them.
    """
    if field.kind in _WIDTHS:
        return _WIDTHS[field.kind] + (2 if field.nullable and has_quotes(field.kind) else 0)
    if field.is_text:
        return text_width + 2
    return number_field_width(field)


def row_template(schema: RowSchema) -> RowTemplate:
    """The template of the rows of *schema*; JSON allows spaces before a number."""
    text = b"{"
    offsets = {}
    for field in schema.columns:
        quote = b'"' if has_quotes(field.kind) and not field.nullable else b""
        text += b'"%s":%s' % (schema.written_name(field).encode(), quote)
        offsets[field.name] = len(text)
        text += b"0".rjust(field_width(field, schema.text_width)) + quote + b","
    if schema.added is not None:
        text += b'"%s":"%s",' % tuple(part.encode() for part in schema.added)
    return RowTemplate(
        fields=tuple(schema.columns),
        text=text[:-1] + b"}\n",
        offsets=offsets,
        city_width=schema.text_width + 2,
        fill=b" ",
    )

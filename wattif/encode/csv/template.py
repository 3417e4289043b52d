"""The text of one CSV row: numbers are filled up with zeros, because spaces would be part of their values."""

from __future__ import annotations

from wattif.encode.encoder import RowSchema
from wattif.encode.ndjson.template import field_width
from wattif.encode.row_template import RowTemplate


def row_template(schema: RowSchema, city: str) -> RowTemplate:
    """The template of the rows of *schema* in *city*: ids of cities need no quotes."""
    text = b""
    offsets = {}
    for field in schema.columns:
        offsets[field.name] = len(text)
        text += (city.encode() if field.kind == "city" else b"0".rjust(field_width(field), b"0")) + b","
    if schema.added is not None:
        text += schema.added[1].encode() + b","
    return RowTemplate(fields=tuple(schema.columns), text=text[:-1] + b"\n", offsets=offsets, city_width=0, fill=b"0")

"""NDJSON: a line per row, all of one width, so that row *i* starts at byte *i* times the width."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from wattif.encode.encoder import Bytes, Encoder, RowSchema
from wattif.encode.ndjson.marks import marked_rows
from wattif.encode.ndjson.reading import field_in, fields_in
from wattif.encode.ndjson.rows import DayRows, RowFormat, single_rows
from wattif.encode.ndjson.template import field_width, row_template
from wattif.encode.row_template import TIMESTAMP_WIDTH, RowTemplate, number_text
from wattif.model.fleet import mac_text
from wattif.tables.block import Block, Rows, TakenRows
from wattif.tables.column import Column
from wattif.tables.reading_blocks import ReadingsBlock


class NdjsonEncoder(Encoder):
    """Readings are stamped into a template of a whole block, at memory speed; rows of any other table are laid out."""

    name = "ndjson"
    extension = ".json"
    content_type = "application/x-ndjson"
    is_text = True
    bigquery = "NEWLINE_DELIMITED_JSON"
    duckdb = "read_json"

    def __init__(self, schema: RowSchema) -> None:
        super().__init__(schema)
        self.template = row_template(schema)
        self._own = threading.local()

    def template_of(self, city: str) -> RowTemplate:
        """See `Encoder.template_of`: cities are values."""
        return self.template

    @property
    def row_width(self) -> int:
        """See `Encoder.row_width`."""
        return self.template.width

    @property
    def row_room(self) -> int:
        """See `Encoder.row_room`."""
        return self.template.width

    @cached_property
    def _form(self) -> RowFormat:
        return RowFormat(self.template)

    def encode(self, block: Block | TakenRows, rows: Rows | None = None) -> Bytes:
        """See `Encoder.encode`."""
        if not isinstance(block, ReadingsBlock):
            return self._laid_out(block, rows)
        if rows is not None:
            return single_rows(self._form, block, rows)
        day: DayRows | None = getattr(self._own, "day", None)
        if day is None or day.meters < block.count or day.readings != block.slots:
            day = self._own.day = DayRows(self._form, block.count, block.slots)
        data = day.fill(block)
        return marked_rows(data, self.template, block) if block.marks else data

    def _laid_out(self, block: Block | TakenRows, rows: Rows | None) -> memoryview:
        """Rows of any table, column by column."""
        text = self.template.text
        columns = {field.name: block.values(field.name, rows) for field in self.template.fields}
        count = len(next(iter(columns.values())))
        laid = np.frombuffer(bytearray(text * count), np.uint8).reshape(count, len(text))
        for field in self.template.fields:
            offset, width = self.template.offsets[field.name], field_width(field, self.schema.text_width)
            texts = _texts(field, columns[field.name], width)
            if texts.itemsize > width:
                raise ValueError(f"{field.name}: a value needs more than {width} bytes")
            laid[:, offset : offset + width] = texts.astype(f"S{width}").view(np.uint8).reshape(count, width)
        return memoryview(laid.reshape(-1).data)

    def field_in(self, row: bytes, column: str) -> bytes | None:
        """See `Encoder.field_in`."""
        return field_in(row, column)

    def fields_in(self, row: bytes) -> dict[str, bytes] | None:
        """See `Encoder.fields_in`."""
        return fields_in(row)

    def weak_places(self, row: bytes) -> Sequence[int]:
        """The colons that follow names."""
        return self._colons

    @cached_property
    def _colons(self) -> tuple[int, ...]:
        text = self.template.text
        return tuple(text.rindex(b'":', 0, offset) + 1 for offset in self.template.offsets.values())


def _texts(field: Column, values: NDArray[Any], width: int) -> NDArray[np.bytes_]:
    """The values of a column as JSON, without the quotes that the template has; texts that are too wide stay so."""
    if field.kind == "number" and not field.nullable:
        return number_text(values, field.decimals, width)
    if field.kind == "timestamp" and not field.nullable:
        return np.datetime_as_string(values.astype("datetime64[s]"), timezone="UTC").astype(f"S{TIMESTAMP_WIDTH}")
    if field.kind == "mac" and not field.nullable:
        return mac_text(values)
    texts = [b"null" if value is None else _text(field, value) for value in values.tolist()]
    on_the_left = field.is_text and field.kind != "mac"
    return np.array([text.ljust(width) if on_the_left else text.rjust(width) for text in texts], np.bytes_)


def _text(field: Column, value: Any) -> bytes:
    if field.kind == "number":
        return bytes(number_text(np.array([value], np.int64), field.decimals, 0)[0])
    if field.kind == "mac":
        return b'"%s"' % mac_text(np.array([value], np.uint64))[0]
    if field.kind == "timestamp":
        value = value.replace(microsecond=0)
    return orjson.dumps(value, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)

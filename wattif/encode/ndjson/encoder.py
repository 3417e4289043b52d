"""NDJSON: a line per row, all of one width, so that row *i* starts at byte *i* times the width."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import orjson
from numpy.typing import NDArray

from wattif.encode.encoder import Bytes, Encoder, RowSchema
from wattif.encode.ndjson.marks import lay_times, marked_rows
from wattif.encode.ndjson.rows import DayRows, RowFormat, number_text, single_rows
from wattif.encode.ndjson.template import MAC_WIDTH, field_width, row_template
from wattif.model.fleet import mac_text
from wattif.tables.block import Block, Rows, TakenRows
from wattif.tables.reading_blocks import ReadingsBlock


class NdjsonEncoder(Encoder):
    """Readings are stamped into a template of a whole block, at memory speed; rows of any other table are laid out."""

    name = "ndjson"
    extension = ".json"
    content_type = "application/x-ndjson"
    is_text = True

    def __init__(self, schema: RowSchema) -> None:
        super().__init__(schema)
        self.template = row_template(schema)
        self._own = threading.local()

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
            found = columns[field.name]
            if field.kind == "timestamp":
                lay_times(laid, offset, found)
                continue
            if field.kind == "mac":
                texts: NDArray[np.bytes_] = np.array(mac_text(found), f"S{MAC_WIDTH}")
            elif field.kind == "number":
                texts = number_text(found, field.decimals, width)
            else:
                texts = np.array([orjson.dumps(each).ljust(width) for each in found.tolist()], np.bytes_)
            if texts.itemsize > width:
                raise ValueError(f"{field.name}: a value needs more than {width} bytes")
            laid[:, offset : offset + width] = texts.astype(f"S{width}").view(np.uint8).reshape(count, width)
        return memoryview(laid.reshape(-1).data)

    def weak_places(self, row: bytes) -> Sequence[int]:
        """The colons that follow names."""
        return self._colons

    @cached_property
    def _colons(self) -> tuple[int, ...]:
        text = self.template.text
        return tuple(text.rindex(b'":', 0, offset) + 1 for offset in self.template.offsets.values())

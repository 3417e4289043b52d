"""Rows as Arrow has them, in batches of one size: exact decimals, times in UTC."""

from __future__ import annotations

import io
from copy import copy
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pyarrow as pa

from wattif.encode.arrow.reading import batches_of_file
from wattif.encode.columnar import ColumnarEncoder
from wattif.encode.encoder import Bytes
from wattif.tables.arrow import arrow_schema, arrow_table
from wattif.tables.block import Block, Rows, TakenRows
from wattif.tables.column import Column

BATCH_ROWS = 65_536  # less than eight days of a meter at ten seconds; some six megabytes
_FRAME = 1 << 20  # bytes of the schema, of the heads of batches and of the footer: more than there ever are


class Sink(io.RawIOBase):
    """Keeps what is written until it is taken; places count from the object's beginning."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Bytes written until now."""
        return self._size

    def write(self, data: Any) -> int:
        """Keep a copy of *data*."""
        self._parts.append(bytes(data))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def take(self) -> bytes:
        """What was written since the last call."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class ArrowEncoder(ColumnarEncoder):
    """What both formats of Arrow have in common."""

    _object: _Object

    @property
    def row_room(self) -> int:
        """See `Encoder.row_room`."""
        return sum(_room(column, self.schema.text_width) for column in self._columns)

    @property
    def object_room(self) -> int:
        """See `Encoder.object_room`."""
        return _FRAME

    @property
    def _columns(self) -> list[Column]:
        """As they are written."""
        schema, added = self.schema, self.schema.added
        own = (replace(column, name=schema.written_name(column)) for column in schema.columns)
        return [*own, *([Column(added[0], "text", "")] if added else [])]

    def _writer(self, sink: Sink, schema: pa.Schema) -> Any:
        raise NotImplementedError

    def open(self) -> Self:
        """See `Encoder.open`."""
        opened, sink = copy(self), Sink()
        opened._object = _Object(sink, self._writer(sink, arrow_schema(self._columns)))
        return opened

    def start(self) -> bytes:
        """See `Encoder.start`."""
        return self._object.sink.take()

    def encode(self, block: Block | TakenRows, rows: Rows | None = None) -> Bytes:
        """The bytes of the batches that *block* fills, of an encoder that `open` gave."""
        schema, added = self.schema, self.schema.added
        values = {schema.written_name(column): block.values(column.name, rows) for column in schema.columns}
        if added:
            values[added[0]] = np.full(len(next(iter(values.values()))), added[1], object)
        return self._object.add(arrow_table(self._columns, values))

    def finish(self) -> Bytes:
        """See `Encoder.finish`."""
        return self._object.finish()


class ArrowFileEncoder(ArrowEncoder):
    """Batches with a directory at the end, so that readers can map the file into memory."""

    name = "arrow"
    extension = ".arrow"
    content_type = "application/vnd.apache.arrow.file"
    batches = staticmethod(batches_of_file)

    def _writer(self, sink: Sink, schema: pa.Schema) -> pa.RecordBatchFileWriter:
        return pa.ipc.new_file(sink, schema)


class _Object:
    """An object that is being made: its batches do not follow from the blocks that the rows come in."""

    def __init__(self, sink: Sink, writer: Any) -> None:
        self.sink = sink
        self._writer = writer
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def add(self, table: pa.Table) -> bytes:
        """The bytes of full batches."""
        self._waiting.append(table)
        self._rows += len(table)
        if self._rows >= BATCH_ROWS:
            self._write(self._rows - self._rows % BATCH_ROWS)
        return self.sink.take()

    def finish(self) -> bytes:
        """The rest."""
        if self._rows:
            self._write(self._rows)
        self._writer.close()
        return self.sink.take()

    def _write(self, rows: int) -> None:
        whole = pa.concat_tables(self._waiting).combine_chunks()
        for first in range(0, rows, BATCH_ROWS):
            [batch] = whole.slice(first, min(BATCH_ROWS, rows - first)).to_batches()
            self._writer.write_batch(batch)
        self._waiting, self._rows = [whole.slice(rows)], self._rows - rows


def _room(column: Column, text_width: int) -> int:
    """Most bytes that a value takes, with its place among the nulls and texts."""
    if column.kind == "mac":
        return 17 + 4 + 1
    return text_width + 4 + 1 if column.is_text else 16 + 1

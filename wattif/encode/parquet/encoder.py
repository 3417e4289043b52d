"""Parquet, written by kernels of its own: the bytes follow from the rows alone, not from a library's version.

Numbers are integers and exact decimals, DELTA_BINARY_PACKED; texts are in a dictionary. Each page has a checksum and an
entry in the page index.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import ClassVar, Self

from wattif.encode.columnar import ColumnarEncoder
from wattif.encode.encoder import Bytes, RowSchema
from wattif.encode.parquet.chunks import ChunkWriter
from wattif.encode.parquet.codec import CODECS, codec_of
from wattif.encode.parquet.file import ParquetFile
from wattif.encode.parquet.footer import MAGIC
from wattif.encode.parquet.pages import ConstantPages, pages_of
from wattif.encode.parquet.reading import batches
from wattif.encode.parquet.room import room_of
from wattif.tables.block import Block, Rows, TakenRows
from wattif.tables.column import Column

PAGE_ROWS = 32_768  # almost four days of a meter at ten seconds
GROUP_ROWS = 1_048_576
_USUAL_BITS = 5  # of a number


class ParquetEncoder(ColumnarEncoder):
    """Objects of row groups of *row_group_rows*, the last one of fewer; *codec* compresses their pages."""

    name = "parquet"
    extension = ".parquet"
    content_type = "application/vnd.apache.parquet"
    options: ClassVar[Mapping[str, int]] = {"row_group_rows": GROUP_ROWS}
    codecs = CODECS
    bigquery = "PARQUET"
    duckdb = "read_parquet"
    has_metadata = True
    batches = staticmethod(batches)

    def __init__(self, schema: RowSchema, *, row_group_rows: int = GROUP_ROWS, codec: str = "none") -> None:
        super().__init__(schema)
        self._codec = codec_of(codec)
        self._group_rows = row_group_rows
        self._page_rows = min(PAGE_ROWS, row_group_rows)
        self._file: ParquetFile | None = None  # the object that is being made
        self._own = threading.local()

    def with_schema(self, schema: RowSchema) -> Self:
        """See `Encoder.with_schema`."""
        return type(self)(schema, row_group_rows=self._group_rows, codec=self._codec.name)

    def with_codec(self, codec: str) -> Self:
        """See `Encoder.with_codec`."""
        return type(self)(self.schema, row_group_rows=self._group_rows, codec=codec)

    @cached_property
    def _room(self) -> tuple[int, int]:
        return room_of(
            self._columns, text_width=self.schema.text_width, page_rows=self._page_rows, group_rows=self._group_rows
        )

    @property
    def row_room(self) -> int:
        """See `Encoder.row_room`."""
        return self._room[0]

    @property
    def usual_row_bytes(self) -> int:
        """See `Encoder.usual_row_bytes`: of readings at intervals of seconds."""
        numbers = sum(column.kind == "number" for column in self._columns)
        return 1 + numbers * _USUAL_BITS // 8

    @property
    def object_room(self) -> int:
        """See `Encoder.object_room`."""
        return self._room[1]

    @property
    def _columns(self) -> list[Column]:
        added = self.schema.added
        return [*self.schema.columns, *([Column(added[0], "text", "")] if added else [])]

    def open(self) -> Self:
        """See `Encoder.open`."""
        opened = copy(self)
        free: list[Sequence[ChunkWriter]] = self._own.__dict__.setdefault("free", [])
        opened._file = ParquetFile(
            free.pop() if free else self._writers(), self._page_rows, self._group_rows, self.schema.metadata
        )
        return opened

    def _writers(self) -> list[ChunkWriter]:
        schema = self.schema
        columns = {schema.written_name(column): pages_of(column, self._page_rows) for column in schema.columns}
        if schema.added:
            name, text = schema.added
            columns[name] = ConstantPages(self._columns[-1], self._page_rows, text, schema.columns[0].name)
        return [ChunkWriter(name, pages, self._codec) for name, pages in columns.items()]

    def start(self) -> Bytes:
        """See `Encoder.start`."""
        return MAGIC

    def encode(self, block: Block | TakenRows, rows: Rows | None = None) -> Bytes:
        """The bytes of the row groups that *block* fills, of an encoder that `open` gave."""
        return self._opened.add(block, rows)

    def finish(self) -> Bytes:
        """See `Encoder.finish`."""
        data = self._opened.finish()
        self._own.free.append(self._opened.writers)  # for the thread's next object: new memory costs more than a page
        self._file = None
        return data

    @property
    def _opened(self) -> ParquetFile:
        if self._file is None:
            raise ValueError("rows of Parquet belong to an object: call `open` first")
        return self._file

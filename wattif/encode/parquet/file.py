"""A Parquet object in the making: rows become pages, pages row groups, and the metadata stand at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wattif.encode.parquet.chunks import ChunkWriter
from wattif.encode.parquet.footer import MAGIC, RowGroup, footer
from wattif.encode.parquet.order import RowOrder
from wattif.encode.parquet.pages import ColumnPages
from wattif.tables.block import Block, Rows, TakenRows
from wattif.tables.reading_blocks import ReadingsBlock


class ParquetFile:
    """Pages of *page_rows* and row groups of *group_rows*, in whatever pieces the rows come.

    *metadata*: names and texts.
    """

    def __init__(
        self,
        writers: Sequence[ChunkWriter],
        page_rows: int,
        group_rows: int,
        metadata: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.writers = writers
        self._columns: list[ColumnPages] = [writer.column for writer in writers]
        self._order = RowOrder(self._columns)
        self._page_rows, self._group_rows = page_rows, group_rows
        self._metadata = metadata
        self._in_page = self._in_group = 0  # rows
        self._size = len(MAGIC)
        self._groups: list[RowGroup] = []
        self._full: list[bytes] = []  # parts of chunks that were not given yet

    def add(self, block: Block | TakenRows, rows: Rows | None) -> bytes:
        """The bytes of the row groups that *rows* of *block* complete; None: of all of them."""
        if isinstance(block, ReadingsBlock) and rows is None and not block.marks:
            self._add_readings(block)
        else:
            self._add_values(block, rows)
        given, self._full = b"".join(self._full), []
        return given

    def _add_readings(self, block: ReadingsBlock) -> None:
        def append(first: int, count: int) -> None:
            for column in self._columns:
                column.append_readings(block, first, count)

        self._add(len(block.places), append)

    def _add_values(self, block: Block | TakenRows, rows: Rows | None) -> None:
        values = [block.values(column.source, rows) for column in self._columns]

        def append(first: int, count: int) -> None:
            for column, each in zip(self._columns, values, strict=True):
                column.append(each[first : first + count])

        self._add(len(values[0]), append)

    def _add(self, total: int, append: Callable[[int, int], None]) -> None:
        """Add *total* rows; *append* adds so many of them from some number on."""
        first = 0
        while first < total:
            count = min(total - first, self._page_rows - self._in_page, self._group_rows - self._in_group)
            append(first, count)
            first += count
            self._in_page += count
            self._in_group += count
            if self._in_page == self._page_rows:
                self._end_page()
            if self._in_group == self._group_rows:
                self._end_group()

    def _end_page(self) -> None:
        self._order.see_page()
        for writer in self.writers:
            writer.add_pages()
        self._in_page = 0

    def _end_group(self) -> None:
        if self._in_page:
            self._end_page()
        chunks = []
        start = self._size
        for writer in self.writers:
            data, chunk = writer.finish()
            self._full += data
            self._size += chunk.size
            chunks.append(chunk)
        ordering = self._order.finish()
        self._groups.append(RowGroup(chunks=chunks, start=start, rows=self._in_group, sorted_by=ordering))
        self._in_group = 0

    def finish(self) -> bytes:
        """The last row group, and what follows it."""
        if self._in_group:
            self._end_group()
        elements = [
            column.type.element(writer.name, nullable=column.column.nullable)
            for writer, column in zip(self.writers, self._columns, strict=True)
        ]
        return b"".join([*self._full, footer(elements, self._groups, self._size, self._metadata)])

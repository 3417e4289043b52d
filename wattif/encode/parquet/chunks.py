"""A column of a row group: its pages, its dictionary, and what the metadata say of both."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from wattif.encode.encoder import Bytes
from wattif.encode.parquet.codec import Codec
from wattif.encode.parquet.pages import PLAIN, RLE, Bounds, ColumnPages
from wattif.encode.parquet.thrift import Value, binary, boolean, i32, i64, listed, struct, text
from wattif.encode.parquet.types import ParquetType

_DATA_PAGE, _DICTIONARY_PAGE = 0, 2
_UNORDERED, _ASCENDING, _DESCENDING = 0, 1, 2


class StoredPage(NamedTuple):
    """Where a page of data is, behind the column's dictionary, and what is in it."""

    offset: int
    size: int  # with its header
    first_row: int  # of the row group
    rows: int
    nulls: int
    bounds: Bounds | None


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """What is known of a column in a row group; its metadata, once it is known where it begins in the file."""

    size: int  # bytes
    pages: list[StoredPage]
    name: str
    encoding: int  # of the pages
    type: ParquetType
    codec: Codec
    dictionary_size: int  # bytes with the header; 0: it has none
    raw_size: int  # bytes with headers, not compressed

    def metadata(self, start: int) -> Value:
        """Parquet's ColumnMetaData."""
        encodings = {self.encoding: None, RLE: None} | ({PLAIN: None} if self.dictionary_size else {})
        count = [struct({1: i32(_DATA_PAGE), 2: i32(self.encoding), 3: i32(len(self.pages))})]
        if self.dictionary_size:
            count.insert(0, struct({1: i32(_DICTIONARY_PAGE), 2: i32(PLAIN), 3: i32(1)}))
        bounds = self._bounds()
        return struct(
            {
                1: i32(self.type.physical),
                2: listed([i32(each) for each in encodings]),
                3: listed([text(self.name)]),
                4: i32(self.codec.number),
                5: i64(sum(page.rows for page in self.pages)),
                6: i64(self.raw_size),
                7: i64(self.size),
                9: i64(start + self.dictionary_size),
                11: i64(start) if self.dictionary_size else None,
                12: struct(
                    {
                        3: i64(sum(page.nulls for page in self.pages)),
                        5: None if bounds is None else binary(self.type.bytes_of(bounds[1])),
                        6: None if bounds is None else binary(self.type.bytes_of(bounds[0])),
                        7: None if bounds is None else boolean(True),
                        8: None if bounds is None else boolean(True),
                    }
                ),
                13: listed(count),
            }
        )

    def _bounds(self) -> Bounds | None:
        """Those of all pages; None where one has values without any."""
        told = [page.bounds for page in self.pages if page.nulls < page.rows]
        known = [bounds for bounds in told if bounds is not None]
        if not known or len(known) < len(told):
            return None
        return min(low for low, _ in known), max(high for _, high in known)

    def offset_index(self, start: int) -> bytes:
        """Where each page is, for a column that begins at *start*."""
        first = start + self.dictionary_size
        locations = [
            struct({1: i64(first + page.offset), 2: i32(page.size), 3: i64(page.first_row)}) for page in self.pages
        ]
        return struct({1: listed(locations)}).data

    def column_index(self) -> bytes | None:
        """The bounds of each page; None where one has numbers without any."""
        if self._bounds() is None:
            return None
        bounds = [page.bounds for page in self.pages]
        known = [each for each in bounds if each is not None]
        lows, highs = (
            [binary(b"" if each is None else self.type.bytes_of(each[end])) for each in bounds] for end in (0, 1)
        )
        return struct(
            {
                1: listed([boolean(each is None) for each in bounds]),
                2: listed(lows),
                3: listed(highs),
                4: i32(_boundary_order(known)),
                5: listed([i64(page.nulls) for page in self.pages]),
            }
        ).data


def _boundary_order(bounds: list[Bounds]) -> int:
    """Whether both bounds of each page ascend, or descend."""
    for order, each in ((_ASCENDING, bounds), (_DESCENDING, bounds[::-1])):
        if all(before <= after for pair in pairwise(each) for before, after in zip(*pair, strict=True)):  # type: ignore[operator]  # of one type
            return order
    return _UNORDERED


@lru_cache
def _data_head(rows: int, encoding: int) -> tuple[int, Value]:
    """The field of a header of data, and its number."""
    return 5, struct({1: i32(rows), 2: i32(encoding), 3: i32(RLE), 4: i32(RLE)})


class ChunkWriter:
    """Makes the chunk of *column*, called *name*, page by page."""

    def __init__(self, name: str, column: ColumnPages, codec: Codec) -> None:
        self.column = column
        self.name = name
        self._codec = codec
        self._begin()

    def _begin(self) -> None:
        self._data: list[bytes] = []
        self._size = 0
        self._pages: list[StoredPage] = []
        self._rows = 0
        self._raw_size = 0

    def add_pages(self) -> None:
        """Write the pages of the rows that the column has gathered."""
        for content in self.column.take():
            offset = self._size
            self._add(_DATA_PAGE, _data_head(content.rows, self.column.encoding), content.data)
            self._pages.append(
                StoredPage(
                    offset=offset,
                    size=self._size - offset,
                    first_row=self._rows,
                    rows=content.rows,
                    nulls=content.nulls,
                    bounds=content.bounds,
                )
            )
            self._rows += content.rows

    def _add(self, kind: int, head: tuple[int, Value], data: Bytes) -> None:
        """Write a page with its header, of which *head* is the field of its kind."""
        stored = bytes(self._codec.compress(data))
        checksum = zlib.crc32(stored)
        number, fields = head
        header = struct(
            {
                1: i32(kind),
                2: i32(len(data)),
                3: i32(len(stored)),
                4: i32(checksum - (checksum >> 31 << 32)),
                number: fields,
            }
        ).data
        self._raw_size += len(header) + len(data)
        self._size += len(header) + len(stored)
        self._data += (header, stored)

    def finish(self) -> tuple[list[bytes], Chunk]:
        """The chunk of all pages since the last one, and the parts of its bytes."""
        texts = self.column.take_dictionary()
        pages, pages_size = self._data, self._size
        self._data, self._size = [], 0
        if texts is not None:  # it stands before all pages
            plain = b"".join(len(each).to_bytes(4, "little") + each for each in texts)
            head = struct({1: i32(len(texts)), 2: i32(PLAIN)})
            self._add(_DICTIONARY_PAGE, (7, head), plain)
        data = [*self._data, *pages]
        chunk = Chunk(
            size=self._size + pages_size,
            pages=self._pages,
            name=self.name,
            encoding=self.column.encoding,
            type=self.column.type,
            codec=self._codec,
            dictionary_size=self._size,
            raw_size=self._raw_size,
        )
        self._begin()
        return data, chunk

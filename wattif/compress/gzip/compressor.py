"""gzip (RFC 1952) of rows of one width: a member for each block, by our own encoder.

A row is the row before it but for some digits, and in readings integers tell which. So no text is searched, and mostly
none is made; and the bytes follow from the rows alone, whatever library is installed.
"""

from __future__ import annotations

import gzip
import io
import struct
import threading
import zlib
from functools import lru_cache
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from wattif.compress.compressor import Compressor
from wattif.compress.gzip.bits import SPILL, words_of
from wattif.compress.gzip.codes import GZIP_HEADER, MemberCodes
from wattif.compress.gzip.huffman import FARTHEST, LONGEST_CODE
from wattif.compress.gzip.row_tables import RowTables, begins_with_match, clock_texts, codes_of
from wattif.compress.gzip.rows import member_of_rows
from wattif.compress.gzip.text import member_of_text
from wattif.encode.encoder import Bytes, Encoder
from wattif.encode.row_template import RowTemplate
from wattif.tables.block import Block
from wattif.tables.reading_blocks import ReadingsBlock

_STORED = 0xFFFF  # most bytes of a block of DEFLATE that is not compressed
_ROOM = 24  # bytes that a member may have more than its rows: it has one at least
_ANY_TEXT = bytes(range(ord(" "), 127))
_ANY_RUNS = dict.fromkeys(range(1, 64), 1)
_USUAL_SLOTS = 8640  # readings of a day
_HEADER_ROOM = 1024  # more than the head, the trailer and what is written over
_TRAILER = struct.Struct("<II")  # CRC-32 and size of the content
_USUAL_SHARE = 12  # readings become about so many times fewer bytes


class GzipCompressor(Compressor):
    """Members of readings that are sent as measured come from their columns; all others from their text."""

    name = "gzip"
    suffix = ".gz"
    content_type = "application/gzip"  # and no content encoding: stores would unpack objects on the way
    damage = (gzip.BadGzipFile, EOFError, zlib.error)
    bigquery = "GZIP"
    bigquery_most_bytes = 4 * 2**30

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self._tables: dict[tuple[bytes, int], RowTables] = {}
        self._text_codes = lru_cache(self._codes_of_text)
        self._own = threading.local()
        self._is_empty = True

    @classmethod
    def refuses(cls, encoder: Encoder) -> str | None:
        """See `Compressor.refuses`."""
        return None if encoder.is_text else f"is for lines, which {encoder.name} does not have"

    @property
    def row_room(self) -> int:
        """See `Compressor.row_room`."""
        return self.encoder.row_room + _ROOM

    @property
    def object_room(self) -> int:
        """See `Compressor.object_room`."""
        return self.encoder.object_room + _ROOM

    @property
    def usual_row_bytes(self) -> int:
        """See `Compressor.usual_row_bytes`."""
        return -(-self.encoder.row_room // _USUAL_SHARE)

    def open(self, encoder: Encoder) -> GzipCompressor:
        """See `Compressor.open`."""
        own = super().open(encoder)
        own._is_empty = True
        return own

    def block(self, block: Block) -> Bytes:
        """See `Compressor.block`."""
        template = self.encoder.template_of(block.city) if isinstance(block, ReadingsBlock) else None
        if template is None or not begins_with_match(template) or not isinstance(block, ReadingsBlock) or block.marks:
            return self.data(self.encoder.encode(block))
        self._is_empty = False
        tables = self._tables_of(template, block.slots)
        rows = block.count * block.slots
        out = self._buffer("out", rows * tables.row_bits // 8 + 4 * template.width)
        size, crc = member_of_rows(
            words_of(out[len(tables.codes.head) :]),
            tables.codes.begun,
            tables.codes.literals,
            tables.codes.matches,
            tables.slots,
            tables.places,
            tables.tables,
            tables.checks,
            tables.mac,
            tables.text(block.day, block.city),
            block.macs,
            block.quantities.view(np.uint64),
            tables.clock_strings,
            tables.clock_checks,
        )
        return _finished(out, tables.codes, int(size), int(crc), rows * template.width)

    def data(self, data: Bytes) -> Bytes:
        """See `Compressor.data`."""
        size = len(data)
        if not size:
            return b""
        self._is_empty = False
        width = self.encoder.row_width or _first_line(data)
        codes = self._text_codes(width)
        text = self._buffer("text", size + SPILL)
        text[:size] = np.frombuffer(data, np.uint8)
        out = self._buffer("out", size * LONGEST_CODE // 8)
        written = member_of_text(
            words_of(out[len(codes.head) :]),
            codes.begun,
            codes.literals,
            codes.matches,
            text[:size],
            words_of(text),
            width,
        )
        member = _finished(out, codes, int(written), zlib.crc32(data), size)
        return member if len(member) <= _stored_size(size) else _stored(data)

    def finish(self) -> Bytes:
        """See `Compressor.finish`: even an object without rows is a member."""
        return _stored(b"") if self._is_empty else b""

    @classmethod
    def reader(cls, file: BinaryIO) -> BinaryIO:
        """See `Compressor.reader`."""
        return cast(BinaryIO, io.BufferedReader(gzip.GzipFile(fileobj=file)))

    def _codes_of_text(self, width: int) -> MemberCodes:
        template = self.encoder.template_of("")
        if template is None:
            return MemberCodes(_ANY_TEXT, _ANY_RUNS, width)
        return codes_of(template, clock_texts(_USUAL_SLOTS), width)

    def _tables_of(self, template: RowTemplate, slots: int) -> RowTables:
        key = template.text, slots
        if key not in self._tables:
            self._tables[key] = RowTables(template, slots)
        return self._tables[key]

    def _buffer(self, name: str, size: int) -> NDArray[np.uint8]:
        """A buffer of the thread's, of *size* bytes and room for a header and what is written over."""
        buffer: NDArray[np.uint8] | None = getattr(self._own, name, None)
        if buffer is None or len(buffer) < size + _HEADER_ROOM:
            buffer = np.empty(size + _HEADER_ROOM, np.uint8)
            setattr(self._own, name, buffer)
        return buffer


def _finished(out: NDArray[np.uint8], codes: MemberCodes, size: int, crc: int, rows_size: int) -> memoryview:
    """The member in *out*, of which *size* bytes are written behind the room for its head."""
    begin = len(codes.head)
    end = begin + size
    view = out.data
    view[:begin] = codes.head
    view[end : end + _TRAILER.size] = _trailer(crc, rows_size)
    return view[: end + _TRAILER.size]


def _first_line(data: Bytes) -> int:
    """Bytes of the first line of a text, as far as a match may reach."""
    return min(bytes(data[:FARTHEST]).find(b"\n") + 1 or FARTHEST, FARTHEST)


def _trailer(crc: int, size: int) -> bytes:
    return _TRAILER.pack(crc, size % 2**32)


def _stored_size(size: int) -> int:
    return len(GZIP_HEADER) + size + 5 * max(-(-size // _STORED), 1) + _TRAILER.size


def _stored(data: Bytes) -> bytes:
    """A member of *data* as it is."""
    parts = [GZIP_HEADER]
    for begin in range(0, max(len(data), 1), _STORED):
        part = data[begin : begin + _STORED]
        parts += [struct.pack("<BHH", begin + _STORED >= len(data), len(part), len(part) ^ 0xFFFF), bytes(part)]
    return b"".join([*parts, _trailer(zlib.crc32(data), len(data))])

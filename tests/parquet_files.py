"""What tests read of Parquet files by hand: Thrift's compact protocol, and the page index. Knows nothing of wattif."""

from __future__ import annotations

import zlib
from typing import Any

_TRUE, _FALSE, _DOUBLE, _BINARY, _LIST, _STRUCT = 1, 2, 7, 8, 9, 12


class _Reader:
    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def _signed(self) -> int:
        value = self.varint()
        return value >> 1 if value % 2 == 0 else -(value + 1 >> 1)

    def value(self, kind: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind == 3:
            return int.from_bytes([self._byte()], signed=True)
        if kind in (4, 5, 6):
            return self._signed()
        if kind == _BINARY:
            size = self.varint()
            self.at += size
            return self.data[self.at - size : self.at]
        if kind == _LIST:
            head = self._byte()
            size = head >> 4 if head >> 4 < 15 else self.varint()
            truths = head & 15 in (_TRUE, _FALSE)
            return [self._byte() == _TRUE if truths else self.value(head & 15) for _ in range(size)]
        assert kind == _STRUCT
        return self.struct()

    def struct(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        last = 0
        while (head := self._byte()) != 0:
            last = last + (head >> 4) if head >> 4 else self._signed()
            fields[last] = self.value(head & 15)
        return fields


def metadata_of(file: bytes) -> dict[int, Any]:
    """The FileMetaData, by the numbers of its fields."""
    assert file[:4] == file[-4:] == b"PAR1"
    size = int.from_bytes(file[-8:-4], "little")
    reader = _Reader(file, len(file) - 8 - size)
    found = reader.struct()
    assert reader.at == len(file) - 8
    return found


def page_index(file: bytes, chunk: dict[int, Any]) -> tuple[dict[int, Any] | None, dict[int, Any]]:
    """The column index, where there is one, and the offset index of a ColumnChunk."""

    def at(offset: int, length: int) -> dict[int, Any]:
        reader = _Reader(file, chunk[offset])
        found = reader.struct()
        assert reader.at == chunk[offset] + chunk[length]
        return found

    return (at(6, 7) if 6 in chunk else None), at(4, 5)


def page_at(file: bytes, offset: int, size: int) -> tuple[dict[int, Any], bytes]:
    """The header of a page, and its bytes as they are stored; its checksum agrees."""
    reader = _Reader(file, offset)
    header = reader.struct()
    assert reader.at + header[3] == offset + size
    stored = file[reader.at : reader.at + header[3]]
    assert header[4] % (1 << 32) == zlib.crc32(stored)
    return header, stored

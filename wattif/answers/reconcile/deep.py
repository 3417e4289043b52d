"""The rows of a lake: every object against the bytes that the spec says. One file at a time in each thread."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import crc32c

from wattif.answers.reconcile.delivery import ExpectedObjects
from wattif.answers.reconcile.differences import Difference, difference_of_object
from wattif.answers.reconcile.lines import RowReader, compare_lines
from wattif.encode.encoder import Bytes
from wattif.errors import LakeError
from wattif.tables.unit import Unit
from wattif.uploader.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 1 << 20
_MOST_TIMES = 4  # an object so many times as large as it must be is not read


@dataclass(frozen=True)
class Compared:
    """What became of an object that was read."""

    name: str
    differences: list[Difference]
    size: int = 0  # bytes, as *crc32c* only where nothing differs
    crc32c: int = 0


class DeepComparison:
    """Compares the objects of a table's units with their bytes. Threads may share it."""

    def __init__(self, store: Store, delivery: ExpectedObjects) -> None:
        self._store = store
        self._delivery = delivery
        self._compressor = delivery.plan.compressor
        self._reader = RowReader(delivery.plan.encoder, delivery.table.key)

    def compare(self, unit: Unit, labels: list[pa.Table]) -> Iterator[Compared]:
        """The objects of *unit*, one after the other, and the *labels* of what went wrong with them on the way.

        `LakeError` when the lake does not answer.
        """
        readers: dict[str, _Reader] = {}
        with contextlib.ExitStack() as files:
            name = ""  # of what is read just now
            try:
                for piece in self._delivery.pieces(unit, labels):
                    name = piece.name
                    if name not in readers:
                        file = self._store.open_object(name)
                        readers[name] = _Reader(None if file is None else files.enter_context(file))
                    readers[name].expect(piece.data)
                for name, reader in readers.items():
                    if reader.ends():
                        yield Compared(name, [], reader.size, reader.crc32c)
                    else:
                        yield Compared(name, self._look_closer(unit, name))
            except OSError as error:
                raise LakeError(f"{self._store.place}/{name}: cannot be read: {error.strerror or error}") from error

    def _look_closer(self, unit: Unit, name: str) -> list[Difference]:
        """Row by row; the bytes are made once more, because blocks do not last."""
        made = b"".join(bytes(piece.data) for piece in self._delivery.pieces(unit, []) if piece.name == name)
        with self._compressor.reader(io.BytesIO(made)) as plain:
            expected = plain.read()
        rows = self._delivery.plan.rows_of(unit)
        file = self._store.open_object(name)
        if file is None:
            return self._compared(name, rows, expected, None)
        with file:
            most = _MOST_TIMES * max(len(expected), _CHUNK)
            try:
                with self._compressor.reader(file) as plain:
                    found = _read(plain, most + 1)
            except self._compressor.damage as error:
                words = f"no {self._compressor.name}: {error}"
                return [difference_of_object(name, "altered", rows, f"{len(expected)} bytes", words, column="bytes")]
        if len(found) > most:
            sizes = f"{len(expected)} bytes", f"more than {most} bytes"
            return [Difference(name, None, None, "bytes", "altered", rows, *sizes)]
        if found == expected:
            words = "the same rows in other bytes"
            return [difference_of_object(name, "altered", rows, "compressed by WattIf", words, column="bytes")]
        return self._compared(name, rows, expected, found)

    def _compared(self, name: str, rows: int, expected: bytes, found: bytes | None) -> list[Difference]:
        encoder = self._delivery.plan.encoder
        size = f"{len(expected)} bytes"
        try:
            wanted, there = encoder.lines_of(expected), None if found is None else encoder.lines_of(found)
        except ValueError as error:
            return [difference_of_object(name, "altered", rows, size, str(error), column="bytes")]
        if wanted is not None and (found is None or wanted != there or encoder.is_text):
            return compare_lines(name, wanted, there, self._reader)
        if found is None:
            return [difference_of_object(name, "missing", rows, size, None)]
        words = f"{len(found)} bytes" if wanted is None else f"the same rows in {len(found)} bytes"
        return [difference_of_object(name, "altered", rows, size, words, column="bytes")]


def checksum(store: Store, name: str) -> int:
    """CRC32C of an object's content; -1 when there is none."""
    file = store.open_object(name)
    if file is None:
        return -1
    value = 0
    with file:
        while chunk := file.read(_CHUNK):
            value = crc32c.crc32c(chunk, value)
    return value


class _Reader:
    """An object of the lake, held against its bytes piece by piece."""

    def __init__(self, file: BinaryIO | None) -> None:
        """*file*: None when there is no such object."""
        self._file = file or io.BytesIO()
        self._is_same = file is not None
        self._content = b""  # read, and compared up to the place *_at*
        self._at = 0
        self.size = self.crc32c = 0  # of what was read

    def expect(self, data: Bytes) -> None:
        """Compare the next bytes."""
        view = memoryview(data)
        while self._is_same and view:
            if self._at == len(self._content) and not self._read():
                self._is_same = False
                return
            part = view[: len(self._content) - self._at]
            self._is_same = self._content.startswith(part, self._at)  # a memoryview's == goes item by item
            self._at += len(part)
            view = view[len(part) :]

    def ends(self) -> bool:
        """Whether all was the same, and nothing is left."""
        return self._is_same and self._at == len(self._content) and not self._read()

    def _read(self) -> bool:
        self._content, self._at = self._file.read(_CHUNK), 0
        self.size += len(self._content)
        self.crc32c = crc32c.crc32c(self._content, self.crc32c)
        return bool(self._content)


def _read(file: BinaryIO, most: int) -> bytes:
    parts, left = [], most
    while left and (part := file.read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)

"""The rows of a lake: every object against the bytes that the spec says. One file at a time in each thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import crc32c

from wattif.answers.reconcile.delivery import Delivery
from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.lines import compare_lines
from wattif.errors import LakeError
from wattif.tables.fault_labels import FaultLabel
from wattif.tables.unit import Unit
from wattif.uploader.store import Store

_CHUNK = 1 << 20
_MOST_TIMES = 4  # an object so many times as large as it must be is not read
Blocks = Iterable[memoryview | bytes]


@dataclass(frozen=True)
class Compared:
    """What became of an object that was read."""

    name: str
    differences: list[Difference]
    size: int = 0  # bytes, as *crc32c* only where nothing differs
    crc32c: int = 0


class DeepComparison:
    """Compares the objects of units with their bytes. Threads may share it."""

    def __init__(self, store: Store, delivery: Delivery, rows_of: Callable[[Unit], int]) -> None:
        self._rows_of = rows_of
        self._store = store
        self._delivery = delivery

    def compare(self, unit: Unit, labels: list[FaultLabel]) -> Iterator[Compared]:
        """The objects of *unit*, one after the other, and the *labels* of what went wrong with them on the way.

        `LakeError` when the lake does not answer.
        """
        for name, blocks in self._delivery.contents(unit, labels):
            try:
                file = self._store.open_object(name)
                if file is not None:
                    with file:
                        same = _same(file, blocks)
                    if same is not None:
                        yield Compared(name, [], *same)
                        continue
                yield Compared(name, self._look_closer(unit, name))
            except OSError as error:
                raise LakeError(f"{self._store.place}/{name}: cannot be read: {error.strerror or error}") from error

    def _look_closer(self, unit: Unit, name: str) -> list[Difference]:
        """Row by row; the bytes are made once more, because blocks do not last."""
        expected = b"".join(
            part for other, blocks in self._delivery.contents(unit, []) if other == name for part in map(bytes, blocks)
        )
        file = self._store.open_object(name)
        if file is None:
            return compare_lines(name, expected, None)
        most = _MOST_TIMES * max(len(expected), _CHUNK)
        with file:
            found = _read(file, most + 1)
        if len(found) > most:
            sizes = f"{len(expected)} bytes", f"more than {most} bytes"
            return [Difference(name, None, None, "bytes", "altered", self._rows_of(unit), *sizes)]
        return compare_lines(name, expected, found)


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


def _same(file: BinaryIO, blocks: Blocks) -> tuple[int, int] | None:
    """Size and CRC32C when *file* holds just the *blocks*, else None."""
    size = value = 0
    buffer = bytearray()
    for block in blocks:
        if len(buffer) != len(block):
            buffer = bytearray(len(block))
        if _fill(file, buffer) < len(block) or not buffer.startswith(block):  # a memoryview's == goes item by item
            return None
        value = crc32c.crc32c(buffer, value)
        size += len(block)
    return None if file.read(1) else (size, value)


def _fill(file: BinaryIO, buffer: bytearray) -> int:
    """Read until *buffer* is full or the file ends; the bytes read."""
    view, filled = memoryview(buffer), 0
    while filled < len(buffer):
        got: int = file.readinto(view[filled:])  # type: ignore[attr-defined]  # files of the store all have it
        if not got:
            break
        filled += got
    return filled


def _read(file: BinaryIO, most: int) -> bytes:
    parts, left = [], most
    while left and (part := file.read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)

"""The bytes of rows that lie one behind the other, from which ranges of rows are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wattif.encode.encoder import Bytes
from wattif.numeric.jit import kernel

_LINE_FEED = ord("\n")


@kernel
def copy_ranges(
    source: NDArray[np.uint8],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    places: NDArray[np.int64],
    target: NDArray[np.uint8],
) -> None:
    """Copy *sizes* bytes of *source* from *starts* on to *places* of *target*, unless a start is negative."""
    for i in range(starts.shape[0]):
        if starts[i] >= 0:
            range_of_source = source[starts[i] : starts[i] + sizes[i]]
            range_of_target = target[places[i] : places[i] + sizes[i]]
            for j in range(range_of_source.shape[0]):  # from 0 on, so that many bytes are copied at once
                range_of_target[j] = range_of_source[j]


class EncodedRows:
    """Rows of one width, or lines of a text."""

    def __init__(self, data: NDArray[np.uint8], bounds: NDArray[np.int64]) -> None:
        """*bounds*: where each row begins in *data*, and where the last one ends."""
        self.data = data
        self.bounds = bounds

    @classmethod
    def of(cls, data: Bytes, row_width: int | None) -> EncodedRows:
        """Rows as an encoder gives them; *row_width*: None for a text."""
        content = np.frombuffer(data, np.uint8)
        if row_width is not None:
            return cls(content, np.arange(0, len(content) + 1, row_width))
        return cls(content, np.append(0, np.flatnonzero(content == _LINE_FEED) + 1))

    @classmethod
    def joined(cls, parts: Sequence[EncodedRows]) -> EncodedRows:
        """The rows of all *parts*, one after the other."""
        sizes = np.concatenate([np.diff(part.bounds) for part in parts])
        return cls(np.concatenate([part.data for part in parts]), _bounds(sizes))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def row(self, row: int) -> bytes:
        """The bytes of one row."""
        return self.data[self.bounds[row] : self.bounds[row + 1]].tobytes()

    def take(
        self, rows: NDArray[np.int64], replaced: Mapping[int, bytes] | None = None, *, cut: int = 0
    ) -> EncodedRows:
        """A copy of *rows*, each without its last *cut* bytes; *replaced*: what stands for some of them, as it is."""
        return self.ranges(rows, rows + 1, replaced, cut=cut)

    def ranges(
        self,
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        replaced: Mapping[int, bytes] | None = None,
        *,
        cut: int = 0,
        into: NDArray[np.uint8] | None = None,
    ) -> EncodedRows:
        """A copy of the ranges of rows from each of *starts* to before its one of *ends*, each range as one row.

        *into*: a buffer to use if it is large enough.
        """
        first = self.bounds[starts]
        sizes = self.bounds[ends] - first - cut
        for number, content in (replaced or {}).items():
            first[number], sizes[number] = -1, len(content)
        bounds = _bounds(sizes)
        size = int(bounds[-1])
        target = np.empty(size, np.uint8) if into is None or len(into) < size else into[:size]
        copy_ranges(self.data, first, sizes, bounds, target)
        for number, content in (replaced or {}).items():
            target[bounds[number] : bounds[number + 1]] = np.frombuffer(content, np.uint8)
        return EncodedRows(target, bounds)


def _bounds(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    bounds = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=bounds[1:])
    return bounds

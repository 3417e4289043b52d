"""The pages of a column: rows gather in a buffer, from which the bytes of a page are taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.encode.encoder import Bytes
from wattif.encode.parquet.delta import DeltaEncoder
from wattif.encode.parquet.fill import fill_numbers, fill_repeated, fill_times
from wattif.encode.parquet.hybrid import HybridEncoder
from wattif.encode.parquet.types import Physical, Value, type_of
from wattif.model.fleet import mac_text
from wattif.tables.column import Column
from wattif.tables.reading_blocks import ReadingsBlock

Bounds = tuple[Value, Value]
PLAIN, RLE, DELTA_BINARY_PACKED, RLE_DICTIONARY = 0, 3, 5, 8  # Parquet's numbers
_LONG = 1024  # rows with which a page of times is worth its header


class PageContent(NamedTuple):
    """The bytes of a page, and what is known of its values; no bounds where it has none, or not a number."""

    data: Bytes  # valid until the column's next page
    rows: int
    nulls: int
    bounds: Bounds | None  # the smallest and the largest value


class ColumnPages:
    """Gathers the rows of *column*, at most *page_rows* for a page."""

    encoding: int

    def __init__(self, column: Column, page_rows: int) -> None:
        self.column = column
        self.type = type_of(column)
        self.page: NDArray[Any] = np.empty(page_rows, self.type.physical.dtype)
        self._filled = 0  # values
        self._rows = 0
        self._present = np.zeros(page_rows, np.int32) if column.nullable else None
        self._levels = HybridEncoder(page_rows) if column.nullable else None

    def append(self, values: NDArray[Any]) -> None:
        """The next rows, as `wattif.tables.block.Block.values` gives them."""
        count = len(values)
        if self._present is not None:
            there = np.array([each is not None for each in values.tolist()], np.bool_)
            self._present[self._rows : self._rows + count] = there
            values = values[there]
        self._rows += count
        if len(values):
            self._next(len(values))[:] = self.stored(values)

    def append_readings(self, block: ReadingsBlock, first: int, count: int) -> None:
        """The next rows: those of a block without marks, from number *first* on."""
        self._rows += count
        self.fill(block, first, self._next(count))
        if self._present is not None:
            self._present[self._rows - count : self._rows] = 1

    def _next(self, count: int) -> NDArray[Any]:
        self._filled += count
        return self.page[self._filled - count : self._filled]

    @property
    def source(self) -> str:
        """The column of a block from which `append` takes its rows."""
        return self.column.name

    @property
    def values(self) -> NDArray[Any]:
        """What the page holds, without the rows that have no value."""
        return self.page[: self._filled]

    def take(self) -> Iterator[PageContent]:
        """The pages of all rows since the last ones, one as a rule."""
        values, rows = self.values, self._rows
        self._filled = self._rows = 0
        if self._present is not None and self._levels is not None:
            levels = self._levels.encode(self._present[:rows], 1)
            data, bounds = self.encoded(values)
            data = len(levels).to_bytes(4, "little") + levels + bytes(data)
            yield PageContent(data=data, rows=rows, nulls=rows - len(values), bounds=bounds)
            return
        for part in self.parts(values):
            data, bounds = self.encoded(part)
            yield PageContent(data=data, rows=len(part), nulls=0, bounds=bounds)

    def parts(self, values: NDArray[Any]) -> Sequence[NDArray[Any]]:
        """The pages that *values* make, where none is missing."""
        return [values]

    def stored(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values as the page holds them."""
        raise NotImplementedError

    def fill(self, block: ReadingsBlock, first: int, page: NDArray[Any]) -> None:
        """Fill *page* with rows of a block without marks."""
        raise NotImplementedError

    def encoded(self, values: NDArray[Any]) -> tuple[Bytes, Bounds | None]:
        """The bytes of a page's *values* and their bounds."""
        raise NotImplementedError

    def take_dictionary(self) -> list[bytes] | None:
        """The values of the dictionary that all pages since the last one share; None where pages need none."""
        return None


class IntegerPages(ColumnPages):
    """Numbers, times in milliseconds, and days."""

    encoding = DELTA_BINARY_PACKED

    def __init__(self, column: Column, page_rows: int) -> None:
        super().__init__(column, page_rows)
        self._size = self.page.itemsize
        self._delta = DeltaEncoder(page_rows, self._size)

    def stored(self, values: NDArray[Any]) -> NDArray[Any]:
        """See `ColumnPages.stored`."""
        if self.column.kind == "timestamp":
            return values.astype("datetime64[ms]").astype(np.int64)
        if self.column.kind == "date":
            return values.astype("datetime64[D]").astype(np.int64)
        limits = np.iinfo(self.page.dtype)
        if values.min() < limits.min or values.max() > limits.max:
            raise ValueError(f"{self.column.name}: a value needs more than {self._size} bytes")
        return values

    def fill(self, block: ReadingsBlock, first: int, page: NDArray[Any]) -> None:
        """See `ColumnPages.fill`."""
        if self.column.kind == "timestamp":
            start_ms = int(np.datetime64(block.day, "ms").astype(np.int64))
            fill_times(block.slots, start_ms, block.interval_s * 1000, first, page)
        else:
            fill_numbers(block.quantities[:, self.column.quantity], first, page)

    def parts(self, values: NDArray[Any]) -> Sequence[NDArray[Any]]:
        """See `ColumnPages.parts`; times of many rows a meter have a page for each, where steps take no bytes."""
        if self.column.kind != "timestamp":
            return [values]
        restarts = np.flatnonzero(values[1:] < values[:-1]) + 1
        return np.split(values, restarts) if len(restarts) * _LONG <= len(values) else [values]

    def encoded(self, values: NDArray[Any]) -> tuple[Bytes, Bounds | None]:
        """See `ColumnPages.encoded`."""
        data, smallest, largest = self._delta.encode(values)
        return data, (smallest, largest) if len(values) else None


class TextPages(ColumnPages):
    """Texts: each once in a dictionary, in order of their first row, and rows as places in it."""

    encoding = RLE_DICTIONARY

    def __init__(self, column: Column, page_rows: int) -> None:
        super().__init__(column, page_rows)
        self._places: dict[Any, int] = {}
        self._texts: list[bytes] = []
        self._indices = HybridEncoder(page_rows)

    @property
    def texts(self) -> Sequence[bytes]:
        """The dictionary so far."""
        return self._texts

    def _place(self, value: Any) -> int:
        place = self._places.get(value)
        if place is None:
            place = self._places[value] = len(self._texts)
            is_mac = self.column.kind == "mac"
            self._texts.append(bytes(mac_text(np.array([value], np.uint64))[0]) if is_mac else value.encode())
        return place

    def stored(self, values: NDArray[Any]) -> NDArray[Any]:
        """See `ColumnPages.stored`."""
        texts = values if values.dtype != object else np.array(values.tolist())
        unique, first, inverse = np.unique(texts, return_index=True, return_inverse=True)
        places = np.empty(len(unique), np.int32)
        for number in np.argsort(first, kind="stable").tolist():
            places[number] = self._place(unique[number].item())
        return places[inverse]

    def fill(self, block: ReadingsBlock, first: int, page: NDArray[Any]) -> None:
        """See `ColumnPages.fill`."""
        if self.column.kind == "city":
            page[:] = self._place(block.city)
            return
        meters = slice(first // block.slots, (first + len(page) - 1) // block.slots + 1)
        places = np.array([self._place(mac) for mac in block.macs[meters].tolist()], np.int32)
        fill_repeated(places, block.slots, first, page)

    def encoded(self, values: NDArray[Any]) -> tuple[Bytes, Bounds | None]:
        """See `ColumnPages.encoded`."""
        width = max(1, (len(self._texts) - 1).bit_length())
        data = bytes([width]) + self._indices.encode(values, width)
        if not len(values):
            return data, None
        changes = np.flatnonzero(values[1:] != values[:-1]) + 1
        used = [self._texts[place] for place in {int(values[0]), *values[changes].tolist()}]
        return data, (min(used), max(used))

    def take_dictionary(self) -> list[bytes]:
        """See `ColumnPages.take_dictionary`."""
        texts, self._texts = self._texts, []
        self._places.clear()
        return texts


class ConstantPages(TextPages):
    """A *text* that all rows have, and blocks do not know; *source*: a column that tells how many rows there are."""

    def __init__(self, column: Column, page_rows: int, text: str, source: str) -> None:
        super().__init__(column, page_rows)
        self._text = text
        self._source = source

    @property
    def source(self) -> str:
        """See `ColumnPages.source`."""
        return self._source

    def stored(self, values: NDArray[Any]) -> NDArray[Any]:
        """See `ColumnPages.stored`; whatever *values* are."""
        return np.full(len(values), self._place(self._text), np.int32)

    def fill(self, block: ReadingsBlock, first: int, page: NDArray[Any]) -> None:
        """See `ColumnPages.fill`."""
        page[:] = self._place(self._text)


class PlainPages(ColumnPages):
    """Floating-point numbers and truth values."""

    encoding = PLAIN

    def stored(self, values: NDArray[Any]) -> NDArray[Any]:
        """See `ColumnPages.stored`."""
        return values.astype(self.page.dtype)

    def encoded(self, values: NDArray[Any]) -> tuple[Bytes, Bounds | None]:
        """See `ColumnPages.encoded`."""
        truths = values.dtype == np.bool_
        data = np.packbits(values, bitorder="little").tobytes() if truths else values.astype("<f8").tobytes()
        if not len(values) or (not truths and bool(np.isnan(values).any())):
            return data, None
        low, high = values.min().item(), values.max().item()
        return data, (low or -0.0, high or 0.0)  # zeros may have any sign


def pages_of(column: Column, page_rows: int) -> ColumnPages:
    """The pages of *column*."""
    physical = type_of(column).physical
    if physical == Physical.BYTE_ARRAY:
        return TextPages(column, page_rows)
    return (IntegerPages if physical in (Physical.INT32, Physical.INT64) else PlainPages)(column, page_rows)

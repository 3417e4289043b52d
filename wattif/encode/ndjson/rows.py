"""NDJSON rows of a fixed width: a template of a day's rows, and the digits that are stamped into it."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from wattif.encode.ndjson.marks import lay_signs, lay_times
from wattif.encode.ndjson.stamp import (
    DECIMALS,
    GROUPS,
    HIGH_DIGITS,
    HIGH_TABLE,
    LOWEST,
    OFFSET,
    QUANTITY,
    SLOT,
    TABLE,
    stamp_rows,
)
from wattif.encode.row_template import (
    TIMESTAMP_WIDTH,
    RowTemplate,
    high_digits,
    is_tabled,
    number_text,
    number_width,
)
from wattif.tables.block import Rows
from wattif.tables.reading_blocks import ReadingsBlock

_SPILL = 8  # a word may be written over up to so many bytes after its field


class RowFormat:
    """How `wattif.encode.ndjson.stamp` fills a template: the slots of its numbers and their tables of ASCII.

    Raises `ValueError` for a field that the kernel cannot write (more than eight digits before the point).
    """

    def __init__(self, template: RowTemplate) -> None:
        self.template = template
        self.width = template.width
        self.mac_offset = template.offset_of("mac")
        self.timestamp_offset = template.offset_of("timestamp")
        self.city_offset = template.offset_of("city") if template.city_width else -1
        self.groups = GROUPS[self.template.fill]
        self.harms_times = False  # whether timestamps must be laid again when numbers were stamped
        self._build_slots()

    def _build_slots(self) -> None:
        table_slots, digit_slots = [], []
        tables4: list[NDArray[np.uint32]] = [np.zeros(0, np.uint32)]
        tables8: list[NDArray[np.uint64]] = [np.zeros(0, np.uint64)]
        for field in self.template.fields:
            if field.kind != "number":
                continue
            slot = np.zeros(SLOT, np.int64)
            slot[QUANTITY], slot[OFFSET] = field.quantity, self.template.offsets[field.name]
            after = self.template.text_after(field, _SPILL)
            if is_tabled(field):
                slot[TABLE], slot[LOWEST] = sum(map(len, tables8)), field.minimum
                values = np.arange(field.minimum, field.maximum + 1)
                texts = number_text(values, field.decimals, number_width(field), self.template.fill)
                tables8.append(np.char.add(texts, after).astype("S8").view("<u8").astype(np.uint64))
                table_slots.append(slot)
                continue
            high = high_digits(field)
            if high > 4:
                raise ValueError(f"{field.name}: at most eight digits before the point can be written")
            slot[HIGH_DIGITS], slot[DECIMALS] = high, field.decimals
            slot[HIGH_TABLE] = sum(map(len, tables4))
            thousands = number_text(np.arange(10**high), 0, high, self.template.fill)
            thousands[0] = self.template.fill * high
            tables4.append(np.char.ljust(thousands, 4).astype("S4").view("<u4").astype(np.uint32))
            slot[TABLE] = sum(map(len, tables4))
            decimals = np.strings.add(b".", number_text(np.arange(10**field.decimals), 0, field.decimals, b"0"))
            tables4.append(np.char.add(decimals, after).astype("S4").view("<u4").astype(np.uint32))
            digit_slots.append(slot)
        self.table_slots = np.array(table_slots, np.int64).reshape(-1, SLOT)
        self.digit_slots = np.array(digit_slots, np.int64).reshape(-1, SLOT)
        self.tables4, self.tables8 = np.concatenate(tables4), np.concatenate(tables8)

    def stamp(
        self,
        rows: NDArray[np.uint8],
        words4: NDArray[np.uint32],
        words8: NDArray[np.uint64],
        columns: NDArray[np.uint64],
        macs: NDArray[np.uint64],
    ) -> None:
        """Write all numbers of *columns* (meters, quantities, readings) and the *macs* of the meters into *rows*.

        *words4* and *words8* are the same rows as words, see `wattif.encode.ndjson.stamp`.
        """
        stamp_rows(
            words4,
            words8,
            columns,
            macs,
            self.mac_offset,
            self.table_slots,
            self.digit_slots,
            self.groups,
            self.tables4,
            self.tables8,
        )


class StampedRows:
    """A buffer of rows, seen as the words that stamping writes; its constant text is laid down once."""

    def __init__(self, form: RowFormat, count: int) -> None:
        self._form = form
        width = form.width
        self.buffer = np.frombuffer(bytearray(form.template.text * count + b" " * _SPILL), dtype=np.uint8)
        self.bytes = self.buffer[:-_SPILL].reshape(count, width)
        self._words4 = np.ndarray((count, width), np.uint32, self.buffer, strides=(width, 1))
        self._words8 = np.ndarray((count, width), np.uint64, self.buffer, strides=(width, 1))

    def stamp(self, columns: NDArray[np.int64], macs: NDArray[np.uint64]) -> None:
        """Write all numbers of *columns* (meters, quantities, readings) and the *macs* of the meters."""
        self._form.stamp(self.bytes, self._words4, self._words8, columns.view(np.uint64), macs)

    def lay_city(self, city: str) -> None:
        """Write the city of all rows."""
        offset, width = self._form.city_offset, self._form.template.city_width
        self.bytes[:, offset : offset + width] = np.frombuffer(f'"{city}"'.ljust(width).encode(), np.uint8)


class DayRows:
    """The rows of blocks of whole days: the date is written once per day, the city when it changes."""

    def __init__(self, form: RowFormat, meters: int, readings: int) -> None:
        self.meters = meters
        self.readings = readings
        self._form = form
        self._rows = StampedRows(form, meters * readings)
        self._day: date | None = None
        self._city = ""

    def _lay_timestamps(self, block: ReadingsBlock) -> None:
        seconds = np.arange(self.readings) * np.timedelta64(block.interval_s, "s")
        first = self._rows.bytes[: self.readings]
        lay_times(first, self._form.timestamp_offset, np.datetime64(block.day, "s") + seconds)
        at = slice(self._form.timestamp_offset, self._form.timestamp_offset + TIMESTAMP_WIDTH)
        self._rows.bytes.reshape(self.meters, self.readings, -1)[:, :, at] = first[:, at]

    def fill(self, block: ReadingsBlock) -> memoryview:
        """The bytes of all readings of *block*, without its marks, valid until the next call."""
        form = self._form
        if block.city != self._city and form.city_offset >= 0:
            self._rows.lay_city(block.city)
            self._city = block.city
        self._rows.stamp(block.quantities, block.macs)
        if (block.day != self._day or form.harms_times) and form.timestamp_offset >= 0:
            self._lay_timestamps(block)
            self._day = block.day
        return memoryview(self._rows.buffer.data)[: block.count * self.readings * form.width]


def single_rows(form: RowFormat, block: ReadingsBlock, rows: Rows) -> memoryview:
    """The bytes of some *rows* of *block*."""
    meters, readings = np.divmod(block.places[rows], block.slots)
    stamped = StampedRows(form, len(rows))
    columns = np.ascontiguousarray(block.quantities[meters, :, readings])  # (rows, quantities)
    stamped.stamp(columns[:, :, np.newaxis], block.macs[meters])
    if form.city_offset >= 0:
        stamped.lay_city(block.city)
    if form.timestamp_offset >= 0:
        seconds = readings * block.interval_s
        if block.marks:
            seconds += block.clock_s[meters, readings]
        times = np.datetime64(block.day, "s") + seconds.astype("timedelta64[s]")
        lay_times(stamped.bytes, form.timestamp_offset, times)
    if block.marks:
        lay_signs(stamped.bytes, form.template, block.negative[meters, readings])
    return memoryview(stamped.bytes.reshape(-1).data)

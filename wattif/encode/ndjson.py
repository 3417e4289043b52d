"""NDJSON rows of a fixed width: a template of a day's rows, and the digits that are stamped into it."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from wattif.encode import stamp
from wattif.encode.template import TIMESTAMP_WIDTH, RowTemplate, high_digits, is_tabled, number_width

_SPILL = 8  # a word may be written over up to so many bytes after its field


def _number_text(values: NDArray[np.int64], decimals: int, width: int) -> NDArray[np.bytes_]:
    """*values* of 10^-decimals units as right-aligned text."""
    whole = np.char.mod(b"%d", values // 10**decimals)
    if decimals:
        whole = np.char.add(whole, np.char.mod(b".%%0%dd" % decimals, values % 10**decimals))
    return np.char.rjust(whole, width)


class RowFormat:
    """How `wattif.encode.stamp` fills a template: the slots of its numbers and their tables of ASCII.

    Raises `ValueError` for a field that the kernel cannot write (more than eight digits before the point).
    """

    def __init__(self, template: RowTemplate) -> None:
        self.template = template
        self.width = template.width
        self.mac_offset = template.offset_of("mac")
        self.timestamp_offset = template.offset_of("timestamp")
        self.city_offset = template.offset_of("city")
        self._build_slots()

    def _build_slots(self) -> None:
        table_slots, digit_slots = [], []
        tables4: list[NDArray[np.uint32]] = [np.zeros(0, np.uint32)]
        tables8: list[NDArray[np.uint64]] = [np.zeros(0, np.uint64)]
        for field in self.template.fields:
            if field.kind != "number":
                continue
            slot = np.zeros(stamp.SLOT, np.int64)
            slot[stamp.QUANTITY], slot[stamp.OFFSET] = field.quantity, self.template.offsets[field.name]
            after = self.template.text_after(field, _SPILL)
            if is_tabled(field):
                slot[stamp.TABLE], slot[stamp.LOWEST] = sum(map(len, tables8)), field.minimum
                texts = _number_text(np.arange(field.minimum, field.maximum + 1), field.decimals, number_width(field))
                tables8.append(np.char.add(texts, after).astype("S8").view("<u8").astype(np.uint64))
                table_slots.append(slot)
                continue
            high = high_digits(field)
            if high > 4:
                raise ValueError(f"{field.name}: at most eight digits before the point can be written")
            slot[stamp.HIGH_DIGITS], slot[stamp.DECIMALS] = high, field.decimals
            slot[stamp.HIGH_TABLE] = sum(map(len, tables4))
            thousands = np.char.rjust(np.char.mod(b"%d", np.arange(10**high)), high)
            thousands[0] = b" " * high
            tables4.append(np.char.ljust(thousands, 4).astype("S4").view("<u4").astype(np.uint32))
            slot[stamp.TABLE] = sum(map(len, tables4))
            decimals = np.char.mod(b".%%0%dd" % field.decimals, np.arange(10**field.decimals))
            tables4.append(np.char.add(decimals, after).astype("S4").view("<u4").astype(np.uint32))
            digit_slots.append(slot)
        self.table_slots = np.array(table_slots, np.int64).reshape(-1, stamp.SLOT)
        self.digit_slots = np.array(digit_slots, np.int64).reshape(-1, stamp.SLOT)
        self.tables4, self.tables8 = np.concatenate(tables4), np.concatenate(tables8)


class Rows:
    """A buffer with the rows of a block of meter-days; the constant text is laid down once, the date once a day."""

    def __init__(self, form: RowFormat, meters: int, interval_s: int) -> None:
        self._form = form
        self._readings = 86_400 // interval_s
        self._interval_s = interval_s
        count, width = meters * self._readings, form.width
        self._buffer = np.frombuffer(bytearray(form.template.text * count + b" " * _SPILL), dtype=np.uint8)
        shape = (count, width)
        self._words4 = np.ndarray(shape, np.uint32, self._buffer, strides=(width, 1))
        self._words8 = np.ndarray(shape, np.uint64, self._buffer, strides=(width, 1))
        self._day: date | None = None
        self._city = ""

    def _lay_timestamps(self, day: date) -> None:
        seconds = np.arange(self._readings) * np.timedelta64(self._interval_s, "s")
        times = np.datetime_as_string(np.datetime64(day, "s") + seconds, timezone="UTC")
        text = np.frombuffer(times.astype(f"S{TIMESTAMP_WIDTH}").tobytes(), np.uint8).reshape(1, -1, TIMESTAMP_WIDTH)
        rows = self._buffer[:-_SPILL].reshape(-1, self._readings, self._form.width)
        at = self._form.timestamp_offset
        rows[:, :, at : at + TIMESTAMP_WIDTH] = text

    def _lay_city(self, city: str) -> None:
        offset, rows = self._form.city_offset, self._buffer[:-_SPILL].reshape(-1, self._form.width)
        width = self._form.template.city_width
        rows[:, offset : offset + width] = np.frombuffer(f'"{city}"'.ljust(width).encode(), np.uint8)

    def fill(self, day: date, city: str, macs: NDArray[np.uint64], columns: NDArray[np.int64]) -> memoryview:
        """The bytes of the rows of *columns* (meters, quantities, readings), valid until the next call."""
        form = self._form
        if city != self._city and form.city_offset >= 0:
            self._lay_city(city)
            self._city = city
        if day != self._day and form.timestamp_offset >= 0:
            self._lay_timestamps(day)
            self._day = day
        stamp.stamp_rows(
            self._words4, self._words8, columns.view(np.uint64), macs, form.mac_offset,
            form.table_slots, form.digit_slots, form.tables4, form.tables8,
        )  # fmt: skip
        return memoryview(self._buffer.data)[: columns.shape[0] * self._readings * form.width]

"""Rows of readings as ready-made codes: the values of each field, and what they add to the CRC of a row.

The characters of numbers have codes of one length. So a value is a *string* of bits in which each character has its
place, and where the strings of two rows differ first, a match ends.
"""

from __future__ import annotations

import zlib
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wattif.compress.gzip.codes import CHARACTER_BITS, MemberCodes
from wattif.compress.gzip.huffman import SHORTEST_MATCH, joined
from wattif.compress.gzip.runs import run_weights
from wattif.encode.row_template import (
    MAC_WIDTH,
    RowTemplate,
    high_digits,
    is_tabled,
    number_field_width,
    number_text,
    number_width,
)
from wattif.numeric.calendar import DAY_S
from wattif.tables.column import Column

# columns of a slot, a field whose value changes: where it stands; its kind; out of which tables it comes
OFFSET, WIDTH, BITS, GAP, KIND, QUANTITY, LOWEST, TABLE, HIGH_DIGITS, HIGH_TABLE, DECIMALS, POINT_TABLE = range(12)
LEAD_BITS, LEAD = 12, 13  # codes of the one or two bytes before it, where no match has room: they begin the string, too
SLOT = 14
NOTHING, TIME, TABLED, DIGITS = range(4)  # kinds; nothing: rows of which nothing but the MAC changes
GROUP = 4  # digits of one look-up
SAME = 64  # in `RowTables.places`, of a value that is that of the row before
SIZE_SHIFT, START_SHIFT = 48, 56  # in `RowTables.places`: bits to write, and bits before them; below: equal characters
CHECK_SHIFT = 32  # in `RowTables.tables`: what is added to the CRC; below: the string
_CLOCK = 11  # where the time of day begins in a timestamp
_DATE = slice(0, _CLOCK - 1)


def place_checks(width: int) -> NDArray[np.uint32]:
    """What a byte at each place of a row adds to the CRC-32 of the row, (width, 256): a CRC is linear."""
    table = np.array([zlib.crc32(bytes([n ^ 0xFF])) ^ 0xFF000000 for n in range(256)], np.uint32)
    checks = np.empty((width, 256), np.uint32)
    checks[-1] = table
    for place in range(width - 2, -1, -1):
        after = checks[place + 1]
        checks[place] = table[after & 0xFF] ^ (after >> 8)
    return checks


def clock_texts(slots: int) -> NDArray[np.bytes_]:
    """The time of day of each of a day's readings."""
    seconds = np.arange(slots) * (DAY_S // slots)
    return np.array([text[_CLOCK:] for text in np.datetime_as_string(seconds.astype("datetime64[s]"))], np.bytes_)


class RowTables:
    """The tables of a template for days of *slots* readings; see `wattif.compress.gzip.rows`."""

    def __init__(self, template: RowTemplate, slots: int) -> None:
        self._template = template
        self.checks = place_checks(template.width)
        clocks = clock_texts(slots)
        self._clocks = _until_last_change(clocks)
        fields, offsets, widths = _changing_fields(template, self._clocks)
        self.codes = codes_of(template, self._clocks, template.width)
        self._parts: list[NDArray[np.uint64]] = []
        self._size = 0
        made = [self._slot(*each) for each in zip(fields, offsets, widths, strict=True)]
        if not made:
            made, offsets, widths = [np.zeros(SLOT, np.int64)], [template.width], [0]
        self.slots = np.array(made)
        self.slots[:, OFFSET] = offsets
        ends = [each + size for each, size in zip(offsets, widths, strict=True)]
        befores = [ends[-1] - template.width, *ends[:-1]]
        self.slots[:, GAP] = np.array(offsets) - befores
        self._text = self._base(clocks[0], offsets, widths)
        leads = [self._lead(offset, before) for offset, before in zip(offsets, befores, strict=True)]
        for slot, lead in zip(self.slots, leads, strict=True):
            slot[LEAD], slot[LEAD_BITS] = joined([self.codes.of_bytes[byte] for byte in lead])
            slot[GAP] -= len(lead)
        self.places = np.array([self._places(*each) for each in zip(self.slots, leads, strict=True)])
        self.tables = np.concatenate([*self._parts, np.zeros(1, np.uint64)])
        self.clock_strings, self.clock_checks = self._strings(self._clocks, template.offset_of("timestamp") + _CLOCK)
        mac = template.offset_of("mac")
        mac_slot = sum(each < mac for each in offsets)
        mac_gap = mac - [*befores, ends[-1]][mac_slot]
        self.mac = np.array([mac, mac_slot, mac_gap], np.int64)  # its offset; the slot after it; the bytes before it
        self.text = lru_cache(self._text_of)

    def _text_of(self, day: date, city: str) -> NDArray[np.uint8]:
        """A row of a day in a city, with zeros for all that changes."""
        text, template = self._text.copy(), self._template
        timestamp, place = template.offset_of("timestamp"), template.offset_of("city")
        if timestamp >= 0:
            text[timestamp : timestamp + _DATE.stop] = np.frombuffer(day.isoformat().encode(), np.uint8)
        if place >= 0 and template.city_width:
            name = f'"{city}"'.encode().ljust(template.city_width)
            text[place : place + template.city_width] = np.frombuffer(name, np.uint8)
        return text

    def _lead(self, offset: int, before: int) -> bytes:
        """The bytes between a field at *offset* and what changes before it, where these are too few for a match."""
        mac = self._template.offset_of("mac")
        if mac >= 0 and before <= mac < offset:  # *before* may lie in the row before, below the -1 of no address
            before = mac + MAC_WIDTH
        return bytes(self._text[before:offset]) if before >= 0 and offset - before < SHORTEST_MATCH else b""

    @property
    def row_bits(self) -> int:
        """More bits than a row takes."""
        return int(self.slots[:, BITS].sum() + self.slots[:, LEAD_BITS].sum()) + 64 * (len(self.slots) + 1)

    def _base(self, clock: bytes, offsets: list[int], widths: list[int]) -> NDArray[np.uint8]:
        text = np.frombuffer(self._template.text, np.uint8).copy()
        timestamp, mac = self._template.offset_of("timestamp"), self._template.offset_of("mac")
        if timestamp >= 0:
            moment = b"0000-00-00T" + clock + b"Z"
            text[timestamp : timestamp + len(moment)] = np.frombuffer(moment, np.uint8)
        if mac >= 0:
            text[mac : mac + MAC_WIDTH] = 0
        for offset, width in zip(offsets, widths, strict=True):
            text[offset : offset + width] = 0
        return text

    def _slot(self, field: Column, offset: int, width: int) -> NDArray[np.int64]:
        slot = np.zeros(SLOT, np.int64)
        slot[WIDTH], slot[QUANTITY], slot[BITS] = width, field.quantity, CHARACTER_BITS * width
        if field.kind == "timestamp":
            slot[KIND], slot[BITS] = TIME, sum(self.codes.of_bytes[byte][1] for byte in self._clock_characters)
        elif is_tabled(field):
            slot[KIND], slot[LOWEST] = TABLED, field.minimum
            values = np.arange(field.minimum, field.maximum + 1)
            texts = number_text(values, field.decimals, number_width(field), self._template.fill)
            slot[TABLE] = self._add(texts, offset)
        else:
            high, groups = high_digits(field), np.arange(10**GROUP)
            slot[KIND], slot[DECIMALS], slot[HIGH_DIGITS] = DIGITS, field.decimals, high
            if high:
                texts = number_text(np.arange(10**high), 0, high, self._template.fill)
                texts[0] = self._template.fill * high
                slot[HIGH_TABLE] = self._add(texts, offset)
            # after higher digits ("0042"), or as the number's first ("  42")
            texts = np.concatenate([number_text(groups, 0, GROUP, fill) for fill in (b"0", self._template.fill)])
            slot[TABLE] = self._add(texts, offset + high)
            if field.decimals:
                texts = np.strings.add(b".", number_text(np.arange(10**field.decimals), 0, field.decimals, b"0"))
                slot[POINT_TABLE] = self._add(texts, offset + high + GROUP)
        return slot

    @property
    def _clock_characters(self) -> bytes:
        """Those of one time of day, of which all have codes as long as any other's."""
        return bytes(self._clocks[0]).ljust(self._clocks.itemsize, b"0")

    def _add(self, texts: NDArray[np.bytes_], offset: int) -> int:
        """Where the table of *texts* begins."""
        strings, checks = self._strings(texts, offset)
        begin = self._size
        self._parts.append(strings | checks << np.uint64(CHECK_SHIFT))
        self._size += len(texts)
        return begin

    def _strings(self, texts: NDArray[np.bytes_], offset: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """*texts* as strings, and what they add to the CRC of a row from *offset* on."""
        characters = texts.view(np.uint8).reshape(len(texts), texts.itemsize)
        codes = np.array(self.codes.of_bytes, np.uint64)
        counts = codes[characters, 1]
        strings = np.bitwise_or.reduce(codes[characters, 0] << (np.cumsum(counts, axis=1) - counts), axis=1)
        checks = self.checks[(offset + np.arange(texts.itemsize)) % len(self.checks), characters]
        return strings, np.bitwise_xor.reduce(checks, axis=1).astype(np.uint64)

    def _places(self, slot: NDArray[np.int64], lead: bytes) -> NDArray[np.uint64]:
        """By the bit in which two values of a field differ first: equal characters, and what is to be written."""
        widths = [CHARACTER_BITS] * slot[WIDTH]
        if slot[KIND] == TIME:
            widths = [self.codes.of_bytes[byte][1] for byte in self._clock_characters]
        widths = [*(self.codes.of_bytes[byte][1] for byte in lead), *widths]
        ends = np.cumsum(widths)
        places = np.zeros(SAME + 1, np.uint64)
        for bit in range(slot[BITS]):
            number = int(np.searchsorted(ends, bit + slot[LEAD_BITS], side="right"))
            start = int(ends[number] - widths[number])
            places[bit] = number | int(ends[-1] - start) << SIZE_SHIFT | start << START_SHIFT
        places[SAME] = len(widths)
        return places


def codes_of(template: RowTemplate, clocks: NDArray[np.bytes_], distance: int) -> MemberCodes:
    """The codes for rows of *template*; *clocks*: the times of day of successive rows."""
    runs = run_weights(template.width, *_changing_fields(template, clocks), clocks)
    return MemberCodes(template.text, runs, distance)


def begins_with_match(template: RowTemplate) -> bool:
    """Whether there are bytes enough for a match before the first value that changes: `RowTables` are for these."""
    number = min((template.offsets[field.name] for field in template.fields if field.kind == "number"), default=-1)
    others = [template.offset_of(kind) for kind in ("mac", "timestamp") if template.offset_of(kind) >= 0]
    return number < 0 or number >= SHORTEST_MATCH or min(others, default=number) < number


def _changing_fields(template: RowTemplate, clocks: NDArray[np.bytes_]) -> tuple[list[Column], list[int], list[int]]:
    """The fields that differ between the rows of a meter's day, where what differs begins, and how wide it is."""
    fields = [field for field in template.fields if field.kind in ("number", "timestamp")]
    offsets = [template.offsets[field.name] + _CLOCK * (field.kind == "timestamp") for field in fields]
    widths = [clocks.itemsize if field.kind == "timestamp" else number_field_width(field) for field in fields]
    return fields, offsets, widths


def _until_last_change(texts: NDArray[np.bytes_]) -> NDArray[np.bytes_]:
    """*texts* without the last characters, where these are the same in all."""
    characters = texts.view(np.uint8).reshape(len(texts), -1)
    width = int(np.flatnonzero((characters != characters[0]).any(axis=0))[-1]) + 1
    return texts.astype(f"S{width}")

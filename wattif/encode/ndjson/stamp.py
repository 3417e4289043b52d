"""Digits stamped into a template of rows: the constant text stays, only what changes is written.

A row of NDJSON has a fixed width, so a field is a fixed place. The rows are seen through two overlapping views
whose element [i, b] is the 4-byte (8-byte) word that begins at byte b of row i; a number is written with one to
three such words from tables of ready-made ASCII. A word may spill over bytes that the next word of the same
number writes after it, or over constant text that the table therefore repeats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel

TILE = 128
# columns of a slot: what to write, where, and out of which part of the tables
QUANTITY, OFFSET, TABLE, LOWEST, HIGH_DIGITS, HIGH_TABLE, DECIMALS = range(7)
SLOT = 7


def _ascii(numbers: range, form: str) -> NDArray[np.uint32]:
    return np.array([(form % n).encode() for n in numbers], dtype="S4").view("<u4").astype(np.uint32)


# a group of four digits: after higher ones ("0042"), or as the number's first, by what fills it: "  42", "0042"
_DIGITS = range(10_000)
GROUPS = {
    b" ": np.concatenate([_ascii(_DIGITS, "%04d"), _ascii(_DIGITS, "%4d")]),
    b"0": np.concatenate([_ascii(_DIGITS, "%04d"), _ascii(_DIGITS, "%04d")]),
}


_TEN_THOUSAND = np.uint64(10_000)
_ZERO = np.uint64(0)


@kernel
def stamp_table(
    words: NDArray[np.uint64],
    start: int,
    values: NDArray[np.uint64],
    offset: int,
    lowest: np.uint64,
    table: NDArray[np.uint64],
) -> None:
    """A number with few possible values: one word out of a table of all of them."""
    for i in range(values.shape[0]):
        words[start + i, offset] = table[values[i] - lowest]


@kernel
def stamp_digits(
    words: NDArray[np.uint32],
    start: int,
    values: NDArray[np.uint64],
    scale: np.uint64,
    offset: int,
    high_digits: int,
    groups: NDArray[np.uint32],
    high: NDArray[np.uint32],
    decimals: NDArray[np.uint32],
) -> None:
    """values / scale: up to four digits, right-aligned, then four, then the point and what follows it."""
    low_offset = offset + high_digits
    point_offset = low_offset + 4
    for i in range(values.shape[0]):
        whole = values[i] // scale
        thousands = whole // _TEN_THOUSAND
        if high_digits > 0:
            words[start + i, offset] = high[thousands]
        words[start + i, low_offset] = groups[
            whole - thousands * _TEN_THOUSAND + (_TEN_THOUSAND if thousands == _ZERO else _ZERO)
        ]
        if scale > np.uint64(1):
            words[start + i, point_offset] = decimals[values[i] - whole * scale]


@kernel
def stamp_number(
    words: NDArray[np.uint32],
    start: int,
    values: NDArray[np.uint64],
    slot: NDArray[np.int64],
    groups: NDArray[np.uint32],
    tables: NDArray[np.uint32],
) -> None:
    """The number of a *slot* in groups of digits."""
    offset, digits = slot[OFFSET], slot[HIGH_DIGITS]
    high, decimals = tables[slot[HIGH_TABLE] :], tables[slot[TABLE] :]
    # the scale is a literal in each branch, so that the compiler divides by multiplying
    if slot[DECIMALS] == 3:
        stamp_digits(words, start, values, np.uint64(1000), offset, digits, groups, high, decimals)
    elif slot[DECIMALS] == 2:
        stamp_digits(words, start, values, np.uint64(100), offset, digits, groups, high, decimals)
    elif slot[DECIMALS] == 1:
        stamp_digits(words, start, values, np.uint64(10), offset, digits, groups, high, decimals)
    else:
        stamp_digits(words, start, values, np.uint64(1), offset, digits, groups, high, decimals)


@kernel
def _character(text: NDArray[np.uint64], place: int, character: int) -> None:
    """Put one of the MAC's 17 characters where its three words (at 0, 8 and 9) have it."""
    for word, first in enumerate((0, 8, 9)):
        if first <= place < first + 8:
            text[word] |= np.uint64(character) << np.uint64(8 * (place - first))


@kernel
def mac_words(mac: np.uint64) -> NDArray[np.uint64]:
    """A 48-bit address as text (``02:1A:7F:00:3B:C9``): three overlapping words of eight characters."""
    text = np.zeros(3, np.uint64)
    for octet in range(6):
        for half in range(2):
            digit = int((mac >> np.uint64(44 - 8 * octet - 4 * half)) & np.uint64(0xF))
            _character(text, 3 * octet + half, digit + (48 if digit < 10 else 55))
        if octet < 5:
            _character(text, 3 * octet + 2, 58)
    return text


@kernel
def stamp_rows(
    words4: NDArray[np.uint32],
    words8: NDArray[np.uint64],
    columns: NDArray[np.uint64],
    macs: NDArray[np.uint64],
    mac_offset: int,
    table_slots: NDArray[np.int64],
    digit_slots: NDArray[np.int64],
    groups: NDArray[np.uint32],
    tables4: NDArray[np.uint32],
    tables8: NDArray[np.uint64],
) -> None:
    """Write all numbers and, unless *mac_offset* is negative, the MACs of a block of meter-days into its rows.

    Parameters: the two views of the rows, meter by meter; *columns* of shape (meters, quantities, readings);
    *macs*, the 48-bit addresses of the meters; the slots (see
    `wattif.encode.ndjson.rows`), *groups* of four digits and their tables.
    """
    readings = columns.shape[2]
    for meter in range(columns.shape[0]):
        mac = mac_words(macs[meter])
        for first in range(0, readings, TILE):
            last = min(first + TILE, readings)
            start = meter * readings + first
            if mac_offset >= 0:
                for i in range(start, start + last - first):
                    words8[i, mac_offset] = mac[0]
                    words8[i, mac_offset + 8] = mac[1]
                    words8[i, mac_offset + 9] = mac[2]
            for s in range(table_slots.shape[0]):
                slot = table_slots[s]
                values = columns[meter, slot[QUANTITY], first:last]
                stamp_table(words8, start, values, slot[OFFSET], np.uint64(slot[LOWEST]), tables8[slot[TABLE] :])
            for s in range(digit_slots.shape[0]):
                slot = digit_slots[s]
                values = columns[meter, slot[QUANTITY], first:last]
                stamp_number(words4, start, values, slot, groups, tables4)

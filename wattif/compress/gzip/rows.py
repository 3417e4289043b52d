"""A member of gzip straight from the columns of readings: no text of a row is ever made.

Tile by tile: the strings of all fields, column by column; where they differ from the row before; and then the codes,
row by row, without a branch that depends on the data.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.compress.gzip.bits import (
    COUNT_SHIFT,
    MOST_BITS,
    BitPlace,
    put,
    put_all_but_last_match,
    put_bytes,
    put_code,
    put_match,
)
from wattif.compress.gzip.huffman import END_OF_BLOCK, LONGEST_MATCH, SHORTEST_MATCH
from wattif.compress.gzip.row_tables import BITS, LEAD_BITS, OFFSET, SIZE_SHIFT, START_SHIFT, WIDTH
from wattif.compress.gzip.strings import compare_strings, fill_strings
from wattif.encode.row_template import MAC_WIDTH
from wattif.numeric.jit import kernel

_TILE = 128
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_ALL_ONES = np.uint64(0xFFFFFFFF)
_BYTE = np.uint64(0xFF)
_COUNT_SHIFT, _SIZE_SHIFT, _START_SHIFT = np.uint64(COUNT_SHIFT), np.uint64(SIZE_SHIFT), np.uint64(START_SHIFT)
_BITS, _EQUAL = np.uint64((1 << COUNT_SHIFT) - 1), np.uint64((1 << SIZE_SHIFT) - 1)
_LONGEST, _SHORTEST, _MOST_BITS = np.uint64(LONGEST_MATCH), np.uint64(SHORTEST_MATCH), np.uint64(MOST_BITS)


@kernel
def _row_later(checks: NDArray[np.uint32], crc: np.uint64) -> np.uint64:
    """*crc* after a row of zeros."""
    first, second = checks[0, np.int64(crc & _BYTE)], checks[1, np.int64(crc >> np.uint64(8) & _BYTE)]
    third, fourth = checks[2, np.int64(crc >> np.uint64(16) & _BYTE)], checks[3, np.int64(crc >> np.uint64(24))]
    return np.uint64(first ^ second ^ third ^ fourth)


@kernel
def _put_changes(
    words: NDArray[np.uint64],
    at: np.uint64,
    pending: np.uint64,
    count: np.uint64,
    matches: NDArray[np.uint64],
    equal: np.uint64,
    changes: NDArray[np.uint64],
    wholes: NDArray[np.uint64],
    has_leads: bool,
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Put those *changes* that are any, each after a match of all bytes that are equal before it.

    Where these are too few for a match, they are the lead and the first digits of the value, which is put as a whole.
    *equal*: so many were before the first change, and, in what is returned, are after the last one.
    """
    for n in range(changes.shape[0]):
        equal += changes[n]
        size, start = equal >> _SIZE_SHIFT & _BYTE, equal >> _START_SHIFT
        is_change = _ZERO - np.uint64(size != _ZERO)  # all bits of it
        length = equal & _EQUAL & is_change
        equal &= ~is_change
        if has_leads:
            is_short = _ZERO - np.uint64(length < _SHORTEST)
            length &= ~is_short
            size += start & is_short
            start &= ~is_short
        bits = wholes[n] >> start & is_change
        if length > _LONGEST:
            at, pending, count, length = put_all_but_last_match(words, at, pending, count, matches, length)
        match = matches[length]
        match_size = match >> _COUNT_SHIFT
        match &= _BITS
        if match_size + size > _MOST_BITS:
            at, pending, count = put(words, at, pending, count, match, match_size)
            match_size = size >> _ONE
            match = bits & ((_ONE << match_size) - _ONE)
            bits >>= match_size
            size -= match_size
            at, pending, count = put(words, at, pending, count, match, match_size)
            match = match_size = _ZERO
        at, pending, count = put(words, at, pending, count, match | bits << match_size, match_size + size)
    return at, pending, count, equal


@kernel
def _put_first_row(
    words: NDArray[np.uint64],
    at: np.uint64,
    pending: np.uint64,
    count: np.uint64,
    literals: NDArray[np.uint64],
    slots: NDArray[np.int64],
    text: NDArray[np.uint8],
    strings: NDArray[np.uint64],
) -> BitPlace:
    place = 0
    for s in range(slots.shape[0]):
        at, pending, count = put_bytes(words, at, pending, count, literals, text[place : slots[s, OFFSET]])
        at, pending, count = put(words, at, pending, count, strings[s], np.uint64(slots[s, BITS]))
        place = slots[s, OFFSET] + slots[s, WIDTH]
    return put_bytes(words, at, pending, count, literals, text[place:])


@kernel
def _mac_character(mac: np.uint64, place: int) -> np.uint64:
    """One of the 17 characters of an address."""
    if place % 3 == 2:
        return np.uint64(58)  # a colon
    digit = mac >> np.uint64(44 - 4 * (place - place // 3)) & np.uint64(0xF)
    return digit + (np.uint64(48) if digit < np.uint64(10) else np.uint64(55))


@kernel
def _put_mac(
    words: NDArray[np.uint64],
    at: np.uint64,
    pending: np.uint64,
    count: np.uint64,
    literals: NDArray[np.uint64],
    matches: NDArray[np.uint64],
    equal: np.uint64,
    text: NDArray[np.uint8],
    offset: int,
    before: np.uint64,
    mac: np.uint64,
) -> BitPlace:
    """Put another meter's address, at *offset* of *text*, after *equal* bytes; *before*: that of the row before."""
    same = 0
    while same < MAC_WIDTH - 1 and _mac_character(mac, same) == _mac_character(before, same):
        same += 1
    if equal + np.uint64(same) < _SHORTEST:
        same = 0
        for place in range(offset - np.int64(equal), offset):  # below 0: of the row before
            at, pending, count = put_code(words, at, pending, count, literals[text[place]])
    else:
        at, pending, count = put_match(words, at, pending, count, matches, equal + np.uint64(same))
    for place in range(same, MAC_WIDTH):
        at, pending, count = put_code(words, at, pending, count, literals[_mac_character(mac, place)])
    return at, pending, count


@kernel
def member_of_rows(
    words: NDArray[np.uint64],
    begun: NDArray[np.uint64],
    literals: NDArray[np.uint64],
    matches: NDArray[np.uint64],
    slots: NDArray[np.int64],
    places: NDArray[np.uint64],
    tables: NDArray[np.uint64],
    place_checks: NDArray[np.uint32],
    mac_place: NDArray[np.int64],
    row_text: NDArray[np.uint8],
    macs: NDArray[np.uint64],
    columns: NDArray[np.uint64],
    clock_strings: NDArray[np.uint64],
    clock_checks: NDArray[np.uint64],
) -> tuple[np.int64, np.uint64]:
    """Write the compressed rows of all readings of some meters into *words*; how many bytes, and the CRC of the rows.

    For the tables see `wattif.compress.gzip.row_tables`. *row_text*: a row with zeros for what changes; *columns*:
    (meters, quantities, readings).
    """
    text = row_text.copy()
    meters, readings, fields, width = columns.shape[0], columns.shape[2], slots.shape[0], text.shape[0]
    mac, mac_slot, mac_gap = mac_place[0], mac_place[1], mac_place[2]
    tail = np.uint64(width - slots[-1, OFFSET] - slots[-1, WIDTH])
    has_leads = slots[:, LEAD_BITS].max() > 0
    at, pending, count, equal = _ZERO, begun[0], begun[1], _ZERO
    strings = np.empty((fields, _TILE), np.uint64)
    wholes, changes = np.empty((_TILE, fields), np.uint64), np.empty((_TILE, fields), np.uint64)
    flat_wholes, flat_changes = wholes.reshape(-1), changes.reshape(-1)
    before, row_checks = np.zeros(fields, np.uint64), np.empty(_TILE, np.uint64)
    crc, text_check = _ALL_ONES, _ZERO
    for place in range(width):
        text_check ^= np.uint64(place_checks[place, text[place]])
    for meter in range(meters):
        check = text_check
        if mac >= 0:
            for place in range(MAC_WIDTH):
                text[mac + place] = _mac_character(macs[meter], place)
                check ^= np.uint64(place_checks[mac + place, text[mac + place]])
        for first in range(0, readings, _TILE):
            rows = min(_TILE, readings - first)
            for i in range(rows):
                row_checks[i] = check
            values = columns[meter, :, first : first + rows]
            fill_strings(slots, tables, values, clock_strings[first:], clock_checks[first:], strings, row_checks[:rows])
            for i in range(rows):
                crc = _row_later(place_checks, crc) ^ row_checks[i]
            for s in range(fields):
                own = changes[:, s]
                before[s] = compare_strings(strings[s], before[s], places[s], slots[s], wholes[:rows, s], own)
            begin = 0
            if first == 0 and meter == 0:
                at, pending, count = _put_first_row(words, at, pending, count, literals, slots, text, strings[:, 0])
                equal = _ZERO - tail  # which the gap before the first field has, too
                begin = fields
            elif first == 0 and mac >= 0:
                at, pending, count, equal = _put_changes(
                    words, at, pending, count, matches, equal, flat_changes[:mac_slot], flat_wholes, has_leads
                )
                equal += np.uint64(mac_gap)
                at, pending, count = _put_mac(
                    words, at, pending, count, literals, matches, equal, text, mac, macs[meter - 1], macs[meter]
                )
                equal = _ZERO - np.uint64(mac_gap + MAC_WIDTH)  # which the gap before the next field has, too
                begin = mac_slot
            at, pending, count, equal = _put_changes(
                words,
                at,
                pending,
                count,
                matches,
                equal,
                flat_changes[begin : rows * fields],
                flat_wholes[begin:],
                has_leads,
            )
    equal += tail
    if equal < _SHORTEST:
        at, pending, count = put_bytes(words, at, pending, count, literals, text[width - np.int64(equal) :])
    else:
        at, pending, count = put_match(words, at, pending, count, matches, equal)
    at, pending, count = put_code(words, at, pending, count, literals[END_OF_BLOCK])
    return np.int64(at + np.uint64(count != _ZERO)), crc ^ _ALL_ONES

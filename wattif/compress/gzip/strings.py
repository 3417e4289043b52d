"""Strings of a tile of rows, column by column, and where each differs from that of the row before: kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.compress.gzip.codes import CHARACTER_BITS
from wattif.compress.gzip.row_tables import (
    CHECK_SHIFT,
    DECIMALS,
    DIGITS,
    GAP,
    GROUP,
    HIGH_DIGITS,
    HIGH_TABLE,
    KIND,
    LEAD,
    LEAD_BITS,
    LOWEST,
    POINT_TABLE,
    QUANTITY,
    TABLE,
    TABLED,
    TIME,
)
from wattif.numeric.bit_scan import lowest_bit
from wattif.numeric.jit import kernel

_STRING = np.uint64((1 << CHECK_SHIFT) - 1)
_CHECK_SHIFT = np.uint64(CHECK_SHIFT)
_TEN_THOUSAND = np.uint64(10_000)
_ZERO, _ONE = np.uint64(0), np.uint64(1)


@kernel
def _from_table(
    values: NDArray[np.uint64],
    lowest: np.uint64,
    table: NDArray[np.uint64],
    strings: NDArray[np.uint64],
    checks: NDArray[np.uint64],
) -> None:
    """A number with few possible values."""
    for i in range(values.shape[0]):
        entry = table[values[i] - lowest]
        strings[i] = entry & _STRING
        checks[i] ^= entry >> _CHECK_SHIFT


@kernel
def _from_digits(
    values: NDArray[np.uint64],
    scale: np.uint64,
    high_digits: int,
    high: NDArray[np.uint64],
    groups: NDArray[np.uint64],
    point: NDArray[np.uint64],
    strings: NDArray[np.uint64],
    checks: NDArray[np.uint64],
) -> None:
    """values / scale: the digits before the last four, these, then the point and what follows it."""
    low_shift = np.uint64(CHARACTER_BITS * high_digits)
    point_shift = low_shift + np.uint64(CHARACTER_BITS * GROUP)
    for i in range(values.shape[0]):
        whole = values[i] // scale
        thousands = whole // _TEN_THOUSAND
        entry = groups[whole - thousands * _TEN_THOUSAND + (_TEN_THOUSAND if thousands == _ZERO else _ZERO)]
        string = (entry & _STRING) << low_shift
        check = entry
        if high_digits > 0:
            entry = high[thousands]
            string |= entry & _STRING
            check ^= entry
        if scale > _ONE:
            entry = point[values[i] - whole * scale]
            string |= (entry & _STRING) << point_shift
            check ^= entry
        strings[i] = string
        checks[i] ^= check >> _CHECK_SHIFT


@kernel
def fill_strings(
    slots: NDArray[np.int64],
    tables: NDArray[np.uint64],
    columns: NDArray[np.uint64],
    clock_strings: NDArray[np.uint64],
    clock_checks: NDArray[np.uint64],
    strings: NDArray[np.uint64],
    checks: NDArray[np.uint64],
) -> None:
    """Fill *strings* (slots, rows) from *columns* (quantities, rows), and add to the CRCs of the rows in *checks*."""
    rows = checks.shape[0]
    for s in range(slots.shape[0]):
        slot = slots[s]
        own = strings[s, :rows]
        if slot[KIND] == TIME:
            for i in range(rows):
                own[i] = clock_strings[i]
                checks[i] ^= clock_checks[i]
        elif slot[KIND] == TABLED:
            _from_table(columns[slot[QUANTITY]], np.uint64(slot[LOWEST]), tables[slot[TABLE] :], own, checks)
        elif slot[KIND] == DIGITS:
            values, digits = columns[slot[QUANTITY]], slot[HIGH_DIGITS]
            high, table, point = tables[slot[HIGH_TABLE] :], tables[slot[TABLE] :], tables[slot[POINT_TABLE] :]
            # the scale is a literal in each branch, so that the compiler divides by multiplying
            if slot[DECIMALS] == 3:
                _from_digits(values, np.uint64(1000), digits, high, table, point, own, checks)
            elif slot[DECIMALS] == 2:
                _from_digits(values, np.uint64(100), digits, high, table, point, own, checks)
            elif slot[DECIMALS] == 1:
                _from_digits(values, np.uint64(10), digits, high, table, point, own, checks)
            else:
                _from_digits(values, np.uint64(1), digits, high, table, point, own, checks)
        else:
            for i in range(rows):
                own[i] = _ZERO


@kernel
def compare_strings(
    strings: NDArray[np.uint64],
    before: np.uint64,
    places: NDArray[np.uint64],
    slot: NDArray[np.int64],
    wholes: NDArray[np.uint64],
    changes: NDArray[np.uint64],
) -> np.uint64:
    """How each of *strings* differs from the one before, as in *places*, in *changes*; *wholes*: with their leads.

    The last one of *strings* is returned.
    """
    gap, lead, lead_bits = np.uint64(slot[GAP]), np.uint64(slot[LEAD]), np.uint64(slot[LEAD_BITS])
    for i in range(wholes.shape[0]):
        string = strings[i]
        difference = string ^ before
        before = string
        wholes[i] = string << lead_bits | lead
        changes[i] = places[lowest_bit(difference)] + gap
    return before

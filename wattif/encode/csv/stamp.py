"""Digits stamped into rows of CSV, from left to right: a word may spill over what is written after it.

In NDJSON a name stands between two values, longer than any spill; here it is a comma.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.encode.ndjson.rows import RowFormat
from wattif.encode.ndjson.stamp import (
    DECIMALS,
    LOWEST,
    OFFSET,
    QUANTITY,
    SLOT,
    TABLE,
    TILE,
    mac_words,
    stamp_number,
    stamp_table,
)
from wattif.encode.row_template import RowTemplate
from wattif.numeric.jit import kernel

_MAC, _TABLED, _DIGITS, _AT_THE_END = range(4)  # how a slot is written
_SPILLS = 8  # bytes, at most, that a word has
_HOW = SLOT  # the column of a slot that says it


class CsvRowFormat(RowFormat):
    """A `RowFormat` in which one character stands between two values."""

    def __init__(self, template: RowTemplate) -> None:
        super().__init__(template)
        self.slots = self._in_order()
        ends = [slot[OFFSET] for slot in self.slots if slot[_HOW] != _MAC]
        self.harms_times = any(0 < self.timestamp_offset - end <= 2 * _SPILLS for end in ends)

    def _in_order(self) -> NDArray[np.int64]:
        """All slots by the places of their values."""
        kinds = [(self.table_slots, _TABLED), (self.digit_slots, _DIGITS)]
        if self.mac_offset >= 0:
            mac = np.zeros((1, SLOT), np.int64)
            mac[0, OFFSET] = self.mac_offset
            kinds.append((mac, _MAC))
        slots = np.concatenate([np.column_stack([each, np.full(len(each), how)]) for each, how in kinds])
        ordered: NDArray[np.int64] = slots[np.argsort(slots[:, OFFSET])]
        spills = len(ordered) > 0 and ordered[-1, OFFSET] + _SPILLS > self.width
        if spills and ordered[-1, _HOW] == _TABLED:
            ordered[-1, _HOW] = _AT_THE_END
        if spills and ordered[-1, _HOW] == _DIGITS and ordered[-1, DECIMALS] == 1:
            raise ValueError("a number in groups of digits with one decimal cannot be the last one of a row")
        return ordered

    def stamp(
        self,
        rows: NDArray[np.uint8],
        words4: NDArray[np.uint32],
        words8: NDArray[np.uint64],
        columns: NDArray[np.uint64],
        macs: NDArray[np.uint64],
    ) -> None:
        """See `RowFormat.stamp`."""
        _stamp(rows, words4, words8, columns, macs, self.slots, self.groups, self.tables4, self.tables8)


@kernel
def _stamp(
    rows: NDArray[np.uint8],
    words4: NDArray[np.uint32],
    words8: NDArray[np.uint64],
    columns: NDArray[np.uint64],
    macs: NDArray[np.uint64],
    slots: NDArray[np.int64],
    groups: NDArray[np.uint32],
    tables4: NDArray[np.uint32],
    tables8: NDArray[np.uint64],
) -> None:
    """See `wattif.encode.ndjson.stamp.stamp_rows`: value by value from left to right, each for a tile of rows."""
    readings = columns.shape[2]
    for meter in range(columns.shape[0]):
        mac = mac_words(macs[meter])
        for first in range(0, readings, TILE):
            last = min(first + TILE, readings)
            start = meter * readings + first
            for s in range(slots.shape[0]):
                slot = slots[s]
                offset = slot[OFFSET]
                values = columns[meter, slot[QUANTITY], first:last]
                if slot[_HOW] == _MAC:
                    for i in range(start, start + last - first):
                        words8[i, offset] = mac[0]
                        words8[i, offset + 8] = mac[1]
                        words8[i, offset + 9] = mac[2]
                elif slot[_HOW] == _TABLED:
                    stamp_table(words8, start, values, offset, np.uint64(slot[LOWEST]), tables8[slot[TABLE] :])
                elif slot[_HOW] == _AT_THE_END:
                    _stamp_last(rows, start, values, offset, np.uint64(slot[LOWEST]), tables8[slot[TABLE] :])
                else:
                    stamp_number(words4, start, values, slot, groups, tables4)


@kernel
def _stamp_last(
    rows: NDArray[np.uint8],
    start: int,
    values: NDArray[np.uint64],
    offset: int,
    lowest: np.uint64,
    table: NDArray[np.uint64],
) -> None:
    """The last number of a row, byte by byte: a word would spill into the next row."""
    for i in range(values.shape[0]):
        word = table[values[i] - lowest]
        for place in range(offset, rows.shape[1]):
            rows[start + i, place] = np.uint8(word & np.uint64(0xFF))
            word >>= np.uint64(8)

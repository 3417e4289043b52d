"""In which order the rows of a block arrive, as kernels: faults are too many for a loop in Python."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.faults.plan import RowFault
from wattif.numeric.jit import kernel
from wattif.tables.fault_kinds import FaultKind

PARTIAL = FaultKind.PARTIAL_LINE.row_code  # beside the codes of the plan: the row that ends the object early
MOST_STEPS = 30  # how many rows later one may arrive that is out of order
_NONE, _DUPLICATE = int(RowFault.NONE), int(RowFault.DUPLICATE)
_OUT_OF_ORDER, _CORRUPT = int(RowFault.OUT_OF_ORDER), int(RowFault.CORRUPT)


@kernel
def find_moves(
    codes: NDArray[np.uint8],
    places: NDArray[np.int64],
    slots: int,
    rows: NDArray[np.int64],
    bits: NDArray[np.uint64],
    behind: NDArray[np.int64],
    steps: NDArray[np.int64],
) -> None:
    """Where each of *rows* that is out of order goes: *behind* which row, and how many *steps* that is.

    Parameters: *codes*, the fault of each row of the block; *places* and *slots*, see `wattif.tables.block.Block`;
    *bits*, which decide how far each of *rows* moves. Only rows that arrive in their place count as steps, so that each
    is seen to be late; one that none of the same entity follows has no steps, and stays where it is.
    """
    for i in range(rows.shape[0]):
        row = rows[i]
        steps[i] = 0
        if codes[row] != _OUT_OF_ORDER:
            continue
        wanted = 1 + int(bits[i] % np.uint64(MOST_STEPS))
        entity, later = places[row] // slots, row + 1
        while steps[i] < wanted and later < codes.shape[0] and places[later] // slots == entity:
            if codes[later] == _NONE or codes[later] == _DUPLICATE:
                steps[i] += 1
                behind[i] = later
            later += 1


@kernel
def arrange(
    codes: NDArray[np.uint8],
    rows: NDArray[np.int64],
    moving: NDArray[np.int64],
    behind: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    damaged: NDArray[np.int64],
    lines: NDArray[np.int64],
) -> int:
    """Fill in the ranges of rows that arrive in the main object; how many there are, three a fault and one at most.

    Parameters: *codes*, the fault of each row of the block; *rows* to which something happens; *moving*, which of them
    move, by the rows *behind* which they go. Results: *starts* and *ends* of the ranges; *damaged*, which of *rows* a
    range is if it is damaged, else -1; *lines* of the main object at which *rows* arrive, from the block's first one
    on: of a duplicate, the second; -1 when they do not arrive there.
    """
    ranges, line, start = 0, 0, 0  # start: of the rows that go on as they are
    next_fault, next_move = 0, 0
    while next_fault < rows.shape[0] or next_move < moving.shape[0]:
        row = codes.shape[0]
        if next_fault < rows.shape[0]:
            row = rows[next_fault]
        meets = next_move >= moving.shape[0] or row <= behind[moving[next_move]]
        if not meets:
            row = behind[moving[next_move]]
        goes_on = not meets or codes[row] == _DUPLICATE
        end = row + 1 if goes_on else row
        if end > start:
            starts[ranges], ends[ranges], damaged[ranges] = start, end, -1
            line += end - start
            ranges += 1
        start = row + 1
        if meets:
            lines[next_fault] = -1
            if codes[row] == _DUPLICATE or codes[row] >= _CORRUPT:
                lines[next_fault] = line
                starts[ranges], ends[ranges] = row, row + 1
                damaged[ranges] = -1 if codes[row] == _DUPLICATE else next_fault
                line += 1
                ranges += 1
            next_fault += 1
        while next_move < moving.shape[0] and behind[moving[next_move]] == row:
            late_comer = moving[next_move]
            lines[late_comer] = line
            starts[ranges], ends[ranges], damaged[ranges] = rows[late_comer], rows[late_comer] + 1, -1
            line += 1
            ranges += 1
            next_move += 1
    if codes.shape[0] > start:
        starts[ranges], ends[ranges], damaged[ranges] = start, codes.shape[0], -1
        ranges += 1
    return ranges

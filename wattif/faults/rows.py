"""What happens to rows on the way, as operations on their numbers: whatever the table, before anything is encoded.

Rows are dropped, doubled, held back or moved; where a line is to be damaged, its row is named, and whoever writes the
line damages it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wattif.faults.arrange import PARTIAL, arrange, find_moves
from wattif.faults.plan import FaultPlan, RowFault
from wattif.numeric.calendar import DAY_S
from wattif.tables.block import Block
from wattif.tables.unit import Unit

_ARRIVES = np.ones(PARTIAL + 1, np.bool_)  # in the main object, whole or damaged
_ARRIVES[[RowFault.DROP, RowFault.LATE]] = False


@dataclass(frozen=True, kw_only=True)
class RowEvents:
    """What happened to rows of a block, in their order; arrays of one length."""

    rows: NDArray[np.int64]
    faults: NDArray[np.uint8]  # `RowFault` or `PARTIAL`
    bits: NDArray[np.uint64]  # how a row is damaged
    lines: NDArray[np.int64]  # where it arrives, counted from the block's first line; -1: not in the main object
    steps: NDArray[np.int64]  # how many rows later, when it is out of order
    due_s: NDArray[np.int64]  # when it arrives if it is late: the second of the day
    delays_s: NDArray[np.int64]  # how late that is

    @cached_property
    def late(self) -> NDArray[np.intp]:
        """Which of them are rows that come late."""
        return np.flatnonzero(self.faults == RowFault.LATE)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What arrives of a block in the main object: ranges of its rows; and what happened."""

    starts: NDArray[np.int64]  # of the ranges, in the order of arrival
    ends: NDArray[np.int64]
    damaged: dict[int, int]  # the ranges that are a damaged row, and which of the events it is
    events: RowEvents

    @property
    def lines(self) -> int:
        """How many rows that are."""
        return int((self.ends - self.starts).sum())

    @property
    def order(self) -> NDArray[np.int64]:
        """The rows of the main object, one by one."""
        return np.concatenate([np.zeros(0, np.int64), *map(np.arange, self.starts, self.ends)])


class CodedBlock:
    """A block and the fault of each row."""

    def __init__(self, block: Block, codes: NDArray[np.uint8], first_row: int) -> None:
        self.block = block
        self.codes = codes
        self.first_row = first_row  # of the clean object

    @property
    def delivered(self) -> NDArray[np.bool_]:
        """Which rows arrive in the main object, whole or damaged."""
        return _ARRIVES[self.codes]

    def copy(self) -> CodedBlock:
        """The same, valid for longer."""
        return CodedBlock(self.block.copy(), self.codes, self.first_row)


class RowFaults:
    """What happens to the rows of *unit*, as *faults* decide."""

    def __init__(self, faults: FaultPlan, unit: Unit) -> None:
        self._faults = faults
        self._unit = unit
        self._partial = faults.partial(unit)

    def coded(self, blocks: Iterator[Block]) -> Iterator[CodedBlock]:
        """The blocks of the unit with the fault of each row."""
        coded = self._coded(blocks)
        return _last_row_marked(coded) if self._partial else coded

    def _coded(self, blocks: Iterator[Block]) -> Iterator[CodedBlock]:
        first_row = 0
        for block in blocks:
            entities = range(block.first, block.first + block.count)
            codes = np.concatenate([self._faults.rows(entity, self._unit.day) for entity in entities])
            if len(block.places) < len(codes):
                codes = codes[block.places]
            yield CodedBlock(block, codes, first_row)
            first_row += len(codes)

    def arrival(self, coded: CodedBlock) -> Arrival:
        """What arrives of a block."""
        block, codes = coded.block, coded.codes
        rows = np.flatnonzero(codes)
        entities, slots = np.divmod(block.places[rows], block.slots)
        bits = self._faults.details(block.first + entities, self._unit.day, slots)
        behind, steps = np.empty_like(rows), np.empty_like(rows)
        find_moves(codes, block.places, block.slots, rows, bits, behind, steps)
        faults = codes[rows]
        out_of_order = faults == RowFault.OUT_OF_ORDER
        stays = out_of_order & (steps == 0)
        if stays.any():
            rows, slots, bits, behind, steps, faults, out_of_order = (
                each[~stays] for each in (rows, slots, bits, behind, steps, faults, out_of_order)
            )
        moving = np.flatnonzero(out_of_order)
        moving = moving[np.argsort(behind[moving], kind="stable")]
        starts, ends, damaged = np.empty((3, 3 * len(rows) + 1), np.int64)
        lines = np.empty_like(rows)
        ranges = arrange(codes, rows, moving, behind, starts, ends, damaged, lines)
        delays_s = 1 + (bits % np.uint64(self._faults.rates.late_s)).astype(np.int64)
        return Arrival(
            starts=starts[:ranges],
            ends=ends[:ranges],
            damaged={each: int(damaged[each]) for each in np.flatnonzero(damaged[:ranges] >= 0).tolist()},
            events=RowEvents(
                rows=rows,
                faults=faults,
                bits=bits,
                lines=lines,
                steps=steps,
                due_s=slots * (DAY_S // block.slots) + delays_s,
                delays_s=delays_s,
            ),
        )


def _last_row_marked(blocks: Iterator[CodedBlock]) -> Iterator[CodedBlock]:
    """The same, with the last row that is delivered in its object marked as `PARTIAL`.

    Which one that is shows at the end, so a block is held back, as a copy, until a later one has such a row.
    """
    held: CodedBlock | None = None
    for block in blocks:
        if not block.delivered.any():
            yield block
            continue
        if held is not None:
            yield held
        held = block.copy()
    if held is not None:
        held.codes[np.flatnonzero(held.delivered)[-1]] = PARTIAL
        yield held

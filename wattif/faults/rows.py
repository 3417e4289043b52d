"""What happens to rows on the way, as operations on their numbers: whatever the table, before anything is encoded.

Rows are dropped, doubled, held back or moved; where a line is to be damaged, its row is named, and whoever writes the
line damages it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.faults.plan import FaultPlan, RowFault
from wattif.tables.block import Block
from wattif.tables.unit import Unit

PARTIAL = max(RowFault) + 1  # beside the codes of the plan: the row that ends the object early
_STEPS_MAX = 30  # how many rows later one may arrive that is out of order


class Run(NamedTuple):
    """Rows of a block that arrive in their order."""

    start: int
    end: int
    damage: int = RowFault.NONE  # to the one row of the run: `RowFault.CORRUPT` or `PARTIAL`
    bits: int = 0  # how it is damaged


class RowEvent(NamedTuple):
    """What happened to a row of a block."""

    fault: int  # `RowFault` or `PARTIAL`
    row: int
    entity: int  # whose it is, and which of its rows
    slot: int
    line: int | None = None  # where it arrives, counted from the block's first line; None: not in the main object
    steps: int = 0  # how many rows later, when it is out of order
    delay_s: int = 0  # when it is late


@dataclass
class Arrival:
    """What arrives of a block: *runs* in the main object, and what happened, in the order of arrival."""

    runs: list[Run] = field(default_factory=list)
    events: list[RowEvent] = field(default_factory=list)
    lines: int = 0

    def add(self, start: int, end: int, damage: int = RowFault.NONE, bits: int = 0) -> None:
        """The rows from *start* to before *end* arrive next."""
        if end > start:
            self.runs.append(Run(start, end, damage, bits))
            self.lines += end - start

    @property
    def order(self) -> NDArray[np.int64]:
        """The rows of the main object, one by one."""
        return np.concatenate([np.zeros(0, np.int64), *(np.arange(run.start, run.end) for run in self.runs)])


class CodedBlock:
    """A block and the fault of each row."""

    def __init__(self, block: Block, codes: NDArray[np.uint8], first_row: int) -> None:
        self.block = block
        self.codes = codes
        self.first_row = first_row  # of the clean object

    @property
    def delivered(self) -> NDArray[np.bool_]:
        """Which rows arrive in the main object, whole or damaged."""
        return ~np.isin(self.codes, (RowFault.DROP, RowFault.LATE))

    def copy(self) -> CodedBlock:
        """The same, valid for longer."""
        return CodedBlock(self.block.copy(), self.codes, self.first_row)

    def faulty(self) -> dict[int, tuple[int, int, int]]:
        """The rows to which something happens: the fault, the entity whose row it is, and which of its rows."""
        rows = np.flatnonzero(self.codes)
        entities, slots = np.divmod(self.block.places[rows], self.block.slots)
        each = zip(self.codes[rows].tolist(), (self.block.first + entities).tolist(), slots.tolist(), strict=True)
        return dict(zip(rows.tolist(), each, strict=True))

    def end_of(self, entity: int) -> int:
        """The row after the last one of *entity*."""
        return int(np.searchsorted(self.block.places, (entity + 1 - self.block.first) * self.block.slots))


class RowFaults:
    """What happens to the rows of *unit*, as *faults* decide."""

    def __init__(self, faults: FaultPlan, unit: Unit) -> None:
        self._faults = faults
        self._day = unit.day
        self._partial = faults.partial(unit)

    def coded(self, blocks: Iterator[Block]) -> Iterator[CodedBlock]:
        """The blocks of the unit with the fault of each row."""
        coded = self._coded(blocks)
        return _last_row_marked(coded) if self._partial else coded

    def _coded(self, blocks: Iterator[Block]) -> Iterator[CodedBlock]:
        first_row = 0
        for block in blocks:
            entities = range(block.first, block.first + block.count)
            codes = np.concatenate([self._faults.rows(entity, self._day) for entity in entities])
            if len(block.places) < len(codes):
                codes = codes[block.places]
            yield CodedBlock(block, codes, first_row)
            first_row += len(codes)

    def arrival(self, coded: CodedBlock) -> Arrival:
        """What arrives of a block."""
        arrival, faulty = Arrival(), coded.faulty()
        moves = self._moves(coded, faulty)
        moved_behind: dict[int, list[int]] = {}
        for row, (after, _) in moves.items():
            moved_behind.setdefault(after, []).append(row)
        start = 0  # of the rows that go on as they are
        for row in sorted({*faulty, *moved_behind}):
            fault, entity, slot = faulty.get(row, (RowFault.NONE, 0, 0))
            stays = fault == RowFault.NONE or (fault == RowFault.OUT_OF_ORDER and row not in moves)
            arrival.add(start, row + 1 if stays else row)
            start = row + 1
            if not stays and fault != RowFault.OUT_OF_ORDER:
                self._meet(fault, row, (entity, slot), arrival)
            for late_comer in moved_behind.get(row, ()):
                steps = moves[late_comer][1]
                arrival.events.append(
                    RowEvent(RowFault.OUT_OF_ORDER, late_comer, *faulty[late_comer][1:], arrival.lines, steps)
                )
                arrival.add(late_comer, late_comer + 1)
        arrival.add(start, len(coded.codes))
        return arrival

    def _moves(self, coded: CodedBlock, faulty: dict[int, tuple[int, int, int]]) -> dict[int, tuple[int, int]]:
        """Where the rows out of order go: each behind which row, and how many steps that is.

        Only rows that arrive in their place count as steps, so that each is seen to be late; one that none of
        them follows stays where it is.
        """
        moving = [
            (row, entity, slot) for row, (fault, entity, slot) in faulty.items() if fault == RowFault.OUT_OF_ORDER
        ]
        if not moving:
            return {}
        in_place = np.flatnonzero((coded.codes == RowFault.NONE) | (coded.codes == RowFault.DUPLICATE))
        next_ones = np.searchsorted(in_place, [row for row, *_ in moving]).tolist()
        ends = np.searchsorted(in_place, [coded.end_of(entity) for _, entity, _ in moving]).tolist()
        moves = {}
        for (row, entity, slot), next_one, end in zip(moving, next_ones, ends, strict=True):
            wanted = 1 + self._faults.detail(entity, self._day, slot) % _STEPS_MAX
            steps = min(wanted, end - next_one)
            if steps > 0:
                moves[row] = (int(in_place[next_one + steps - 1]), steps)
        return moves

    def _meet(self, fault: int, row: int, whose: tuple[int, int], arrival: Arrival) -> None:
        """What arrives in place of a row in the main object."""
        if fault == RowFault.DROP:
            arrival.events.append(RowEvent(fault, row, *whose))
            return
        if fault == RowFault.DUPLICATE:
            arrival.events.append(RowEvent(fault, row, *whose, arrival.lines + 1))
            arrival.add(row, row + 1)
            arrival.add(row, row + 1)
            return
        entity, slot = whose
        bits = self._faults.detail(entity, self._day, slot)
        if fault == RowFault.LATE:
            delay_s = 1 + bits % self._faults.rates.late_s
            arrival.events.append(RowEvent(fault, row, entity, slot, delay_s=delay_s))
            return
        arrival.events.append(RowEvent(fault, row, entity, slot, arrival.lines))
        arrival.add(row, row + 1, fault, bits)


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

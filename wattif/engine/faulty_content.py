"""What arrives of a unit when faults happen on the way: table -> faults of rows -> encoder -> damage of text.

A block without a fault passes through as it is. The clean objects and the delivered ones differ by exactly what the
labels say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from wattif.encode.encoder import Bytes, EncodedRows, Encoder
from wattif.engine.content import CleanContent, Content, Piece
from wattif.engine.plan import Plan
from wattif.faults.damage import corrupt, cut
from wattif.faults.drift import drifted
from wattif.faults.plan import DrawnFaults, FaultPlan, RowFault
from wattif.faults.rows import PARTIAL, Arrival, CodedBlock, RowEvent, RowFaults, Run
from wattif.lake import layout
from wattif.tables.block import TakenRows
from wattif.tables.fault_labels import FaultKind, FaultLabel
from wattif.tables.unit import DAY_S, Unit

_KINDS = {int(fault): FaultKind[fault.name] for fault in RowFault if fault} | {PARTIAL: FaultKind.PARTIAL_LINE}
_ACTIONS = {
    RowFault.DROP: "dropped",
    RowFault.DUPLICATE: "sent twice",
    RowFault.LATE: "delivered late",
    PARTIAL: "cut, and the file ends",
}


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How the schema of rows changes."""

    encoder: Encoder  # of the rows after it
    action: str  # in words


class FaultyContent:
    """What arrives of the objects of *clean* when *faults* happen; *drift*: to the days from its own on."""

    def __init__(self, clean: CleanContent, faults: FaultPlan, drift: Drift | None = None) -> None:
        self.clean = clean
        self.content_type = clean.content_type
        self.faults = faults
        self._drift = drift

    def drift_of(self, unit: Unit) -> Drift | None:
        """How the rows of *unit* differ from those of the clean object."""
        day = self.faults.rates.schema_drift
        return self._drift if day is not None and unit.day >= day else None

    def late_name(self, unit: Unit) -> str:
        """The object with the late rows of *unit*."""
        return layout.late_name(self.clean.name(unit), self.clean.encoder.extension)

    def again_name(self, name: str) -> str:
        """The object in which *name* is delivered a second time."""
        return layout.again_name(name, self.clean.encoder.extension)

    def names(self, unit: Unit) -> Sequence[str]:
        """See `Content.names`."""
        once = [self.clean.name(unit), self.late_name(unit)]
        return [*once, *map(self.again_name, once)] if self.faults.twice(unit) else once

    def pieces(self, unit: Unit, labels: list[FaultLabel]) -> Iterator[Piece]:
        """See `Content.pieces`."""
        file = self.clean.name(unit)
        if self.faults.withheld(unit):
            labels.append(FaultLabel(file, FaultKind.FILE_MISSING, "never delivered"))
            return
        twice, drift = self.faults.twice(unit), self.drift_of(unit)
        names: dict[str, None] = {}
        of_rows: list[FaultLabel] = []
        for piece in _FaultyUnit(self, unit, of_rows).pieces():
            names[piece.name] = None
            yield piece
            if twice:
                yield piece._replace(name=self.again_name(piece.name))
        labels += sorted(of_rows, key=lambda label: -1 if label.row is None else label.row)
        for name in names:
            if drift is not None:
                labels.append(FaultLabel(file, FaultKind.SCHEMA_DRIFT, drift.action, delivered_in=name))
            if twice:
                again, action = self.again_name(name), f"{name} delivered again"
                labels.append(FaultLabel(file, FaultKind.BATCH_TWICE, action, delivered_in=again))


def faulty_content(plan: Plan, seed: int, clean: CleanContent) -> Content:
    """What arrives of the *clean* objects when everything happens that the plan's rates ask for."""
    rates, encoder = plan.faults, clean.encoder
    if not rates:
        return clean
    faults = DrawnFaults(rates, seed, plan.interval_s, plan.meters_per_file * plan.batch_files)
    faults.rows(0, plan.start)  # compiles or loads the kernel, before any clock runs
    if rates.schema_drift is None:
        return FaultyContent(clean, faults)
    schema, action = drifted(encoder.schema, rates.drift)
    return FaultyContent(clean, faults, Drift(encoder=type(encoder)(schema), action=action))


_Texts = tuple[str | None, str | None]  # of a row in the clean object, and as it is delivered


class _LateRow(NamedTuple):
    """A row that is held back."""

    due_s: int  # when it arrives
    number: int  # in the clean object
    row: bytes | TakenRows  # as it is delivered
    label: dict[str, Any]  # its label's fields, all but the place where it arrives


class _FaultyUnit:
    """One delivery of a unit; what happens to its rows is added to *labels*."""

    def __init__(self, content: FaultyContent, unit: Unit, labels: list[FaultLabel]) -> None:
        drift = content.drift_of(unit)
        self._content = content
        self._unit = unit
        self._labels = labels
        self._name = content.clean.name(unit)
        self._original_encoder = content.clean.encoder if drift else None  # of rows as they were before the drift
        self._encoder = drift.encoder if drift else content.clean.encoder
        self._faults = RowFaults(content.faults, unit)
        self._lines = 0  # of the main object, so far
        self._late: list[_LateRow] = []

    def pieces(self) -> Iterator[Piece]:
        """The main object, then the one with its late rows."""
        encoder = self._encoder.open()
        yield self._piece(encoder.start(), 0)  # an object arrives even if all of its rows are dropped
        in_ranges = encoder.is_text or encoder.row_width is not None
        for coded in self._faults.coded(self._content.clean.blocks_of(self._unit)):
            if not coded.codes.any():
                yield self._piece(encoder.encode(coded.block), len(coded.codes))
                continue
            arrival = self._faults.arrival(coded)
            yield from (self._ranges if in_ranges else self._selected)(encoder, coded, arrival)
        yield self._piece(encoder.finish(), 0)
        if self._late:
            yield from self._late_object()

    def _piece(self, data: Bytes, rows: int) -> Piece:
        """The next *rows* of the main object."""
        self._lines += rows
        return Piece(self._name, data, rows)

    def _ranges(self, encoder: Encoder, coded: CodedBlock, arrival: Arrival) -> Iterator[Piece]:
        """What arrives of a block as ranges of its encoded rows, some of them damaged."""
        encoded = EncodedRows(encoder.encode(coded.block), encoder.row_width)
        first_line = self._lines
        damaged: dict[int, tuple[bytes, str]] = {}
        for run in arrival.runs:
            data: Bytes = encoded.rows(run.start, run.end)
            if run.damage:
                data, _ = damaged[run.start] = _damaged(encoder, bytes(data), run)
            yield self._piece(data, run.end - run.start)
        originals = self._originals(coded, arrival.events)
        for position, event in enumerate(arrival.events):
            row = bytes(encoded.rows(event.row, event.row + 1))
            texts: _Texts = (None, None)
            action = ""
            if encoder.is_text:
                delivered, action = damaged.get(event.row, (row, ""))
                original = originals.rows(position, position + 1) if originals else row
                texts = _text(original), None if event.fault == RowFault.DROP else _text(delivered)
            self._happened(coded, event, row, self._label(coded, event, first_line, action, texts))

    def _selected(self, encoder: Encoder, coded: CodedBlock, arrival: Arrival) -> Iterator[Piece]:
        """What arrives of a block of a format whose bytes cannot be cut into rows."""
        first_line = self._lines
        yield self._piece(encoder.encode(coded.block, arrival.order), arrival.lines)
        for event in arrival.events:
            row = coded.block.take(np.array([event.row])) if event.fault == RowFault.LATE else b""
            self._happened(coded, event, row, self._label(coded, event, first_line))

    def _originals(self, coded: CodedBlock, events: Sequence[RowEvent]) -> EncodedRows | None:
        """The rows of *events* as they were before the drift; None when there was none."""
        encoder = self._original_encoder
        if encoder is None or not encoder.is_text:
            return None
        rows = np.array([event.row for event in events], np.int64)
        return EncodedRows(encoder.encode(coded.block, rows), encoder.row_width)

    def _label(
        self, coded: CodedBlock, event: RowEvent, first_line: int, action: str = "", texts: _Texts = (None, None)
    ) -> dict[str, Any]:
        """The fields of the label of a row; *action*: when it is not that of the fault."""
        mac, time = coded.block.whose(event.entity, event.slot)
        original, delivered = texts
        return {
            "file": self._name,
            "kind": _KINDS[event.fault],
            "action": action or _ACTIONS.get(event.fault) or f"moved {event.steps} rows later",
            "row": coded.first_row + event.row,
            "mac": mac,
            "timestamp": time,
            "delivered_in": None if event.line is None else self._name,
            "delivered_row": None if event.line is None else first_line + event.line,
            "delay_s": event.delay_s or None,
            "original": original,
            "delivered": delivered,
        }

    def _happened(self, coded: CodedBlock, event: RowEvent, row: bytes | TakenRows, label: dict[str, Any]) -> None:
        if event.fault == RowFault.LATE:
            due_s = event.slot * (DAY_S // coded.block.slots) + event.delay_s
            self._late.append(_LateRow(due_s, coded.first_row + event.row, row, label))
        else:
            self._labels.append(FaultLabel(**label))

    def _late_object(self) -> Iterator[Piece]:
        """The rows that were late, in the order in which they arrived."""
        name, encoder = self._content.late_name(self._unit), self._encoder.open()
        order = sorted(range(len(self._late)), key=lambda position: self._late[position][:2])
        for line, position in enumerate(order):
            self._labels.append(
                FaultLabel(**{**self._late[position].label, "delivered_in": name, "delivered_row": line})
            )
        yield Piece(name, encoder.start(), 0)
        taken = [late.row for late in self._late if isinstance(late.row, TakenRows)]
        if taken:
            yield Piece(name, encoder.encode(TakenRows.joined(taken, np.array(order))), len(order))
        else:
            rows = [late.row for late in self._late if isinstance(late.row, bytes)]
            yield Piece(name, b"".join(rows[position] for position in order), len(order))
        yield Piece(name, encoder.finish(), 0)


def _damaged(encoder: Encoder, line: bytes, run: Run) -> tuple[bytes, str]:
    """What becomes of a line, and what was done to it."""
    if run.damage == PARTIAL:
        return cut(line, run.bits), _ACTIONS[PARTIAL]
    return corrupt(line, encoder.weak_places(line), run.bits)


def _text(line: bytes | memoryview) -> str:
    return bytes(line).decode().removesuffix("\n")

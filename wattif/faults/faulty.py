"""What arrives of a file when things go wrong on the way, and the labels that tell it.

The rows are made as ever; where a plan names a fault, they are dropped, doubled, held back, moved or damaged. A block
without a fault passes through as it is. The clean file and the delivered ones differ by exactly what is labelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wattif.encode.template import TIMESTAMP_WIDTH, RowTemplate
from wattif.engine.plan import Plan
from wattif.engine.producer import Block, Content, FileBytes, Piece
from wattif.faults.damage import colons_of, corrupt, cut
from wattif.faults.drift import Drift, drift_of
from wattif.faults.plan import DrawnFaults, FaultPlan, RowFault
from wattif.lake import layout
from wattif.lake.fault_labels import FaultKind, FaultLabel
from wattif.model.fleet import mac_text
from wattif.model.scenario import Scenario
from wattif.settings import LakeSettings
from wattif.tables.unit import DAY_S, Unit

_PARTIAL = max(RowFault) + 1  # beside the codes of the plan: the row that ends the file early
_STEPS_MAX = 30  # how many rows later one may arrive that is out of order


@dataclass(frozen=True)
class Line:
    """A row of the clean file that a fault happens to."""

    number: int  # in the clean file
    meter: int
    reading: int  # nominal, in the day
    text: bytes  # as it would be delivered, line feed included


class _CodedBlock:
    """Rows of some consecutive meters, and the fault of each."""

    def __init__(self, block: Block, codes: NDArray[np.uint8], first_row: int, readings: int, width: int) -> None:
        self.codes = codes
        self.data = block.data
        self._block = block
        self._first_row = first_row  # in the clean file
        self._readings = readings  # a day
        self._width = width
        # number of each row in the block's nominal readings
        self._places = np.arange(len(codes)) if block.sent is None else np.flatnonzero(block.sent)

    @property
    def delivered(self) -> NDArray[np.bool_]:
        """Which rows arrive in the file itself, whole or damaged."""
        return ~np.isin(self.codes, (RowFault.DROP, RowFault.LATE))

    def rows(self, start: int, end: int) -> memoryview:
        """The bytes of some rows."""
        return self.data[start * self._width : end * self._width]

    def line(self, row: int) -> Line:
        """A copy of one row."""
        return Line(self._first_row + row, *self.whose(row), bytes(self.rows(row, row + 1)))

    def whose(self, row: int) -> tuple[int, int]:
        """Meter and nominal reading of a row."""
        meter, reading = divmod(int(self._places[row]), self._readings)
        return self._block.first_meter + meter, reading

    def end_of(self, meter: int) -> int:
        """The row after the last one of *meter*."""
        return int(np.searchsorted(self._places, (meter + 1 - self._block.first_meter) * self._readings))

    def copy(self) -> _CodedBlock:
        """The same, valid for longer."""
        block = self._block._replace(data=memoryview(bytes(self.data)))
        return _CodedBlock(block, self.codes, self._first_row, self._readings, self._width)


class FaultyBytes:
    """What arrives of the files of *clean*: a pure function of the unit. Threads may share it.

    *drifted* makes the same files in the rows of *drift*, for the days from the schema's drift on.
    """

    row_width = None  # lines differ, and a sealed file does not tell its labels

    def __init__(
        self, clean: FileBytes, faults: FaultPlan, template: RowTemplate, interval_s: int, macs: NDArray[np.uint64],
        drifted: FileBytes | None = None, drift: Drift | None = None,
    ) -> None:  # fmt: skip
        self.clean = clean
        self.drifted = drifted
        self.drift = drift
        self.faults = faults
        self.template = template
        self.interval_s = interval_s
        self.macs = macs

    def names(self, unit: Unit) -> Sequence[str]:
        """See `Content.names`."""
        name = self.clean.name(unit)
        once = [name, layout.late_name(name)]
        return [*once, *map(layout.again_name, once)] if self.faults.twice(unit) else once

    def pieces(self, unit: Unit, labels: list[FaultLabel]) -> Iterator[Piece]:
        """See `Content.pieces`."""
        if self.faults.withheld(unit):
            labels.append(FaultLabel(self.clean.name(unit), FaultKind.FILE_MISSING, "never delivered"))
            return
        twice = self.faults.twice(unit)
        for piece in _Delivery(self, unit, labels).pieces():
            yield piece
            if twice:
                yield piece._replace(name=layout.again_name(piece.name))


def delivery_of(settings: LakeSettings, plan: Plan, scenario: Scenario, clean: FileBytes) -> Content:
    """What arrives of the *clean* files when everything goes wrong on the way that *settings* ask for."""
    rates = settings.fault_rates
    if not rates:
        return clean
    drift = drift_of(plan.template, rates.drift) if rates.schema_drift else None
    drifted = FileBytes(scenario, plan, drift.template) if drift else None
    faults = DrawnFaults.of(settings)
    faults.rows(0, plan.start)  # compiles or loads the kernel, before any clock runs
    return FaultyBytes(clean, faults, plan.template, plan.interval_s, scenario.fleet.macs, drifted, drift)


class _Delivery:
    """One delivery of a unit."""

    def __init__(self, way: FaultyBytes, unit: Unit, labels: list[FaultLabel]) -> None:
        self._way = way
        self._faults = way.faults
        self._unit = unit
        self._labels = labels
        self._name = way.clean.name(unit)
        drift_day = way.faults.rates.schema_drift
        self._drift = way.drift if drift_day is not None and unit.day >= drift_day else None
        self._template = self._drift.template if self._drift else way.template
        self._colons = colons_of(self._template)
        self._timestamp_offset = way.template.offset_of("timestamp")
        self._macs: dict[int, str] = {}  # as text, of meters that have labels
        self._lines = 0  # of the main file, so far
        self._late: list[tuple[int, Line]] = []  # arrival in seconds of the day

    def pieces(self) -> Iterator[Piece]:
        """The main file, then the one with its late rows."""
        yield self._piece(b"", 0)  # a file arrives even if all of its rows are dropped
        blocks = self._coded_blocks()
        for block in _last_one_marked(blocks) if self._faults.partial(self._unit) else blocks:
            if block.codes.any():
                yield from self._deliver(block)
            else:
                yield self._piece(block.data, len(block.codes))
        if self._late:
            yield self._late_file()
        self._labels.sort(key=lambda label: -1 if label.row is None else label.row)
        self._label_files()

    def _piece(self, data: bytes | memoryview, lines: int) -> Piece:
        """The next *lines* of the main file."""
        self._lines += lines
        return Piece(self._name, memoryview(data), lines)

    def _coded_blocks(self) -> Iterator[_CodedBlock]:
        content = self._way.drifted if self._drift and self._way.drifted else self._way.clean
        readings, first_row = DAY_S // self._way.interval_s, 0
        for block in content.meter_blocks(self._unit):
            meters = range(block.first_meter, block.first_meter + block.meters)
            codes = np.stack([self._faults.rows(meter, self._unit.day) for meter in meters])
            codes = codes.ravel() if block.sent is None else codes[block.sent]
            yield _CodedBlock(block, codes, first_row, readings, self._template.width)
            first_row += len(codes)

    def _deliver(self, block: _CodedBlock) -> Iterator[Piece]:
        """What arrives of a block with faults, in order."""
        moves = self._moves(block)
        moved_behind: dict[int, list[int]] = {}
        for row, (after, _) in moves.items():
            moved_behind.setdefault(after, []).append(row)
        start = 0  # of the rows that go on as they are
        for row in sorted({*np.flatnonzero(block.codes).tolist(), *moved_behind}):
            code = int(block.codes[row])
            stays = code == RowFault.NONE or (code == RowFault.OUT_OF_ORDER and row not in moves)
            end = row + 1 if stays else row
            yield self._piece(block.rows(start, end), end - start)
            start = row + 1
            if not stays and code != RowFault.OUT_OF_ORDER:
                yield self._piece(*self._meet(code, block.line(row)))
            for late_comer in moved_behind.get(row, []):
                line, action = block.line(late_comer), f"moved {moves[late_comer][1]} rows later"
                self._label(FaultKind.OUT_OF_ORDER, line, action, line.text, self._name, self._lines)
                yield self._piece(line.text, 1)
        yield self._piece(block.rows(start, len(block.codes)), len(block.codes) - start)

    def _moves(self, block: _CodedBlock) -> dict[int, tuple[int, int]]:
        """Where the rows out of order go: each behind which row, and how many steps that is.

        Only rows that arrive in their place count as steps, so that each is seen to be late; one that none of
        them follows stays where it is.
        """
        in_place = np.flatnonzero((block.codes == RowFault.NONE) | (block.codes == RowFault.DUPLICATE))
        moves = {}
        for row in np.flatnonzero(block.codes == RowFault.OUT_OF_ORDER).tolist():
            meter, reading = block.whose(row)
            wanted = 1 + self._faults.detail(meter, self._unit.day, reading) % _STEPS_MAX
            next_one, end = np.searchsorted(in_place, [row, block.end_of(meter)]).tolist()
            steps = min(wanted, end - next_one)
            if steps > 0:
                moves[row] = (int(in_place[next_one + steps - 1]), steps)
        return moves

    def _meet(self, code: int, line: Line) -> tuple[bytes, int]:
        """What arrives in place of *line* in the main file, and how many lines that is."""
        if code == RowFault.DROP:
            self._label(FaultKind.DROP, line, "dropped")
            return b"", 0
        if code == RowFault.DUPLICATE:
            self._label(FaultKind.DUPLICATE, line, "sent twice", line.text, self._name, self._lines + 1)
            return 2 * line.text, 2
        bits = self._faults.detail(line.meter, self._unit.day, line.reading)
        if code == RowFault.LATE:
            delay_s = 1 + bits % self._faults.rates.late_s
            self._late.append((line.reading * self._way.interval_s + delay_s, line))
            return b"", 0
        if code == RowFault.CORRUPT:
            text, action = corrupt(line.text, self._colons, bits)
            self._label(FaultKind.CORRUPT, line, action, text, self._name, self._lines)
        else:
            text = cut(line.text, bits)
            self._label(FaultKind.PARTIAL_LINE, line, "cut, and the file ends", text, self._name, self._lines)
        return text, 1

    def _late_file(self) -> Piece:
        """The rows that were late, in the order in which they arrived."""
        name = layout.late_name(self._name)
        self._late.sort(key=lambda each: (each[0], each[1].number))
        for number, (arrival_s, line) in enumerate(self._late):
            delay_s = arrival_s - line.reading * self._way.interval_s
            self._label(FaultKind.LATE, line, "delivered late", line.text, name, number, delay_s)
        return Piece(name, memoryview(b"".join(line.text for _, line in self._late)), len(self._late))

    def _label_files(self) -> None:
        """What happened to all files of the unit at once."""
        names = [self._name, *([layout.late_name(self._name)] if self._late else [])]
        for name in names:
            if self._drift:
                label = FaultLabel(self._name, FaultKind.SCHEMA_DRIFT, self._drift.action, delivered_in=name)
                self._labels.append(label)
            if self._faults.twice(self._unit):
                again, action = layout.again_name(name), f"{name} delivered again"
                self._labels.append(FaultLabel(self._name, FaultKind.BATCH_TWICE, action, delivered_in=again))

    def _label(
        self, kind: FaultKind, line: Line, action: str, delivered: bytes | None = None, delivered_in: str | None = None,
        delivered_row: int | None = None, delay_s: int | None = None,
    ) -> None:  # fmt: skip
        """Label *line*, and what was *delivered* of it, where, if anything was."""
        if line.meter not in self._macs:
            self._macs[line.meter] = mac_text(self._way.macs[line.meter : line.meter + 1])[0].decode()
        original = self._drift.undo(line.text) if self._drift else line.text
        label = FaultLabel(
            self._name, kind, action, line.number, self._macs[line.meter], self._time_of(line, original), delivered_in,
            delivered_row, delay_s, _text(original), None if delivered is None else _text(delivered),
        )  # fmt: skip
        self._labels.append(label)

    def _time_of(self, line: Line, original: bytes) -> datetime:
        if self._timestamp_offset >= 0:
            text = original[self._timestamp_offset : self._timestamp_offset + TIMESTAMP_WIDTH]
            return datetime.fromisoformat(text.decode())
        return _midnight(self._unit.day) + timedelta(seconds=line.reading * self._way.interval_s)


def _text(line: bytes) -> str:
    return line.decode().removesuffix("\n")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _last_one_marked(blocks: Iterator[_CodedBlock]) -> Iterator[_CodedBlock]:
    """The same, with the last row that is delivered in its file marked as `_PARTIAL`.

    Which one that is shows at the end, so a block is held back, as a copy, until a later one has such a row.
    """
    held: _CodedBlock | None = None
    for block in blocks:
        if not block.delivered.any():
            yield block
            continue
        if held is not None:
            yield held
        held = block.copy()
    if held is not None:
        held.codes[np.flatnonzero(held.delivered)[-1]] = _PARTIAL
        yield held

"""What must arrive of a table that is made in units: the objects of each batch, and the bytes of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wattif.engine.content import Piece
from wattif.engine.faulty_content import FaultyContent
from wattif.engine.plan import Batch
from wattif.engine.streams import Stream, streams_of
from wattif.model.scenario import Scenario
from wattif.spec import Spec
from wattif.tables import fault_labels
from wattif.tables.fault_kinds import FaultKind
from wattif.tables.fault_labels import partition_of
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ExpectedObject:
    """An object that a file unit brings into the lake."""

    name: str
    unit: Unit
    rows: int  # all of the unit's
    most_bytes: int | None  # no more can be in it; None: the format does not say
    exact: bool  # it has all the unit's rows, and so *most_bytes* exactly
    certain: bool = True  # it is there in any case; else only when a row of the unit turns out to belong in it


class ExpectedObjects:
    """What arrives of a table when nothing goes wrong on the way. Threads may share it."""

    def __init__(self, stream: Stream, *, all_rows: bool) -> None:
        """*all_rows*: every row that the plan counts is sent."""
        self.table = stream.table
        self.plan = stream.plan
        self._stream = stream
        self._all_rows = all_rows

    def objects(self, unit: Unit) -> Sequence[ExpectedObject]:
        """The objects that *unit* brings, computed without its rows."""
        plan = self.plan
        size = None if plan.row_width is None else plan.size_of(unit)
        return (ExpectedObject(self._stream.clean.name(unit), unit, plan.rows_of(unit), size, self._all_rows),)

    def labels(self, batch: Batch) -> Sequence[str]:
        """The label objects that *batch* brings, as far as they are known without its rows."""
        return ()

    def pieces(self, unit: Unit, labels: list[pa.Table]) -> Iterator[Piece]:
        """The bytes of all objects that *unit* brings; each piece is valid until the next one.

        Pieces may hold no byte, and may end within a row. What went wrong on the way is added to *labels*.
        """
        return self._stream.content.pieces(unit, labels)


class ExpectedFaultyObjects(ExpectedObjects):
    """What arrives of a table when things go wrong on the way."""

    def __init__(self, stream: Stream, content: FaultyContent) -> None:
        super().__init__(stream, all_rows=False)
        self._content = content

    def objects(self, unit: Unit) -> Sequence[ExpectedObject]:
        """See `ExpectedObjects.objects`: nothing of a withheld file, and late rows only when there are any."""
        if self._content.faults.withheld(unit):
            return ()
        clean, rows = self._stream.clean.name(unit), self.plan.rows_of(unit)
        again = self._content.again_name(clean)
        return [
            ExpectedObject(name, unit, rows, None, exact=False, certain=name in (clean, again))
            for name in self._content.names(unit)
        ]

    def labels(self, batch: Batch) -> Sequence[str]:
        """Labels of what happens to whole files; what happens to rows is known only with the rows."""
        faults = self._content.faults
        drift = faults.rates.schema_drift
        arriving = [unit for unit in batch.units if not faults.withheld(unit)]
        kinds = {
            FaultKind.FILE_MISSING: len(arriving) < len(batch.units),
            FaultKind.BATCH_TWICE: any(map(faults.twice, arriving)),
            FaultKind.SCHEMA_DRIFT: bool(arriving) and drift is not None and batch.day >= drift,
        }
        return [
            name
            for kind, happens in kinds.items()
            if happens
            for name in fault_labels.TABLE.object_names(partition_of(kind, batch.day, batch.index))
        ]


def expected_objects_of(spec: Spec, scenario: Scenario) -> list[ExpectedObjects]:
    """What the days of *spec* bring into the lake, table by table."""
    return [_delivery_of(stream, spec) for stream in streams_of(spec, scenario)]


def _delivery_of(stream: Stream, spec: Spec) -> ExpectedObjects:
    if isinstance(stream.content, FaultyContent):
        return ExpectedFaultyObjects(stream, stream.content)
    return ExpectedObjects(stream, all_rows=stream.table.rows(spec, stream.plan.start.isoformat()).exact)

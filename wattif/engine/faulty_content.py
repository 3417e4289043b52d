"""What arrives of a unit when faults happen on the way: table -> faults of rows -> encoder -> damage of text
-> compressor.

A block without a fault passes through as it is. The clean objects and the delivered ones differ by exactly what the
labels say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wattif.compress.compressor import Compressor
from wattif.engine.content import CleanContent, Content, Piece
from wattif.engine.faulty_unit import FaultyUnit
from wattif.engine.plan import Plan
from wattif.faults.drift import drifted
from wattif.faults.plan import DrawnFaults, FaultPlan
from wattif.faults.rows import RowFaults
from wattif.lake import layout
from wattif.tables.fault_kinds import FaultKind
from wattif.tables.fault_labels import FaultLabel, label_table
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How the schema of rows changes."""

    compressor: Compressor  # of the rows after it
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
        return layout.late_name(self.clean.name(unit), self.clean.extension)

    def again_name(self, name: str) -> str:
        """The object in which *name* is delivered a second time."""
        return layout.again_name(name, self.clean.extension)

    def names(self, unit: Unit) -> Sequence[str]:
        """See `Content.names`."""
        once = [self.clean.name(unit), self.late_name(unit)]
        return [*once, *map(self.again_name, once)] if self.faults.twice(unit) else once

    def pieces(self, unit: Unit, labels: list[pa.Table]) -> Iterator[Piece]:
        """See `Content.pieces`."""
        file = self.clean.name(unit)
        if self.faults.withheld(unit):
            labels.append(label_table([FaultLabel(file, FaultKind.FILE_MISSING, "never delivered")]))
            return
        twice, drift = self.faults.twice(unit), self.drift_of(unit)
        names: dict[str, None] = {}
        faults = RowFaults(self.faults, unit)
        made = FaultyUnit(self.clean, faults, (file, self.late_name(unit)), drift.compressor if drift else None)
        for piece in made.pieces(self.clean.blocks_of(unit)):
            names[piece.name] = None
            yield piece
            if twice:
                yield piece._replace(name=self.again_name(piece.name))
        labels += made.labels()
        of_objects = []
        for name in names:
            if drift is not None:
                of_objects.append(FaultLabel(file, FaultKind.SCHEMA_DRIFT, drift.action, delivered_in=name))
            if twice:
                again, action = self.again_name(name), f"{name} delivered again"
                of_objects.append(FaultLabel(file, FaultKind.BATCH_TWICE, action, delivered_in=again))
        if of_objects:
            labels.append(label_table(of_objects))


def faulty_content(plan: Plan, seed: int, clean: CleanContent) -> Content:
    """What arrives of the *clean* objects when everything happens that the plan's rates ask for."""
    rates, encoder = plan.faults, clean.encoder
    if not rates:
        return clean
    faults = DrawnFaults(rates, seed, plan.interval_s, plan.meters_per_file * plan.batch_files)
    if rates.schema_drift is None:
        return FaultyContent(clean, faults)
    schema, action = drifted(encoder.schema, rates.drift)
    drift = Drift(compressor=type(clean.compressor)(encoder.with_schema(schema)), action=action)
    return FaultyContent(clean, faults, drift)

"""What must be in the lake: the objects of each batch, and the bytes of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.whole_tables import compare_partition
from wattif.engine.content import Piece, clean_content
from wattif.engine.faulty_content import faulty_content
from wattif.engine.plan import Batch, Plan
from wattif.faults.plan import DrawnFaults
from wattif.lake import layout
from wattif.model.anomaly_kinds import weights_of
from wattif.model.scenario import Scenario, drawn_events, fleet_of, scenario_of, world_of
from wattif.spec import Spec
from wattif.tables import anomaly_labels, catalog, fault_labels
from wattif.tables.arrow import partition_objects
from wattif.tables.fault_labels import FaultKind, FaultLabel, partition_of
from wattif.tables.unit import Unit
from wattif.uploader.store import Store


@dataclass(frozen=True)
class ExpectedObject:
    """An object that a file unit brings into the lake."""

    name: str
    unit: Unit
    rows: int  # all of the unit's
    most_bytes: int | None  # no more can be in it; None: not known
    exact: bool  # it has all the unit's rows, and so *most_bytes* exactly
    certain: bool = True  # it is there in any case; else only when a row of the unit turns out to belong in it


class Delivery(Protocol):
    """What arrives in the lake. Threads may share it."""

    def tables(self) -> Sequence[str]:
        """The objects beside the readings: fleet, weather, labels of anomalies."""

    def objects(self, unit: Unit) -> Sequence[ExpectedObject]:
        """The objects that *unit* brings, computed without its readings."""

    def meter_labels(self) -> Mapping[str, bytes]:
        """Name and content of the labels of what goes wrong at the meters; only known when events are measured."""

    def labels(self, batch: Batch) -> Sequence[str]:
        """The label objects that *batch* brings, as far as they are known without its readings."""

    def pieces(self, unit: Unit, labels: list[FaultLabel]) -> Iterator[Piece]:
        """The bytes of all objects that *unit* brings; each piece is valid until the next one.

        Pieces may hold no byte, and may end within a row. What went wrong on the way is added to *labels*.
        """

    def altered_tables(self, store: Store, existing: Collection[str]) -> Iterator[Difference]:
        """How the tables beside the readings that are *existing* differ, row by row, from what they must be."""


class CleanDelivery:
    """What arrives when nothing goes wrong on the way: the bytes of the files."""

    def __init__(self, spec: Spec, scenario: Scenario, plan: Plan, *, all_rows: bool, has_events: bool) -> None:
        """*all_rows*: no meter leaves out a row; *has_events*: something goes wrong at a meter, measured or not."""
        self._spec = spec
        self._has_events = has_events
        self._scenario = scenario
        self._plan = plan
        self._content = clean_content(plan, scenario)
        self._all_rows = all_rows

    def tables(self) -> Sequence[str]:
        """The tables that are made whole; those that may be empty when something goes wrong at a meter."""
        return [
            name
            for table in catalog.lake_tables_of(self._spec, "whole")
            if self._has_events or not table.absent_when_empty
            for partition in table.partitions(self._spec)
            for name in table.object_names(partition)
        ]

    def objects(self, unit: Unit) -> Sequence[ExpectedObject]:
        """The one object of *unit*."""
        rows, size = self._plan.rows_of(unit), self._plan.size_of(unit)
        return (ExpectedObject(self._content.name(unit), unit, rows, size, self._all_rows),)

    def meter_labels(self) -> Mapping[str, bytes]:
        """Both formats; nothing when nothing happened."""
        return partition_objects(anomaly_labels.TABLE, self._scenario, self._plan.meters)

    def labels(self, batch: Batch) -> Sequence[str]:
        """None."""
        return ()

    def pieces(self, unit: Unit, labels: list[FaultLabel]) -> Iterator[Piece]:
        """The one object of *unit*."""
        return self._content.pieces(unit, labels)

    def altered_tables(self, store: Store, existing: Collection[str]) -> Iterator[Difference]:
        """All but the labels of anomalies, which are known only when events are measured."""
        for table in catalog.lake_tables_of(self._spec, "whole"):
            if table.absent_when_empty or "parquet" not in table.endings:
                continue
            for partition in table.partitions(self._spec):
                if table.object_name(partition, ending="parquet") in existing:
                    yield from compare_partition(store, self._spec, self._scenario, table, partition)


class FaultyDelivery(CleanDelivery):
    """What arrives when things go wrong on the way as *spec* asks for."""

    def __init__(self, spec: Spec, scenario: Scenario, plan: Plan, *, has_events: bool) -> None:
        super().__init__(spec, scenario, plan, all_rows=False, has_events=has_events)
        self._faulty = faulty_content(plan, spec.seed, self._content)
        self._faults = DrawnFaults.of(spec)

    def objects(self, unit: Unit) -> Sequence[ExpectedObject]:
        """Those of *unit*; nothing of a withheld file, and late rows only when there are any."""
        if self._faults.withheld(unit):
            return ()
        clean, rows = self._content.name(unit), self._plan.rows_of(unit)
        again = layout.again_name(clean, self._plan.encoder.extension)
        return [
            ExpectedObject(
                name,
                unit,
                rows,
                None,
                exact=False,
                certain=name in (clean, again),
            )
            for name in self._faulty.names(unit)
        ]

    def labels(self, batch: Batch) -> Sequence[str]:
        """Labels of what happens to whole files; what happens to rows is known only with the rows."""
        drift = self._faults.rates.schema_drift
        arriving = [unit for unit in batch.units if not self._faults.withheld(unit)]
        kinds = {
            FaultKind.FILE_MISSING: len(arriving) < len(batch.units),
            FaultKind.BATCH_TWICE: any(map(self._faults.twice, arriving)),
            FaultKind.SCHEMA_DRIFT: bool(arriving) and drift is not None and batch.day >= drift,
        }
        return [
            name
            for kind, happens in kinds.items()
            if happens
            for name in fault_labels.TABLE.object_names(partition_of(kind, batch.day, batch.index))
        ]

    def pieces(self, unit: Unit, labels: list[FaultLabel]) -> Iterator[Piece]:
        """All objects of *unit*, side by side."""
        return self._faulty.pieces(unit, labels)


def delivery_of(spec: Spec, plan: Plan, *, deep: bool) -> Delivery:
    """What *spec* says is in the lake; events are measured only when bytes are to be compared."""
    world = world_of(spec)
    if deep:
        scenario = scenario_of(spec, world)
        has_events = bool(scenario.events)
    else:
        scenario = Scenario(world=world, fleet=fleet_of(spec, world), events={})
        has_events = bool(drawn_events(spec, world, scenario.fleet))
    if plan.faults:
        return FaultyDelivery(spec, scenario, plan, has_events=has_events)
    return CleanDelivery(spec, scenario, plan, all_rows=not weights_of(spec), has_events=has_events)

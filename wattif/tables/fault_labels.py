"""Labels of what went wrong on the way, `_wattif/labels/faults/`: one row per fault.

What can go wrong is declared in `wattif.tables.fault_kinds`, the columns in `TABLE`; NDJSON, Parquet
(`wattif.tables.label_objects`) and docs/faults.md follow from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from wattif.tables.column import Column
from wattif.tables.fault_kinds import FaultKind
from wattif.tables.table import LakeTable, is_asked_for

if TYPE_CHECKING:
    import pyarrow as pa

    from wattif.spec import Spec


@dataclass(frozen=True, slots=True)
class FaultLabel:
    """A row of the table. What does not apply to its kind is None; rows and lines count from 0."""

    file: str
    kind: FaultKind
    action: str
    row: int | None = None
    mac: str | None = None
    timestamp: datetime | None = None
    delivered_in: str | None = None
    delivered_row: int | None = None
    delay_s: int | None = None
    original: str | None = None
    delivered: str | None = None


@dataclass(frozen=True, kw_only=True)
class FaultLabels(LakeTable):
    """The table of the labels; a partition is what happened of one kind to one batch of a day."""

    def is_in(self, spec: Spec) -> bool:
        """When faults are asked for."""
        return is_asked_for(spec.faults)

    def partitions(self, spec: Spec) -> Iterator[str]:
        """One for each kind and batch, whether or not it will have a row."""
        batches = -(-spec.meters // (spec.meters_per_file * spec.batch_files))
        for kind in FaultKind:
            for number in range((spec.end - spec.start).days + 1):
                yield from (partition_of(kind, spec.start + timedelta(days=number), n) for n in range(batches))

    def object_names(self, partition: str = "", first: int = 0, count: int = 1) -> tuple[str, ...]:
        """See `LakeTable.object_names`."""
        kind, day, batch = partition.split(".")
        path = self.path.format(kind=kind, day=day, batch=batch)
        return tuple(f"{path}.{ending}" for ending in self.endings)


def partition_of(kind: str, day: date, batch: int) -> str:
    """The partition of the labels of a kind of a batch: ``late.2024-01-01.000000``."""
    return f"{kind}.{day}.{batch:06d}"


TABLE = FaultLabels(
    name="fault_labels",
    description="what went wrong on the way: one row per fault",
    columns=(
        Column("file", "text", "the file of the clean dataset that it happened to"),
        Column("kind", "text", "what went wrong, as the spec names it"),
        Column("action", "text", "what was done, in words"),
        Column(
            "row",
            "number",
            "number of the row in the clean file; null when it happened to the whole file",
            nullable=True,
        ),
        Column("mac", "mac", "the meter of that row", nullable=True),
        Column(
            "timestamp",
            "timestamp",
            "the time in that row; in rows without one, the start of the interval",
            nullable=True,
        ),
        Column("delivered_in", "text", "the object in which it arrived; null when it arrived nowhere", nullable=True),
        Column("delivered_row", "number", "number of its line there; of a duplicate, the second one", nullable=True),
        Column("delay_s", "number", "how late it was, in seconds", nullable=True),
        Column("original", "text", "the row as the clean file has it, without its line feed", nullable=True),
        Column("delivered", "text", "what arrived of it, without a line feed; null when nothing did", nullable=True),
    ),
    partition="a kind of fault in a batch of a day",
    path="_wattif/labels/faults/{kind}/dt={day}/{batch}",
    endings=("ndjson", "parquet"),
    made="labels",
    absent_when_empty=True,
)


def label_table(labels: Sequence[FaultLabel]) -> pa.Table:
    """One row a label."""
    import pyarrow as pa

    from wattif.tables.arrow import arrow_schema

    schema = arrow_schema(TABLE.columns)
    return pa.table({name: [getattr(label, name) for label in labels] for name in schema.names}, schema=schema)

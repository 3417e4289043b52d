"""The rows of a table, batch by batch: of any partitions, entities and columns."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wattif.answers.expect import expect
from wattif.engine.plan import Plan
from wattif.engine.streams import streams_of
from wattif.face.columns import Numbers, batch_of, converted
from wattif.lake import layout
from wattif.model.scenario import Scenario, scenario_of
from wattif.spec import Spec
from wattif.tables.column import Column
from wattif.tables.expected import ExpectedTable
from wattif.tables.table import LakeTable
from wattif.tables.unit import Unit

_ENTITIES = 100_000  # of a unit: what is made at once


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Which rows are asked for, and how."""

    spec: Spec
    table: LakeTable
    partitions: Sequence[str]
    ranges: Sequence[range] | None  # of entities; None for all
    columns: tuple[Column, ...]
    numbers: Numbers
    view: str = "measured"  # of expected tables


def is_in_units(table: LakeTable) -> bool:
    """Whether any range of a partition can be made without the others."""
    return not isinstance(table, ExpectedTable) and table.made != "labels"


def is_by_meter(table: LakeTable) -> bool:
    """Whether these ranges are of meters."""
    return is_in_units(table) and "mac" in table.column_names


def batches(rows: Rows) -> Iterator[pa.RecordBatch]:
    """The rows, made when the next batch is asked for."""
    if isinstance(rows.table, ExpectedTable):
        return _expected(rows)
    if not is_in_units(rows.table):
        return _fault_labels(rows)
    return unit_batches(rows, _units(rows), scenario_of(rows.spec, ranges=rows.ranges))


def unit_batches(rows: Rows, units: Iterable[Unit], scenario: Scenario) -> Iterator[pa.RecordBatch]:
    """The rows of *units*, whatever partitions and ranges *rows* have; *scenario*: of all their meters, at least."""
    blocks_of = rows.table.blocks(scenario, rows.columns)
    for unit in units:
        for block in blocks_of(unit):
            values = {column.name: block.values(column.name) for column in rows.columns}
            yield batch_of(rows.columns, values, rows.numbers)


def _units(rows: Rows) -> Iterator[Unit]:
    for partition in rows.partitions:
        for each in rows.ranges or [range(rows.table.entities(rows.spec, partition))]:
            for first in range(each.start, each.stop, _ENTITIES):
                yield Unit(rows.table.name, partition, first, min(_ENTITIES, each.stop - first))


def _fault_labels(rows: Rows) -> Iterator[pa.RecordBatch]:
    """They are told of by what is delivered, which is made and thrown away."""
    (readings, *_) = streams_of(rows.spec, scenario_of(rows.spec))
    for batch in Plan.of(rows.spec).batches():
        for unit in batch.units:
            labels: list[pa.Table] = []
            for _ in readings.content.pieces(unit, labels):
                pass
            for part in (part for table in labels for part in table.to_batches()):
                yield converted(part, rows.columns, rows.numbers)


def _expected(rows: Rows) -> Iterator[pa.RecordBatch]:
    """They are sums of all that happens, and so are made as a whole: in a temporary folder, and read from there."""
    with tempfile.TemporaryDirectory(prefix="wattif-read-") as folder:
        time_zone = "local" if rows.table.made == "request" else "UTC"
        expect(rows.spec, Path(folder) / "lake", out=Path(folder) / "expected", time_zone=time_zone)
        yield from expected_batches(rows, Path(folder) / "expected")


def expected_batches(rows: Rows, folder: Path) -> Iterator[pa.RecordBatch]:
    """The rows of an expected table that lies in *folder*."""
    objects = rows.table.path.removeprefix(layout.EXPECTED).format(view=rows.view, month="*")
    for path in sorted(folder.glob(f"{objects}.parquet")):  # a table without rows has no file
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=[column.name for column in rows.columns]):
                yield converted(batch, rows.columns, rows.numbers)

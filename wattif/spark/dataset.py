"""A table of a dataset: of the one that options describe, or of the one that lies in a lake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import pyarrow as pa
from pyspark.sql.datasource import Filter

from wattif.engine.plan import Plan
from wattif.errors import InvalidValue
from wattif.face.reading import rows_of
from wattif.face.rows import Rows, batches, is_by_meter, is_in_units, unit_batches
from wattif.lake.open import open_store
from wattif.lake.stored import same_spec
from wattif.model.anomaly_kinds import weights_of
from wattif.model.scenario import Scenario, scenario_of, world_of
from wattif.spark.made import Checksums, Made, spec_of
from wattif.spark.parts import needed_days, parts
from wattif.spec import Spec
from wattif.tables.ddl.spark import DAY, types_of
from wattif.tables.expected import VIEWS
from wattif.tables.readings import READINGS
from wattif.tables.unit import Unit

_OWN = {"table": READINGS, "view": VIEWS[0], "lake": ""}  # options that are no fields of a spec, and their defaults


@dataclass(frozen=True, kw_only=True)
class OfDataset(Made):
    """A table of the dataset of *spec*."""

    spec: Spec
    table: str
    view: str

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Self:
        """`UsageError` when the dataset or the table cannot be."""
        own = {name: options.get(name, default) for name, default in _OWN.items()}
        fields = {name: value for name, value in options.items() if name not in _OWN}
        spec = _spec_of_lake(own["lake"], fields) if own["lake"] else _spec_of(fields)
        return cls(spec=spec, table=own["table"], view=own["view"])

    @property
    def types(self) -> dict[str, str]:
        """With the day, if there is a partition for each."""
        rows = self._rows()
        return types_of(rows.columns, is_partitioned=_has_days(rows))

    @property
    def specs(self) -> Sequence[Spec]:
        """That of the dataset."""
        return (self.spec,)

    def parts(self, filters: Sequence[Filter]) -> Iterable[Unit | None]:
        """A unit for each task, of the days that are needed."""
        rows = self._rows()
        if not is_in_units(rows.table):
            return [None]
        if _has_days(rows):
            rows = replace(rows, partitions=needed_days(rows.partitions, filters, rows.spec))
        return parts(rows)

    def batches(self, part: Unit | None, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """With exact decimals; of no rows, where Spark makes up a part because no day is needed."""
        columns = [name for name in names if name != DAY] or [self._rows().columns[0].name]  # one counts the rows
        rows = self._rows(columns)
        for batch in self._made(rows, part):
            arrays = {column.name: batch.column(column.name).cast(column.arrow_type) for column in rows.columns}
            if part is not None and DAY in names:
                arrays[DAY] = pa.repeat(pa.scalar(part.day, pa.date32()), batch.num_rows)
            yield pa.RecordBatch.from_pydict({name: arrays[name] for name in names})

    def _made(self, rows: Rows, unit: Unit | None) -> Iterable[pa.RecordBatch]:
        if not is_in_units(rows.table):
            return batches(rows)
        if unit is None:
            return ()
        whose = (unit.first, unit.first + unit.count) if is_by_meter(rows.table) else None
        return unit_batches(rows, [unit], _scenario(rows.spec, self.checksums, whose))

    def _rows(self, columns: Sequence[str] | None = None) -> Rows:
        return rows_of(self.spec, self.table, columns=columns, numbers="decimal", view=self.view)


@lru_cache(maxsize=4)  # tasks that follow each other in a process are often of the same meters
def _scenario(spec: Spec, checksums: Checksums, whose: tuple[int, int] | None) -> Scenario:
    return scenario_of(spec, ranges=None if whose is None else [range(*whose)])


def _has_days(rows: Rows) -> bool:
    """Whether there is a partition for each day, and a column that tells it."""
    return is_in_units(rows.table) and rows.table.made == "stream"


def _spec_of(fields: Mapping[str, str]) -> Spec:
    spec = spec_of(Spec, fields, _OWN)
    world_of(spec), weights_of(spec), Plan.of(spec)  # what only registries know, too, before any task begins
    return spec


def _spec_of_lake(lake: str, fields: Mapping[str, str]) -> Spec:
    for name, value in fields.items():
        reason = f"the dataset in {lake} says it; leave it out: beside `lake` there may be {', '.join(_OWN)}"
        raise InvalidValue(name, value, reason)
    return same_spec(open_store(lake))

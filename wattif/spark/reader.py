"""The rows of a table in Spark: parted on the driver, made by the executors, as Arrow."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import pyarrow as pa
from pyspark.sql.datasource import DataSourceReader, Filter, InputPartition

from wattif.engine.versions import check_versions, versions
from wattif.errors import EngineError
from wattif.face.rows import Rows, batches, is_by_meter, is_in_units, unit_batches
from wattif.lake.identity import Identity
from wattif.model.scenario import Scenario, scenario_of, world_of
from wattif.spark.asked import Asked
from wattif.spark.parts import needed_days, parts
from wattif.spec import Spec
from wattif.tables.ddl.spark import DAY
from wattif.tables.unit import Unit


class Reader(DataSourceReader):
    """Goes to each task: what is asked for, and what an executor must agree on."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.filters: Sequence[Filter] = ()
        self.versions = versions()
        self.fingerprint = _fingerprint(asked.spec)

    def partitions(self) -> list[InputPartition]:
        """One for each unit; one alone, of None, where the table is made as a whole."""
        rows = self.asked.rows()
        if not is_in_units(rows.table):
            return [InputPartition(None)]
        if self.asked.has_days:
            rows = replace(rows, partitions=needed_days(rows.partitions, self.filters, rows.spec))
        return [InputPartition(unit) for unit in parts(rows)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """In an executor: the rows of *partition*; of none, where Spark makes up one because no day is needed.

        `EngineError` when the executor would make others than the driver.
        """
        executor, spec = f"executor {platform.node()}", self.asked.spec
        check_versions(executor, versions(), self.versions)
        if _fingerprint(spec) != self.fingerprint:
            reason = "is not the file that the driver has; give the same to all of them"
            raise EngineError(f"{executor}: `cities` {spec.cities}: {reason}")
        rows, unit = self.asked.rows(), partition.value
        for batch in self._made(rows, unit):
            yield _as_asked(batch, rows, self.asked.names, unit)

    def _made(self, rows: Rows, unit: Unit | None) -> Iterable[pa.RecordBatch]:
        if not is_in_units(rows.table):
            return batches(rows)
        if unit is None:
            return ()
        whose = (unit.first, unit.first + unit.count) if is_by_meter(rows.table) else None
        return unit_batches(rows, [unit], _scenario(rows.spec, self.fingerprint, whose))


class FilteringReader(Reader):
    """One that Spark tells the filters of the query."""

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:
        """Keep them for `partitions`. Spark applies all of them to the rows, too: a day is only the roughest sieve."""
        self.filters = tuple(filters)
        return filters


@lru_cache(maxsize=4)  # tasks that follow each other in a process are often of the same meters
def _scenario(spec: Spec, fingerprint: str, whose: tuple[int, int] | None) -> Scenario:
    return scenario_of(spec, ranges=None if whose is None else [range(*whose)])


def _fingerprint(spec: Spec) -> str:
    return Identity.of(spec, world_of(spec).cities).fingerprint


def _as_asked(batch: pa.RecordBatch, rows: Rows, names: Sequence[str], unit: Unit | None) -> pa.RecordBatch:
    """With the types that Spark insists on, and the day."""
    arrays = {column.name: batch.column(column.name).cast(column.arrow_type) for column in rows.columns}
    if unit is not None and DAY in names:
        arrays[DAY] = pa.repeat(pa.scalar(unit.day, pa.date32()), batch.num_rows)
    chosen = [arrays[name] for name in names]
    schema = pa.schema([(name, array.type) for name, array in zip(names, chosen, strict=True)])
    return pa.RecordBatch.from_arrays(chosen, schema=schema)

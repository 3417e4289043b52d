"""The rows of a table in Spark: parted on the driver, made by the executors, as Arrow."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from pyspark.sql.datasource import DataSourceReader, Filter, InputPartition

from wattif.engine.versions import check_versions, versions
from wattif.errors import EngineError
from wattif.spark.asked import Asked


class Reader(DataSourceReader):
    """Goes to each task: what is asked for, and what an executor must agree on."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.filters: Sequence[Filter] = ()
        self.versions = versions()
        self.checksums = asked.made.checksums

    def partitions(self) -> list[InputPartition]:
        """One for each task."""
        return [InputPartition(part) for part in self.asked.made.parts(self.filters)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """In an executor: the rows of *partition*. `EngineError` when it would make others than the driver."""
        executor = f"executor {platform.node()}"
        check_versions(executor, versions(), self.versions)
        for own, (name, path, checksum) in zip(self.asked.made.checksums, self.checksums, strict=True):
            if own[-1] != checksum:
                reason = "is not the file that the driver has; give the same to all of them"
                raise EngineError(f"{executor}: `{name}` {path}: {reason}")
        yield from self.asked.made.batches(partition.value, self.asked.names)


class FilteringReader(Reader):
    """One that Spark tells the filters of the query."""

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:
        """Keep them for `partitions`. Spark applies all of them to the rows, too: a day is only the roughest sieve."""
        self.filters = tuple(filters)
        return filters

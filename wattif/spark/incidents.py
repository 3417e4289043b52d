"""A table of incidents: of a city's, or of those of a lake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import pyarrow as pa
from pydantic import BaseModel
from pyspark.sql.datasource import Filter

from wattif.engine.shard import Shard
from wattif.errors import UsageError
from wattif.incidents.of_lake import setting_of_dataset
from wattif.incidents.read import batches
from wattif.incidents.rows import RowsOfSetting, all_rows
from wattif.incidents.setting import Setting
from wattif.incidents.spec import IncidentSpec
from wattif.lake.open import open_store
from wattif.lake.stored import same_spec
from wattif.spark.made import Checksums, Made, spec_of
from wattif.spec import Spec
from wattif.tables.ddl.spark import types_of

_INCIDENTS = 100_000  # of a task: some seconds
_OWN = ("table", "lake")  # options that are no fields of a spec


@dataclass(frozen=True, kw_only=True)
class OfIncidents(Made):
    """A table of the incidents of *spec*, in the network and the weather of a *dataset* if there is one."""

    spec: IncidentSpec
    dataset: Spec | None
    table: str

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Self:
        """`UsageError` when these incidents cannot be, or each query would have others."""
        spec = spec_of(IncidentSpec, {name: value for name, value in options.items() if name not in _OWN}, _OWN)
        dataset = same_spec(open_store(options["lake"])) if options.get("lake") else None
        made = cls(spec=spec, dataset=dataset, table=options["table"])
        setting = made._setting()
        if setting.spec.drawn:
            missing = " and ".join(f"`{name}`" for name in setting.spec.drawn)
            raise UsageError(f"{missing}: must be given, because each query would draw others")
        setting.prepare()  # what is wrong with the workflow, too, before any task begins
        return made

    @property
    def types(self) -> dict[str, str]:
        """As the table declares them."""
        return types_of(all_rows()[self.table].table.columns, is_partitioned=False)

    @property
    def specs(self) -> Sequence[BaseModel]:
        """That of the incidents, and that of the lake."""
        return (self.spec,) if self.dataset is None else (self.spec, self.dataset)

    def parts(self, filters: Sequence[Filter]) -> Iterable[range | None]:
        """Equal ranges of incidents."""
        if isinstance(all_rows()[self.table], RowsOfSetting):
            return [None]
        count = self.spec.incident_count
        tasks = -(-count // _INCIDENTS)
        return [Shard(index, tasks).stretch(count) for index in range(1, tasks + 1)]

    def batches(self, part: range | None, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """As the files have them."""
        for batch in batches(self._setting(), all_rows()[self.table], names, part or range(0)):
            yield pa.RecordBatch.from_arrays(batch.columns, names=batch.schema.names)

    def _setting(self) -> Setting:
        return _setting(self.spec, self.dataset, self.checksums)


@lru_cache(maxsize=1)  # it holds the times of all incidents
def _setting(spec: IncidentSpec, dataset: Spec | None, checksums: Checksums) -> Setting:
    if dataset is None:
        return Setting.of(spec)
    return setting_of_dataset(dataset, {name: getattr(spec, name) for name in spec.model_fields_set})

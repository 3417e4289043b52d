"""`wattif expect`: from the spec to the expected tables, written while they are computed.

Months come one after the other, within each the meters in blocks. Memory: what `expected_sums.Hours` says of a block,
for each worker; the tables of at most workers + 1 blocks that wait for their turn, 60 bytes per meter and hour; a group
of rows per file; and 40 bytes per partition and column. Only the last grows with meters or days. On disk, the
system's temporary folder holds the current month and the monthly table.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Event
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from wattif.answers.expected_sums import Hours
from wattif.answers.hour_parts import Span, in_threads
from wattif.answers.local_sums import LocalZones
from wattif.engine.plan import Plan
from wattif.errors import InvalidValue, LakeError
from wattif.faults.plan import DrawnFaults, FaultPlan
from wattif.lake import layout
from wattif.lake.documents import stored_document
from wattif.lake.identity import Identity, whole_dataset
from wattif.lake.open import open_store, opened
from wattif.model.scenario import Scenario, scenario_of, world_of
from wattif.numeric.calendar import day_number
from wattif.spec import Spec
from wattif.tables import expected_rows
from wattif.tables.expected import HOURLY, PARTITIONS, VIEWS, ExpectedTable, partition_of
from wattif.tables.expected_rows import PartTables
from wattif.uploader.committer import BatchCommitter
from wattif.uploader.local import file_crc32c
from wattif.uploader.retrying import RetryPolicy
from wattif.uploader.store import SealedFile, Store

_ROWS_PER_GROUP = 100_000  # of a Parquet file


@dataclass(frozen=True)
class Expected:
    """What was computed."""

    place: str
    hours: int  # rows of the hourly table, as measured
    readings: int
    seconds: float


def expect(
    spec: Spec,
    lake: Store | str | Path,
    *,
    out: Path | None = None,
    time_zone: str = "UTC",
    workers: int | None = None,
    faults: FaultPlan | None = None,
    retry: RetryPolicy | None = None,
    stop: Event | None = None,
) -> Expected:
    """Write the expected tables of *spec* into the folder *out*, or else into *lake*, with *workers* threads.

    *time_zone*: also sum by the days and months of a time zone: ``local`` for each city's own, or a name such as
    Asia/Kolkata; UTC adds nothing. *faults* replaces those of *spec*; *retry*: how to retry a lake that does
    not answer. `LakeError` when the lake holds another dataset, `Interrupted` when *stop* is set.
    """
    if out is not None and out.exists() and not out.is_dir():
        raise InvalidValue("out", out, "not a folder; name another")
    stop, workers = stop or Event(), workers or os.cpu_count() or 1
    plan, zones = Plan.of(spec), LocalZones.of(time_zone, world_of(spec))
    if faults is None and plan.faults:
        faults = DrawnFaults.of(spec)
    began = time.perf_counter()
    found = opened(lake, overwrite=True, retry=retry, stop=stop)
    document = stored_document(found)
    whole = whole_dataset(spec, document, found.place)
    differences = [] if document is None else _dataset(whole).differences(document, found.place)
    if out is None:
        store, folder = found, layout.EXPECTED
        if differences:
            raise LakeError(
                f"{store.place} holds another dataset: {'; '.join(differences)}. Leave out the options that differ, or"
                " name a folder with `out`"
            )
    else:
        store, folder = open_store(f"file:{out}", overwrite=True, retry=retry, stop=stop), ""
    # a lake that lies there by chance says nothing of the dataset that is asked for
    scenario = scenario_of(spec if differences else whole)
    hours = Hours(scenario, plan, faults, zones=zones)
    with closing(_Tables(_Lake(folder, BatchCommitter(store), hours.views))) as tables:
        rows, readings = _compute(hours, scenario, plan, tables, zones=zones, workers=workers, stop=stop)
    return Expected(f"{store.place}/{folder}".rstrip("/"), rows, readings, time.perf_counter() - began)


def _dataset(spec: Spec) -> Identity:
    return Identity.of(spec, world_of(spec).cities)


def _local_tables(zones: LocalZones, part: Span, macs: NDArray[np.uint64], cells: NDArray[np.int64]) -> PartTables:
    zone_of_meter = zones.of_meters(part.first_meter, part.meters).tolist()
    lengths_s = [zones.days_of(part.month, zone).lengths_s for zone in range(len(zones.names))]
    return expected_rows.local_tables(
        macs, part.month, [(zones.names[zone], lengths_s[zone]) for zone in zone_of_meter], cells
    )


def _compute(
    hours: Hours,
    scenario: Scenario,
    plan: Plan,
    tables: _Tables,
    *,
    zones: LocalZones | None,
    workers: int,
    stop: Event,
) -> tuple[int, int]:
    """All tables; how many hours and readings the measured view has."""
    rows = readings = 0
    sums = [[[0] * (2 + len(hours.fields)) for _ in range(plan.days)] for _ in range(hours.views)]

    def work(part: Span) -> tuple[Span, list[PartTables], list[list[list[int]]]]:
        made = hours.compute(part, stop)
        macs = scenario.fleet.part(part.first_meter, part.meters).macs
        views = [expected_rows.part_tables(macs, part.month, cells) for cells in made.cells]
        if zones is not None:
            for view, cells in zip(views, made.local, strict=True):
                view.update(_local_tables(zones, part, macs, cells))
        return part, views, made.totals.tolist()

    for part, views, totals in in_threads(hours.parts(), work, workers, stop):
        rows += views[0][HOURLY].num_rows
        tables.add(part.month, views)
        first = part.days.start - day_number(plan.start)
        for view, days in enumerate(totals):
            for n, day in enumerate(days):
                if 0 <= first + n < plan.days:
                    sums[view][first + n] = [a + b for a, b in zip(sums[view][first + n], day, strict=True)]
    readings = sum(day[0] for day in sums[0])
    written = {field.name for field in plan.columns}
    kept = [n for n, field in enumerate(hours.fields) if field.name in written]
    fields = [hours.fields[n] for n in kept]
    tables.finish(
        [
            expected_rows.partitions_table(
                plan.start, [[*day[:2], *(day[2 + n] for n in kept)] for day in days], fields
            )
            for days in sums
        ]
    )
    return rows, readings


class _Tables:
    """The Parquet files in the making; those of a month go to the store when it is over."""

    def __init__(self, lake: _Lake) -> None:
        self._lake = lake
        self._month: date | None = None
        self._of_month = _Files(lake)
        self._whole = _Files(lake)

    def add(self, month: date, views: Sequence[PartTables]) -> None:
        """Append the rows of a part; months come in order."""
        if month != self._month:
            self._of_month.send()
            self._of_month, self._month = _Files(self._lake), month
        for view, tables in enumerate(views):
            for table, rows in tables.items():
                files = self._of_month if table.by_month else self._whole
                files.append(_Key(table, view, month if table.by_month else None), rows)

    def finish(self, partitions: Sequence[pa.Table]) -> None:
        """Complete what is open, with the partitions of each view."""
        self._of_month.send()
        for view, table in enumerate(partitions):
            self._whole.append(_Key(PARTITIONS, view), table)
        self._whole.send()

    def close(self) -> None:
        """Give up what is unfinished."""
        self._of_month.close()
        self._whole.close()


@dataclass(frozen=True)
class _Lake:
    """Where the tables go."""

    prefix: str  # of the names of tables
    committer: BatchCommitter
    views: int  # how many are computed; one stands for all


class _Key(NamedTuple):
    """One of the files."""

    table: ExpectedTable
    view: int
    month: date | None = None

    @property
    def name(self) -> str:
        """Below the folder of all expected tables."""
        view = VIEWS[self.view]
        partition = view if self.month is None else partition_of(view, self.month)
        return self.table.object_name(partition).removeprefix(layout.EXPECTED)


class _Files:
    """Parquet files in a temporary folder that are written to side by side."""

    def __init__(self, lake: _Lake) -> None:
        self._lake = lake
        self._folder = tempfile.TemporaryDirectory(prefix="wattif-expect-")
        self._writers: dict[_Key, pq.ParquetWriter] = {}
        self._waiting: dict[_Key, list[pa.Table]] = {}

    def append(self, key: _Key, table: pa.Table) -> None:
        """Append rows to a table, in groups large enough to be read fast; one that never has any is not made."""
        if table.num_rows == 0:
            return
        waiting = self._waiting.setdefault(key, [])
        waiting.append(table)
        if sum(part.num_rows for part in waiting) >= _ROWS_PER_GROUP:
            self._write(key)

    def _write(self, key: _Key) -> None:
        table = pa.concat_tables(self._waiting.pop(key))
        if key not in self._writers:
            self._writers[key] = pq.ParquetWriter(self._path(key), table.schema, compression="zstd")
        self._writers[key].write_table(table)

    def send(self) -> None:
        """Complete the files and bring them into the lake, the only view under the names of all."""
        for key in list(self._waiting):
            self._write(key)
        for key, writer in self._writers.items():
            writer.close()
            keys = [key] if self._lake.views > 1 else [key._replace(view=view) for view in range(len(VIEWS))]
            for each in keys:
                if each != key:
                    shutil.copyfile(self._path(key), self._path(each))
            for each in keys:
                self._put(self._path(each), f"{self._lake.prefix}{each.name}")
        self.close()

    def close(self) -> None:
        """Remove the temporary folder."""
        for writer in self._writers.values():
            writer.close()
        self._folder.cleanup()

    def _path(self, key: _Key) -> Path:
        return Path(self._folder.name) / key.name.replace("/", "-")

    def _put(self, path: Path, name: str) -> None:
        self._lake.committer.put([SealedFile(path, name, path.stat().st_size, file_crc32c(path))])

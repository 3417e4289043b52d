"""A table of a warehouse against what it must hold: raw readings, or the hourly table.

The expectation and the table's own sums by meter and hour meet in a DuckDB file in the system's temporary folder, up
to 400 bytes per meter and hour. Memory: what `wattif.answers.expected_sums.Hours` takes for workers + 1 blocks, the
hours of a query, and what DuckDB takes to count the distinct timestamps of its readings: some hundred megabytes.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from threading import Event
from types import TracebackType

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.answers.expected_sums import DEDUPLICATED, DELIVERED, Hours, Renamed, Span, in_threads
from wattif.answers.reconcile import sql, verdicts
from wattif.answers.reconcile.comparison import Comparison
from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.sources import DuckDbSource, Source, WarehouseSource
from wattif.engine.plan import Plan
from wattif.errors import Interrupted, UsageError
from wattif.faults.drift import drifted
from wattif.faults.plan import DrawnFaults, FaultPlan
from wattif.model.fleet import mac_text
from wattif.model.scenario import Scenario, scenario_of
from wattif.spec import Spec
from wattif.tables.column import Column
from wattif.tables.expected import VIEWS
from wattif.tables.hour_kernels import LARGEST, READINGS, SUMS
from wattif.warehouse.open import open_warehouse
from wattif.warehouse.place import WarehousePlace

_KEYS = ("mac", "timestamp")
_HOUR_US = 3_600_000_000
_EPOCH = date(1970, 1, 1)


def expected_hours(
    scenario: Scenario,
    plan: Plan,
    faults: FaultPlan | None,
    *,
    checked: Sequence[Column] | None = None,
    renamed: Renamed | None = None,
    workers: int = 1,
    stop: Event | None = None,
    causes: Counter[str] | None = None,
) -> Iterator[pa.Table]:
    """What each meter and hour must hold, a table for some meters of a month.

    Columns: view, mac, hour, readings, consumption_max, and <column>_sum of each number; where *checked* names the
    numbers of a checksum, in order, also <column>_moment of each number, checksum, without, off_grid and misplaced.
    Views: delivered and deduplicated, or delivered alone when both are the same. Sums, moments and checksums are those
    of `wattif.tables.hour_kernels`. *without* counts the readings in which the renamed column has no value, *off_grid*
    and *misplaced* those that a wrong clock puts within an interval, or on another UTC day than that of the partition.
    *causes* is told by which faults, and by how many rows, delivered readings differ from measured ones.
    """
    hours = Hours(scenario, plan, faults, checked=checked, renamed=renamed)
    has_odd = checked is not None
    stop = stop or Event()

    def work(part: Span) -> tuple[pa.Table, Counter[str]]:
        made = hours.compute(part, stop)
        macs = scenario.fleet.macs[part.first_meter : part.first_meter + part.meters]
        views = [DELIVERED] if hours.views == 1 else [DELIVERED, DEDUPLICATED]
        tables = [
            _table(VIEWS[view], macs, part.month, made.cells[place], made.odd[place] if has_odd else None, hours.fields)
            for view in views
            for place in (view if hours.views > 1 else 0,)
        ]
        return pa.concat_tables(tables), made.causes

    for table, own in in_threads(hours.parts(), work, workers, stop):
        if causes is not None:
            causes.update(own)
        yield table


def _table(
    view: str,
    macs: NDArray[np.uint64],
    month: date,
    cells: NDArray[np.int64],
    odd: NDArray[np.int64] | None,
    fields: Sequence[Column],
) -> pa.Table:
    meter, hour = np.nonzero(cells[..., READINGS])
    own = cells[meter, hour]
    columns = {
        "view": pa.array(np.full(len(meter), view)),
        "mac": pa.array(mac_text(macs).astype("U17")).take(pa.array(meter)),
        "hour": pa.array((month - _EPOCH).days * 24 * _HOUR_US + hour * _HOUR_US).cast(pa.timestamp("us")),
        "readings": pa.array(own[:, READINGS]),
        "consumption_max": pa.array(own[:, LARGEST]),
    }
    for n, field in enumerate(fields):
        columns[f"{field.name}_sum"] = pa.array(own[:, SUMS + n])
        if odd is not None:
            columns[f"{field.name}_moment"] = pa.array(own[:, SUMS + len(fields) + n])
    if odd is not None:
        columns["checksum"] = pa.array(own[:, SUMS + 2 * len(fields)])
        for n, name in enumerate(("without", "off_grid", "misplaced")):
            columns[name] = pa.array(odd[meter, hour, n])
    return pa.table(columns)


@dataclass(frozen=True)
class Counts:
    """What was compared, and what is known of the way there."""

    place: str
    hours: int  # that were expected
    causes: Counter[str]  # rows by which delivered readings differ from measured ones, by fault
    inexact: tuple[str, ...] = ()  # columns whose type does not hold all digits


@contextmanager
def compared_table(
    spec: Spec, whole: Spec, comparison: Comparison, place: WarehousePlace, stop: Event
) -> Iterator[tuple[Counts, Iterator[Difference]]]:
    """The table that *comparison* names against the days of *spec* in the dataset *whole*.

    What was compared, and what differs.
    """
    a_day = timedelta(days=1)
    around = {"start": max(whole.start, spec.start - a_day), "end": min(whole.end, spec.end + a_day)}
    plan = Plan.of(spec.model_copy(update=around))
    rates = plan.faults
    only = None
    if (spec.start, spec.end) != (whole.start, whole.end):  # a wrong clock moves readings to other days
        only = datetime.combine(spec.start, time()), datetime.combine(spec.end + a_day, time())
    renamed = None
    if rates.schema_drift is not None:
        change = drifted(plan.encoder.schema, rates.drift)[0].renamed
        renamed = Renamed(change[0], rates.schema_drift) if change else None
    with (
        closing(_source_of(comparison, place)) as source,
        TableReconciliation(
            scenario_of(whole),
            plan,
            DrawnFaults.of(spec) if rates else None,
            source,
            renamed=renamed,
            workers=os.cpu_count() or 1,
            stop=stop,
            only=only,
        ) as held,
    ):
        yield held.run(), held.differences()


def _source_of(comparison: Comparison, place: WarehousePlace) -> DuckDbSource | WarehouseSource:
    if comparison.parquet is not None:
        return DuckDbSource.of_parquet(comparison.parquet)
    if comparison.table is None:
        raise UsageError("nothing to compare; name a `table`, or files with `parquet`")
    if place.warehouse == "bigquery":
        return WarehouseSource(open_warehouse(place), comparison.table)
    return DuckDbSource.of_table(place.database_file, comparison.table)


def _number(column: Column, kind: pa.DataType) -> sql.NumberColumn:
    """A number of the dataset in a table that keeps it as *kind*."""
    return sql.NumberColumn(
        name=column.name,
        decimals=column.decimals,
        is_float32=pa.types.is_float32(kind) or pa.types.is_float16(kind),
        is_rounded=pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= column.decimals),
    )


class TableReconciliation:
    """A table held against its expectation; a context manager, after which the differences are gone."""

    def __init__(
        self,
        scenario: Scenario,
        plan: Plan,
        faults: FaultPlan | None,
        source: Source,
        *,
        renamed: Renamed | None = None,
        workers: int = 1,
        stop: Event | None = None,
        only: tuple[datetime, datetime] | None = None,
    ) -> None:
        """*only*: compare no other hours than from the first moment (UTC) to the second."""
        self._only = only
        self._scenario, self._plan, self._faults, self._source = scenario, plan, faults, source
        self._renamed, self._workers, self._stop = renamed, workers, stop or Event()
        self._folder = tempfile.TemporaryDirectory(prefix="wattif-reconcile-")
        self._own = duckdb.connect(Path(self._folder.name) / "hours.duckdb")
        self._own.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> TableReconciliation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._own.close()
        self._folder.cleanup()

    def run(self) -> Counts:
        """Compare; `UsageError` when the table is neither of readings nor of hours, `LakeError` when it fails."""
        schema = self._source.schema()
        there = schema.names
        needed = ("mac", "time_hour_rolled") if "time_hour_rolled" in there else ("mac", "timestamp")
        for name in needed:
            if name not in there:
                raise UsageError(
                    f"{self._source.place}: no column {name}; a table of readings needs mac and timestamp, an hourly"
                    " one mac and time_hour_rolled"
                )
            if name in _KEYS and name not in {column.name for column in self._plan.columns}:
                raise UsageError(
                    f"{self._source.place}: the dataset's `columns` have no {name}, so its readings cannot be told"
                    " apart; compare the lake itself, or generate a dataset with mac and timestamp"
                )
        causes: Counter[str] = Counter()
        inexact: list[str] = []
        if "time_hour_rolled" in there:
            # whoever rolled up may have known the energy under its new name, or not
            drift = self._renamed.since if self._renamed and self._renamed.column == "consumption_wh" else None
            self._renamed = None
        if "time_hour_rolled" in there:
            self._expect(causes)
            self._keep(
                self._source.aggregate(sql.of_hours(self._source.relation, there, *(self._only or (None, None))))
            )
            statements = verdicts.on_hours(there, drift)
        else:
            fields = [each for each in self._plan.columns if each.kind == "number" and each.name in there]
            numbers = [_number(each, schema.field(each.name).type) for each in fields]
            inexact = [each.name for each in numbers if each.is_float32]
            self._expect(causes, [each for each in fields if each.name not in inexact])
            for since, until in self._spans():
                query = sql.of_readings(
                    self._source.relation,
                    numbers,
                    self._plan.interval_s,
                    since,
                    until,
                    has_partitions="dt" in there,
                )
                self._keep(self._source.aggregate(query))
            renamed = self._renamed.column if self._renamed else None
            statements = verdicts.on_readings(fields, renamed, has_partitions="dt" in there)
        for statement in statements:
            self._own.execute(statement)
        (hours,) = self._own.execute("SELECT count(*) FROM expected_delivered").fetchall()[0]
        return Counts(self._source.place, hours, causes, tuple(inexact))

    def differences(self) -> Iterator[Difference]:
        """All of them after `run`, by meter and hour; read from the disk as they are asked for."""
        rows = self._own.execute("SELECT * FROM verdicts ORDER BY mac, hour, verdict, name")
        while batch := rows.fetchmany(10_000):
            for mac, hour, column, verdict, readings, expected, found, cause in batch:
                at = None if hour is None else hour.replace(tzinfo=UTC)
                yield Difference(self._source.place, mac, at, column, verdict, readings, expected, found, cause)

    def _expect(self, causes: Counter[str], checked: Sequence[Column] | None = None) -> None:
        tables = expected_hours(
            self._scenario,
            self._plan,
            self._faults,
            checked=checked,
            renamed=self._renamed,
            workers=self._workers,
            stop=self._stop,
            causes=causes,
        )
        for table in tables:
            self._insert("expected", table)
        self._own.execute(
            "CREATE VIEW expected_delivered AS SELECT * EXCLUDE (view) FROM expected WHERE view = 'delivered'"
        )
        if self._only is not None:
            self._own.execute("DELETE FROM expected WHERE hour < $1 OR hour >= $2", list(self._only))
        once = VIEWS[DELIVERED if self._faults is None else DEDUPLICATED]
        self._own.execute(
            f"CREATE VIEW expected_deduplicated AS SELECT * EXCLUDE (view) FROM expected WHERE view = '{once}'"
        )

    def _keep(self, table: pa.Table) -> None:
        self._insert("found", table)
        if self._stop.is_set():
            raise Interrupted("stopped")

    def _insert(self, name: str, table: pa.Table) -> None:
        self._own.register("part", table)
        there = self._own.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [name]).fetchall()[0][0]
        self._own.execute(f"INSERT INTO {name} FROM part" if there else f"CREATE TABLE {name} AS FROM part")
        self._own.unregister("part")

    def _spans(self) -> Iterator[tuple[datetime | None, datetime | None]]:
        """Of timestamps; together all there are, and those that cannot be read."""
        plan, most = self._plan, self._source.largest_query
        if self._only is not None:
            yield self._only
            return
        total = plan.days * 24
        hours = total if most is None else min(max(most * 24 // (plan.rows // plan.days), 1), total)
        start = datetime.combine(plan.start, time())
        moments = [start + timedelta(hours=n) for n in range(0, total, hours)]
        yield None, None
        yield None, moments[0]
        yield from zip(moments, [*moments[1:], None], strict=True)

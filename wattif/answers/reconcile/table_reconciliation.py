"""A table of a warehouse against what it must hold: raw readings, or the hourly table.

The expectation and the table's own sums by meter and hour meet in a DuckDB file in the system's temporary folder, up
to 400 bytes per meter and hour. Memory: what `wattif.answers.expected_sums.Hours` takes for workers + 1 blocks, the
hours of a query, and what DuckDB takes to count the distinct timestamps of its readings: some hundred megabytes.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from threading import Event
from types import TracebackType

import duckdb
import pyarrow as pa

from wattif.answers.hour_parts import DEDUPLICATED, DELIVERED, Renamed
from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.expected_hours import expected_hours
from wattif.answers.reconcile.hour_verdicts import VALUES, verdicts_on_hours
from wattif.answers.reconcile.number_column import FLOATS, NumberColumn, mean_slack
from wattif.answers.reconcile.reading_verdicts import verdicts_on_readings
from wattif.answers.reconcile.sources import Source
from wattif.answers.reconcile.sql import of_hours, of_readings
from wattif.engine.plan import Plan
from wattif.errors import Interrupted, UsageError
from wattif.faults.plan import FaultPlan
from wattif.model.scenario import Scenario
from wattif.tables.column import Column
from wattif.tables.expected import ENERGY, VIEWS
from wattif.tables.hours import HOUR, HOUR_ENERGY, HOUR_MEAN
from wattif.tables.loaded_readings import DAY

_KEYS = ("mac", "timestamp")


@dataclass(frozen=True)
class Counts:
    """What was compared, and what is known of the way there."""

    place: str
    hours: int  # that were expected
    causes: Counter[str]  # rows by which delivered readings differ from measured ones, by fault
    inexact: Mapping[str, str] = field(default_factory=dict)  # columns of floating point, and their type


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
        self._scratch = duckdb.connect(Path(self._folder.name) / "hours.duckdb")
        self._scratch.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> TableReconciliation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scratch.close()
        self._folder.cleanup()

    def run(self) -> Counts:
        """Compare; `UsageError` when the table is neither of readings nor of hours, `LakeError` when it fails."""
        schema = self._source.schema()
        is_hourly = HOUR.name in schema.names
        self._refuse_strangers(schema.names, ("mac", HOUR.name) if is_hourly else _KEYS)
        causes: Counter[str] = Counter()
        numbers, statements = (self._of_hours if is_hourly else self._of_readings)(schema, causes)
        for statement in statements:
            self._scratch.execute(statement)
        (hours,) = self._scratch.execute("SELECT count(*) FROM expected_delivered").fetchall()[0]
        inexact = {each.name: FLOATS[each.storage] for each in numbers if each.storage in FLOATS}
        return Counts(place=self._source.place, hours=hours, causes=causes, inexact=inexact)

    def _refuse_strangers(self, names: Collection[str], key: Sequence[str]) -> None:
        columns = {column.name for column in self._plan.columns}
        for name in key:
            if name in _KEYS and name not in columns:
                raise UsageError(
                    f"{self._source.place}: the dataset's `columns` have no {name}, so its readings cannot be told"
                    " apart; compare the lake itself, or generate a dataset with mac and timestamp"
                )
            if name not in names:
                raise UsageError(
                    f"{self._source.place}: no column {name}; a table of readings needs mac and timestamp, an hourly"
                    f" one mac and {HOUR.name}"
                )

    def _of_hours(self, schema: pa.Schema, causes: Counter[str]) -> tuple[list[NumberColumn], list[str]]:
        """Ask and expect the hourly table: its numbers, and the statements that compare them."""
        columns = [each for each in VALUES if each.name in schema.names]
        numbers = [
            NumberColumn.of(each, schema.field(each.name).type, is_sum=each == HOUR_ENERGY)
            for each in columns
            if each.kind == "number"
        ]
        mean = HOUR_MEAN.name
        slack = mean_slack(mean, schema.field(mean).type) if HOUR_MEAN in columns else None
        # whoever rolled up may have known the energy under its new name, or not
        drift = self._renamed.since if self._renamed and self._renamed.column == ENERGY.name else None
        self._expect(causes)
        self._keep(of_hours(self._source.relation, numbers, slack, *(self._only or (None, None))))
        return numbers, verdicts_on_hours(columns, drift)

    def _of_readings(self, schema: pa.Schema, causes: Counter[str]) -> tuple[list[NumberColumn], list[str]]:
        """Ask and expect the readings: their numbers, and the statements that compare them."""
        fields = [each for each in self._plan.columns if each.kind == "number" and each.name in schema.names]
        numbers = [NumberColumn.of(each, schema.field(each.name).type) for each in fields]
        checked = [each for each, number in zip(fields, numbers, strict=True) if number.has_all_digits]
        has_partitions = DAY.name in schema.names
        self._expect(causes, checked=checked, renamed=self._renamed)
        for since, until in self._spans():
            self._keep(
                of_readings(
                    self._source.relation,
                    numbers,
                    self._plan.interval_s,
                    since,
                    until,
                    has_partitions=has_partitions,
                )
            )
        renamed = self._renamed.column if self._renamed else None
        return numbers, verdicts_on_readings(fields, renamed, has_partitions=has_partitions)

    def differences(self) -> Iterator[Difference]:
        """All of them after `run`, by meter and hour; read from the disk as they are asked for."""
        rows = self._scratch.execute("SELECT * FROM verdicts ORDER BY mac, hour, verdict, name")
        while batch := rows.fetchmany(10_000):
            for mac, hour, column, verdict, readings, expected, found, cause in batch:
                at = None if hour is None else hour.replace(tzinfo=UTC)
                yield Difference(self._source.place, mac, at, column, verdict, readings, expected, found, cause)

    def _expect(
        self, causes: Counter[str], *, checked: Sequence[Column] | None = None, renamed: Renamed | None = None
    ) -> None:
        tables = expected_hours(
            self._scenario,
            self._plan,
            self._faults,
            checked=checked,
            renamed=renamed,
            workers=self._workers,
            stop=self._stop,
            causes=causes,
        )
        for table in tables:
            self._insert("expected", table)
        self._scratch.execute(
            "CREATE VIEW expected_delivered AS SELECT * EXCLUDE (view) FROM expected WHERE view = 'delivered'"
        )
        if self._only is not None:
            self._scratch.execute("DELETE FROM expected WHERE hour < $1 OR hour >= $2", list(self._only))
        once = VIEWS[DELIVERED if self._faults is None else DEDUPLICATED]
        self._scratch.execute(
            f"CREATE VIEW expected_deduplicated AS SELECT * EXCLUDE (view) FROM expected WHERE view = '{once}'"
        )

    def _keep(self, query: str) -> None:
        """Keep what the table answers."""
        self._insert("found", self._source.aggregate(query))
        if self._stop.is_set():
            raise Interrupted("stopped")

    def _insert(self, name: str, table: pa.Table) -> None:
        self._scratch.register("part", table)
        known = self._scratch.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [name]).fetchall()
        self._scratch.execute(f"INSERT INTO {name} FROM part" if known else f"CREATE TABLE {name} AS FROM part")
        self._scratch.unregister("part")

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

"""The table that a comparison names, held against its dataset."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from threading import Event

from wattif.answers.hour_parts import Renamed
from wattif.answers.reconcile.comparison import Comparison
from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.sources import DuckDbSource, WarehouseSource
from wattif.answers.reconcile.table_reconciliation import Counts, TableReconciliation
from wattif.engine.plan import Plan
from wattif.errors import UsageError
from wattif.faults.drift import drifted
from wattif.faults.plan import DrawnFaults
from wattif.model.scenario import scenario_of
from wattif.spec import Spec
from wattif.uploader.retrying import RetryPolicy
from wattif.warehouse.open import open_warehouse
from wattif.warehouse.place import WarehousePlace


@contextmanager
def compared_table(
    spec: Spec, whole: Spec, source: DuckDbSource | WarehouseSource, stop: Event
) -> Iterator[tuple[Counts, Iterator[Difference]]]:
    """The table *source* against the days of *spec* in the dataset *whole*.

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


def open_source(
    comparison: Comparison, place: WarehousePlace, retry: RetryPolicy | None
) -> DuckDbSource | WarehouseSource:
    """The table that *comparison* names, to be closed; *retry*: the patience with a warehouse that does not answer."""
    if comparison.parquet is not None:
        return DuckDbSource.of_parquet(comparison.parquet)
    if comparison.table is None:
        raise UsageError("nothing to compare; name a `table`, or files with `parquet`")
    if place.warehouse != "duckdb":
        return WarehouseSource(open_warehouse(place, retry=retry), comparison.table)
    return DuckDbSource.of_table(place.database_file, comparison.table)

"""How rows are parted into tasks, and which of these a query needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pyspark.sql.datasource import (
    EqualNullSafe,
    EqualTo,
    Filter,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    LessThan,
    LessThanOrEqual,
)

from wattif.face.rows import Rows
from wattif.model.anomaly_kinds import KINDS, weights_of
from wattif.spec import Spec
from wattif.tables.ddl.spark import DAY
from wattif.tables.unit import Unit

_ROWS = 2_000_000  # of a task: some seconds, of which Spark takes most
_TASKS = 100_000  # about, at most: a scheduler knows them all
_TIME = "timestamp"  # the column
_Moment = date | datetime


def parts(rows: Rows) -> Iterator[Unit]:
    """A unit for each task: a partition of the table, or a share of it, in whole files of the dataset."""
    spec, table = rows.spec, rows.table
    counts = {partition: table.rows(spec, partition).rows for partition in rows.partitions}
    room = max(_ROWS, sum(counts.values()) // _TASKS)
    for partition, count in counts.items():
        entities = table.entities(spec, partition)
        files = -(-entities // spec.meters_per_file)
        shares = max(1, min(-(-count // room), files))
        step = -(-files // shares) * spec.meters_per_file
        for first in range(0, entities, step):
            yield Unit(table.name, partition, first, min(step, entities - first))


def needed_days(days: Iterable[str], filters: Sequence[Filter], spec: Spec) -> list[str]:
    """Those of the *days* on which a row may be that passes all *filters*.

    Filters say something of a day by its name or by the time of a reading: the latter only where no meter's clock may
    be wrong.
    """
    bounds: dict[tuple[str, ...], Callable[[date], tuple[_Moment, _Moment]]] = {(DAY,): _of_day, (_TIME,): _of_times}
    if any(_TIME in KINDS[kind].visible_in for kind in weights_of(spec)):
        del bounds[_TIME,]
    telling = [(each, bounds.get(getattr(each, "attribute", ()))) for each in filters]
    return [
        day for day in days if all(of is None or _may_pass(each, *of(date.fromisoformat(day))) for each, of in telling)
    ]


def _of_day(day: date) -> tuple[date, date]:
    return day, day


def _of_times(day: date) -> tuple[datetime, datetime]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return midnight, midnight + timedelta(days=1, seconds=-1)


def _may_pass(found: Filter, first: _Moment, last: _Moment) -> bool:
    """Whether a value between *first* and *last* (both included) may pass a filter of its column."""
    value: Any = getattr(found, "value", None)
    match found:
        case In():
            return any(each is not None and first <= each <= last for each in value)
        case EqualTo() | EqualNullSafe() if value is not None:
            return bool(first <= value <= last)
        case GreaterThan():
            return bool(last > value)
        case GreaterThanOrEqual():
            return bool(last >= value)
        case LessThan():
            return bool(first < value)
        case LessThanOrEqual():
            return bool(first <= value)
    return True

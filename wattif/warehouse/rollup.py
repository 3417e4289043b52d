"""`wattif rollup`: readings to hours and months, day by day as they were loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from wattif.errors import WarehouseError
from wattif.numeric.calendar import month_after
from wattif.uploader.retrying import RetryPolicy
from wattif.warehouse.open import open_warehouse
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.statements import literal, read_sql
from wattif.warehouse.tables import HOURLY, MONTHLY
from wattif.warehouse.warehouse import Warehouse


@dataclass(frozen=True, kw_only=True)
class RollupReport:
    """What a roll-up did."""

    place: str
    days: int  # that were rolled up
    days_skipped: int  # that were rolled up already
    hours: int  # rows of the hourly table now
    readings: int  # that they count now, each timestamp of a meter once
    delivered: int  # readings in the loaded days, duplicates and all

    @property
    def summary(self) -> str:
        """What was done, for people."""
        skipped = f" ({self.days_skipped:,} were already rolled up)" if self.days_skipped else ""
        return (
            f"{self.days:,} days rolled up{skipped} in {self.place}: {HOURLY.name} holds {self.hours:,} hours of"
            f" {self.readings:,} readings; {self.delivered - self.readings:,} more were delivered again"
        )


def rollup(place: WarehousePlace, *, retry: RetryPolicy | None = None) -> RollupReport:
    """Roll up what was loaded into the warehouse at *place* since; `WarehouseError` when nothing is loaded.

    *retry*: how long to retry a warehouse that does not answer.
    """
    warehouse = open_warehouse(place, retry=retry)
    try:
        return roll_up_days(warehouse)
    finally:
        warehouse.close()


def roll_up_days(warehouse: Warehouse) -> RollupReport:
    """Compute the hours and months that days touch whose load is newer than their roll-up."""
    loads = warehouse.query(
        "SELECT dt, load_id, `rows`, first_time, last_time, rolled_up FROM wattif_loads ORDER BY dt"
    ).to_pylist()
    if not loads:
        raise WarehouseError(f"{warehouse.place}: no day is loaded; run 'python -m wattif load' first")
    for table in (HOURLY, MONTHLY):
        warehouse.create_table(table)
    pending = [load for load in loads if not load["rolled_up"]]
    spans = [*_near_spans(loads), *_far_spans(warehouse, loads)]
    own_days = {load["dt"] for load in pending}
    if far := [each for each in spans if each.is_far and each.day in own_days]:  # first, or a day would count as done
        first_hour, end_hour = min(each.first_hour for each in far), max(each.end_hour for each in far)
        days = _days(first_hour, end_hour, spans)
        warehouse.execute(_script(first_hour, end_hour, days), days=days)
    near = {each.day: each for each in spans if not each.is_far}
    for load in pending:
        own = near.get(load["dt"])
        days = _days(own.first_hour, own.end_hour, spans) if own else []
        script = _script(own.first_hour, own.end_hour, days) if own else ""
        done = f"UPDATE wattif_loads SET rolled_up = TRUE WHERE load_id = {literal(load['load_id'])};"
        warehouse.execute(f"{script}\n{done}", days=days)
    totals = warehouse.query(f"SELECT COUNT(*) AS hours, SUM(readings) AS readings FROM {HOURLY.name}").to_pylist()[0]
    return RollupReport(
        place=warehouse.place,
        days=len(pending),
        days_skipped=len(loads) - len(pending),
        hours=totals["hours"],
        readings=int(totals["readings"] or 0),
        delivered=sum(load["rows"] for load in loads),
    )


@dataclass(frozen=True, kw_only=True)
class _Span:
    """The hours that readings of a day touch: those around it, or those where a clock that was reset puts them."""

    day: date
    first_hour: datetime
    end_hour: datetime  # excluded
    is_far: bool = False


def _near(day: date) -> tuple[datetime, datetime]:
    """Where the timestamps of a day lie if its clocks are right, or wrong by less than a day."""
    start = datetime.combine(day, time(), UTC)
    return start - timedelta(days=1), start + timedelta(days=2)


def _near_spans(loads: Sequence[dict[str, Any]]) -> Iterator[_Span]:
    for load in loads:
        if load["first_time"] is not None:  # a day with a reading
            since, until = _near(load["dt"])
            first_hour, end_hour = _hour(load["first_time"]), _hour(load["last_time"]) + timedelta(hours=1)
            if first_hour < until and end_hour > since:
                yield _Span(day=load["dt"], first_hour=max(first_hour, since), end_hour=min(end_hour, until))


def _far_spans(warehouse: Warehouse, loads: Sequence[dict[str, Any]]) -> Iterator[_Span]:
    """Asked of the readings, and only of days that have any far ones: a load tells the span of all."""
    days = [
        load["dt"]
        for load in loads
        if load["first_time"] is not None
        and (load["first_time"] < _near(load["dt"])[0] or load["last_time"] >= _near(load["dt"])[1])
    ]
    if not days:
        return
    found = warehouse.query(
        "SELECT dt, MIN(`timestamp`) AS first_time, MAX(`timestamp`) AS last_time FROM smart_meter_readings"
        f" WHERE dt IN ({', '.join(map(literal, days))}) AND (`timestamp` < TIMESTAMP(DATE_SUB(dt, INTERVAL 1 DAY))"
        " OR `timestamp` >= TIMESTAMP(DATE_ADD(dt, INTERVAL 2 DAY))) GROUP BY dt ORDER BY dt"
    )
    for row in found.to_pylist():
        end_hour = _hour(row["last_time"]) + timedelta(hours=1)
        yield _Span(day=row["dt"], first_hour=_hour(row["first_time"]), end_hour=end_hour, is_far=True)


def _days(first_hour: datetime, end_hour: datetime, spans: Sequence[_Span]) -> list[date]:
    """The days whose readings touch a span of hours: clocks of other days may, too."""
    return sorted({each.day for each in spans if each.first_hour < end_hour and each.end_hour > first_hour})


def _script(first_hour: datetime, end_hour: datetime, days: Sequence[date]) -> str:
    """The roll-up of a span from the readings of *days*."""
    last_month = (end_hour - timedelta(hours=1)).date().replace(day=1)
    return read_sql(
        "roll_up_span.sql",
        first_hour=literal(first_hour),
        end_hour=literal(end_hour),
        days=", ".join(map(literal, days)),
        first_month=literal(first_hour.date().replace(day=1)),
        end_month=literal(month_after(last_month)),
    )


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)

"""`wattif rollup`: readings to hours and months, day by day as they were loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    for load in pending:
        warehouse.execute(_script(load, loads))
    totals = warehouse.query(f"SELECT COUNT(*) AS hours, SUM(readings) AS readings FROM {HOURLY.name}").to_pylist()[0]
    return RollupReport(
        place=warehouse.place,
        days=len(pending),
        days_skipped=len(loads) - len(pending),
        hours=totals["hours"],
        readings=int(totals["readings"] or 0),
        delivered=sum(load["rows"] for load in loads),
    )


def _script(load: dict[str, Any], loads: Sequence[dict[str, Any]]) -> str:
    """A day's roll-up. Its readings may reach into hours of its neighbours, whose clocks may be wrong, and theirs
    into its own: all days whose readings touch its hours are read.
    """
    if load["first_time"] is None:  # a day without a reading
        return f"UPDATE wattif_loads SET rolled_up = TRUE WHERE load_id = {literal(load['load_id'])};"
    first_hour, end_hour = _hour(load["first_time"]), _hour(load["last_time"]) + timedelta(hours=1)
    days = [
        each["dt"]
        for each in loads
        if each["first_time"] is not None and each["first_time"] < end_hour and each["last_time"] >= first_hour
    ]
    last_month = (end_hour - timedelta(hours=1)).date().replace(day=1)
    return read_sql(
        "roll_up_day.sql",
        first_hour=literal(first_hour),
        end_hour=literal(end_hour),
        days=", ".join(map(literal, days)),
        first_month=literal(first_hour.date().replace(day=1)),
        end_month=literal(month_after(last_month)),
        load_id=literal(load["load_id"]),
    )


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)

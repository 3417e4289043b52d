"""The hours that `rollup` makes of loaded readings."""

from __future__ import annotations

from wattif.tables.hours import HOUR, HOUR_COLUMNS
from wattif.tables.table import Table

TABLE = Table(
    name="smart_meter_readings_hour_rolled",
    description="readings by meter and hour, each timestamp of a meter counted once",
    columns=HOUR_COLUMNS,
    key=("mac", HOUR.name),
    day_column=HOUR.name,
    cluster_column="mac",
)

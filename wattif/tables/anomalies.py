"""What the last scan found: hours that it flagged, and hours that it could not judge."""

from __future__ import annotations

from wattif.tables.column import MAC, Column
from wattif.tables.hours import HOUR, METRIC_COLUMNS
from wattif.tables.table import Table

VERDICT_COLUMNS = (
    MAC,
    HOUR,
    Column("metric", "text", ", ".join(f"{metric}: {name}" for metric, name in METRIC_COLUMNS.items())),
    Column("value", "float", "of the metric, Wh; NULL for an hour without readings, or without values in them"),
    Column("is_anomaly", "boolean", "NULL: no verdict"),
    Column("anomaly_probability", "float", "an hour is an anomaly above the threshold"),
    Column("lower_bound", "float", "an hour below it is an anomaly", unit="Wh"),
    Column("upper_bound", "float", "an hour above it is an anomaly", unit="Wh"),
)
TABLE = Table(
    name="smart_meter_anomalies",
    description="hours that the scan flagged, and hours that it could not judge",
    columns=VERDICT_COLUMNS,
    key=("mac", HOUR.name, "metric"),
    day_column=HOUR.name,
    cluster_column="mac",
)

"""The warehouse's tables by the names that its verbs know them by; each is declared in `wattif.tables`."""

from __future__ import annotations

from wattif.tables.anomalies import TABLE as ANOMALIES
from wattif.tables.bad_records import TABLE as BAD_RECORDS
from wattif.tables.column import Column
from wattif.tables.hourly_rollup import TABLE as HOURLY
from wattif.tables.hours import METRIC_COLUMNS, METRICS
from wattif.tables.loaded_readings import TABLE as _LOADED
from wattif.tables.loaded_readings import readings_table
from wattif.tables.loaded_tables import TABLE as LOADED_TABLES
from wattif.tables.loads import TABLE as LOADS
from wattif.tables.monthly_rollup import TABLE as MONTHLY
from wattif.tables.scans import TABLE as SCANS
from wattif.tables.table import Table

__all__ = [
    "ANOMALIES",
    "BAD_RECORDS",
    "HOURLY",
    "LOADED_TABLES",
    "LOADS",
    "METRICS",
    "METRIC_COLUMNS",
    "MODEL_NAME",
    "MONTHLY",
    "READINGS",
    "SCANS",
    "Column",
    "Table",
    "readings_table",
]

READINGS = _LOADED.name
MODEL_NAME = "smart_meter_arima"  # of a metric's ARIMA_PLUS model, before _avg or _max

"""What the last scan of each metric judged."""

from __future__ import annotations

from wattif.tables.column import Column
from wattif.tables.table import Table

TABLE = Table(
    name="smart_meter_scans",
    description="what the last scan of each metric judged",
    columns=(
        Column("metric", "text", "AVG or MAX"),
        Column("threshold", "float", "probability above which an hour is an anomaly"),
        Column("train_from", "date", "first day (UTC) of the training"),
        Column("train_until", "date", "last day (UTC) of the training"),
        Column("scan_from", "date", "first day (UTC) that was judged"),
        Column("scan_until", "date", "last day (UTC) that was judged"),
        Column("hours", "number", "hours of meters that were to be judged"),
        Column("anomalies", "number", "of them anomalies"),
        Column("no_verdict", "number", "of them without a verdict"),
        Column("without_value", "number", "of those without a verdict: no reading came, or none had a value"),
        Column("scanned_at", "timestamp", "when"),
    ),
    key=("metric",),
)

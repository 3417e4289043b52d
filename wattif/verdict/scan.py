"""`wattif scan`: verdicts on hours, learned from the days before them; flagged hours go to the results' table."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from wattif.errors import InvalidValue, WarehouseError
from wattif.uploader.retrying import RetryPolicy
from wattif.verdict.judges import judge
from wattif.verdict.scan_options import LEAST_TRAINING_DAYS, MOST_DEFAULT_TRAINING_DAYS, ScanOptions
from wattif.verdict.window import ScanWindow
from wattif.warehouse.open import open_warehouse
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.statements import literal, read_sql
from wattif.warehouse.tables import ANOMALIES, HOURLY, SCANS
from wattif.warehouse.warehouse import Warehouse, temporary_tables
from wattif.wording import days_text


@dataclass(frozen=True, kw_only=True)
class MetricReport:
    """What the scan found of one metric."""

    metric: str
    hours: int  # of meters that were to be judged
    anomalies: int
    no_verdict: int
    without_value: int  # of those without a verdict


@dataclass(frozen=True, kw_only=True)
class ScanReport:
    """What a scan found."""

    place: str
    threshold: float
    window: ScanWindow
    metrics: tuple[MetricReport, ...]

    @property
    def summary(self) -> str:
        """What was found, for people."""
        window = self.window
        lines = [
            f"learned from {window.train_from} to {window.train_until}, judged {window.scan_from} to"
            f" {window.scan_until} at {self.threshold}; results in {self.place}: {ANOMALIES.name}"
        ]
        for each in self.metrics:
            share = each.anomalies / max(each.hours - each.no_verdict, 1)
            lines.append(
                f"{each.metric}: {each.anomalies:,} of {each.hours:,} hours are anomalies ({share:.2%} of the judged);"
                f" no verdict on {each.no_verdict:,}, {each.without_value:,} of them without a value"
            )
        return "\n".join(lines)


def scan(place: WarehousePlace, options: ScanOptions, *, retry: RetryPolicy | None = None) -> ScanReport:
    """Scan the hours in the warehouse at *place*; *retry*: how long to retry one that does not answer.

    `InvalidValue` when the days do not suffice, `WarehouseError` when nothing is rolled up.
    """
    warehouse = open_warehouse(place, retry=retry)
    try:
        return scan_hours(options, warehouse)
    finally:
        warehouse.close()


def scan_hours(options: ScanOptions, warehouse: Warehouse) -> ScanReport:
    """Judge the hours of each metric, and keep what was flagged, and what has no verdict."""
    window = window_of(options, _rolled_up_days(warehouse))
    for table in (ANOMALIES, SCANS):
        warehouse.create_table(table)
    for metric in options.metric_names:
        verdicts = replace(ANOMALIES, name=f"wattif_verdicts_{uuid.uuid4().hex}")
        with temporary_tables(warehouse, verdicts):
            judge(warehouse, metric, window, options.threshold, verdicts)
            warehouse.execute(
                read_sql(
                    "keep_verdicts.sql",
                    package="wattif.verdict",
                    verdicts=f"`{verdicts.name}`",
                    metric=literal(metric),
                    threshold=literal(options.threshold),
                    train_from=literal(window.train_from),
                    train_until=literal(window.train_until),
                    scan_from=literal(window.scan_from),
                    scan_until=literal(window.scan_until),
                )
            )
    return ScanReport(
        place=warehouse.place,
        threshold=options.threshold,
        window=window,
        metrics=_metric_reports(warehouse, options.metric_names),
    )


def _rolled_up_days(warehouse: Warehouse) -> list[date]:
    loads = warehouse.query("SELECT dt, rolled_up FROM wattif_loads ORDER BY dt").to_pylist()
    if not loads:
        raise WarehouseError(f"{warehouse.place}: no day is loaded; run 'python -m wattif load' and 'rollup' first")
    waiting = [load["dt"] for load in loads if not load["rolled_up"]]
    if waiting:
        raise WarehouseError(
            f"{warehouse.place}: {HOURLY.name} lacks {len(waiting)} of {len(loads)} loaded days, first"
            f" {waiting[0]}; run 'python -m wattif rollup' first"
        )
    return [load["dt"] for load in loads]


def window_of(options: ScanOptions, days: Sequence[date]) -> ScanWindow:
    """Which of the rolled-up *days*, in order, are learned from and which judged; `InvalidValue` when they are too few.

    Without `train_until`, half of the days are learned from, but from 7 to 28.
    """
    if options.train_until is not None:
        train_until = options.train_until
    elif options.scan_from is not None:
        train_until = options.scan_from - timedelta(days=1)
    else:
        wanted = min(max(len(days) // 2, LEAST_TRAINING_DAYS), MOST_DEFAULT_TRAINING_DAYS)
        train_until = days[min(wanted, len(days)) - 1]
    training = [day for day in days if day <= train_until]
    scan_from = options.scan_from or train_until + timedelta(days=1)
    judged = [day for day in days if day >= scan_from]
    span = f"the warehouse holds {days_text(days)}"
    if len(training) < LEAST_TRAINING_DAYS:
        raise InvalidValue(
            "train_until",
            train_until,
            f"{len(training)} days are too few to learn from: {LEAST_TRAINING_DAYS} are needed; {span}: choose a later"
            " day, or generate and load more days",
        )
    if not judged:
        raise InvalidValue(
            "scan_from",
            scan_from,
            f"no day is left to judge; {span}: choose an earlier `train_until`, or generate and load more days",
        )
    return ScanWindow(train_from=training[0], train_until=training[-1], scan_from=judged[0], scan_until=judged[-1])


def _metric_reports(warehouse: Warehouse, metrics: Sequence[str]) -> tuple[MetricReport, ...]:
    rows: list[dict[str, Any]] = warehouse.query(
        f"SELECT metric, hours, anomalies, no_verdict, without_value FROM {SCANS.name} ORDER BY metric"
    ).to_pylist()
    return tuple(MetricReport(**row) for row in rows if row["metric"] in metrics)

"""How each warehouse judges hours: it learns a metric from the training days, then writes a verdict on each later hour.

DuckDB: a robust seasonal baseline of each meter; PostgreSQL: the same, by DuckDB on this machine. BigQuery: an
ARIMA_PLUS model with a series for each meter. See docs/warehouse.md. Another warehouse is one more entry in `JUDGES`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from wattif.errors import WarehouseError
from wattif.tables.hours import HOUR
from wattif.verdict.window import ScanWindow
from wattif.warehouse.statements import literal, read_sql
from wattif.warehouse.tables import HOURLY, LOADS, METRIC_COLUMNS, MODEL_NAME, Table
from wattif.warehouse.warehouse import Warehouse

LONGEST_HORIZON_HOURS = 10_000  # of a forecast by ARIMA_PLUS
_HOUR_OF_WEEK_DAYS = 21  # of training, from which on each hour of the week has a baseline of its own
_HOUR_OF_WEEK = "isodow({0}) * 24 + hour({0})"
_HOUR_AND_WEEKEND = "if(isodow({0}) >= 6, 24, 0) + hour({0})"
_SQL = "wattif.verdict"


def judge(warehouse: Warehouse, metric: str, window: ScanWindow, threshold: float, verdicts: Table) -> None:
    """Learn *metric* and write a verdict on each hour that can be judged into the temporary table *verdicts*.

    *threshold*: the probability from which an hour is an anomaly. Raises `WarehouseError` when the window is too long.
    """
    JUDGES[warehouse.dialect](warehouse, metric, window, threshold, verdicts)


def _by_baseline(warehouse: Warehouse, metric: str, window: ScanWindow, threshold: float, verdicts: Table) -> None:
    by_week = (window.train_until - window.train_from).days + 1 >= _HOUR_OF_WEEK_DAYS
    season = _HOUR_OF_WEEK if by_week else _HOUR_AND_WEEKEND
    warehouse.run_native(
        read_sql(
            "baseline.duckdb.sql",
            package=_SQL,
            verdicts=f'"{verdicts.name}"',
            column=METRIC_COLUMNS[metric],
            metric=literal(metric),
            threshold=literal(threshold),
            season=season.format(HOUR.name),
            expected_season=season.format(f"expected.{HOUR.name}"),
            train_start=literal(window.start_of(window.train_from)),
            train_end=literal(window.end_of(window.train_until)),
            scan_from=literal(window.scan_from),
            scan_until=literal(window.scan_until),
            scan_end=literal(window.end_of(window.scan_until)),
        )
    )


def _by_baseline_here(warehouse: Warehouse, metric: str, window: ScanWindow, threshold: float, verdicts: Table) -> None:
    """The baseline of DuckDB for a warehouse that has no such functions: its hours come here, the verdicts go back."""
    from wattif.warehouse.duckdb_warehouse import DuckDBWarehouse

    hours = warehouse.query(
        f"SELECT * FROM {HOURLY.name} WHERE {HOUR.name} >= {literal(window.start_of(window.train_from))}"
        f" AND {HOUR.name} < {literal(window.end_of(window.scan_until))}"
    )
    with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
        here = DuckDBWarehouse(Path(folder, "scan.duckdb"), create=True)
        try:
            here.put_table(HOURLY, hours.to_reader())
            here.put_table(LOADS, warehouse.query(f"SELECT * FROM {LOADS.name}").to_reader())
            _by_baseline(here, metric, window, threshold, verdicts)
            warehouse.put_table(verdicts, here.query(f"SELECT * FROM `{verdicts.name}`").to_reader())
        finally:
            here.close()


def _by_arima(warehouse: Warehouse, metric: str, window: ScanWindow, threshold: float, verdicts: Table) -> None:
    if window.horizon_hours > LONGEST_HORIZON_HOURS:
        raise WarehouseError(
            f"{warehouse.place}: from {window.train_until} to {window.scan_until} are {window.horizon_hours:,} hours,"
            f" ARIMA_PLUS forecasts {LONGEST_HORIZON_HOURS:,}; choose a later `train_until`"
        )
    values = {
        "dataset": warehouse.place,
        "model": f"{MODEL_NAME}_{metric.lower()}",
        "column": METRIC_COLUMNS[metric],
        "train_start": literal(window.start_of(window.train_from)),
        "train_end": literal(window.end_of(window.train_until)),
    }
    horizon = literal(window.horizon_hours)
    warehouse.run_native(read_sql("arima_model.bigquery.sql", package=_SQL, horizon=horizon, **values))
    warehouse.run_native(
        read_sql(
            "arima_verdicts.bigquery.sql",
            package=_SQL,
            verdicts=f"`{verdicts.name}`",
            metric=literal(metric),
            threshold=literal(threshold),
            scan_from=literal(window.scan_from),
            scan_until=literal(window.scan_until),
            scan_start=literal(window.start_of(window.scan_from)),
            scan_end=literal(window.end_of(window.scan_until)),
            **values,
        )
    )


Judge = Callable[[Warehouse, str, ScanWindow, float, Table], None]
JUDGES: Mapping[str, Judge] = {
    "duckdb": _by_baseline,
    "bigquery": _by_arima,
    "postgres": _by_baseline_here,
}  # by the warehouse's dialect

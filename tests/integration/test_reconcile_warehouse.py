"""What WattIf itself loads and rolls up, held against what it must hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.reconciling import make_lake, reconcile
from tests.warehouses import load, rollup

READINGS, HOURLY = "smart_meter_readings", "smart_meter_readings_hour_rolled"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The energy is called otherwise from the second of three days on; clocks are wrong, rows doubled and corrupt."""
    lake = make_lake(
        tmp_path_factory.mktemp("warehouse"),
        end="2024-01-03",
        columns="mac,timestamp,consumption_wh",
        faults="duplicate=0.02,corrupt=0.01,drop=0.02,schema_drift=2024-01-02:renamed",
        anomaly_rate=0.6,
        anomalies="clock_skew=3,missing,outage",
        meters=30,
    )
    load(lake=lake)
    rollup(lake=lake)
    return lake


def _reconcile(lake: Path, *arguments: str) -> tuple[bool, dict[str, Any]]:
    return reconcile("--lake", str(lake), *arguments)


def test_readings_and_hours_are_as_expected(lake: Path) -> None:
    explained, report = _reconcile(lake, "--table", READINGS)
    assert (explained, report["differences"]) == (True, [])
    explained, report = _reconcile(lake, "--table", HOURLY)
    assert explained
    inside = [each for each in report["differences"] if each["hour"] >= "2024-01-02T01"]
    assert {(each["column"], each["found"], each["cause"]) for each in inside} == {
        (column, None, "schema_drift") for column in ("consumption_hour_rolled", "consumption_avg", "consumption_max")
    }
    assert all(each["hour"] >= "2024-01-01T23" for each in report["differences"])


@pytest.mark.parametrize("table", [READINGS, HOURLY])
def test_some_days_of_a_table_say_nothing_of_the_others(lake: Path, table: str) -> None:
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        explained, report = _reconcile(lake, "--table", table, "--start", day, "--end", day)
        assert explained, report["differences"][:3]
        assert 0 < report["summary"]["hours"] <= 30 * 24

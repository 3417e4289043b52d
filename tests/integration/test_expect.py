"""The expected tables against what DuckDB makes of the readings themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.asking import Asked, Asking
from tests.rows import ALL_COLUMNS, PatternPlan, clean_lines, load
from wattif.answers.expect import expect
from wattif.engine.plan import Plan
from wattif.errors import Interrupted, LakeError, UsageError
from wattif.faults.plan import FaultPlan

VIEWS = ("measured", "delivered", "deduplicated")
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "a narrow row": {"columns": "timestamp,power_w,mac"},
    "all columns, two cities, panels and cars": {
        "columns": ALL_COLUMNS,
        "city": "manila,london",
        "solar_share": 1,
        "ev_share": 0.5,
        "meters": 45,
    },
    "all that goes wrong at meters": {"anomaly_rate": 1, "meters": 230, "columns": ALL_COLUMNS, "solar_share": 0.3},
    "wrong clocks": {"anomaly_rate": 1, "anomalies": "clock_skew", "meters": 210},
    "wrong clocks at both ends": {
        "anomaly_rate": 1,
        "anomalies": "clock_skew",
        "meters": 100,
        "interval": 600,
        "start": "2024-02-01",
        "seed": 38,
    },
    "what is told wrongly": {
        "anomaly_rate": 1,
        "anomalies": "wrong_multiplier,phase_loss,repeats,catch_up,estimated,register_zero,register_digit",
        "meters": 60,
        "columns": ALL_COLUMNS,
        "solar_share": 0.3,
    },
    "clocks that began anew": {
        "anomaly_rate": 1,
        "anomalies": "clock_reset",
        "meters": 210,
        "columns": ALL_COLUMNS,
        "solar_share": 0.3,
    },
    "meters that are changed": {
        "anomaly_rate": 1,
        "anomalies": "exchange,swapped",
        "meters": 45,
        "columns": ALL_COLUMNS,
        "solar_share": 0.3,
    },
    "outages": {"anomaly_rate": 1, "anomalies": "outage,missing", "meters": 40, "interval": 60},
}


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _asked(settings: Asking, **changes: Any) -> Asked:
    """Four days across the end of a month, files and batches that end within a transformer."""
    return settings(**{"start": "2024-01-30", "end": "2024-02-02", "meters_per_file": 3, "interval": 300, **changes})


def _expect(asked: Asked, faults: FaultPlan | None = None, **changes: Any) -> Path:
    out = asked.lake.parent / "expected"
    expect(asked.spec, asked.place, **{"out": out, "faults": faults, **changes})
    return out


def _equal(connection: duckdb.DuckDBPyConnection, expected: Path, columns: str, ours: str) -> int:
    """Hold a Parquet file against a query of the readings; how many rows both have."""
    table = f"SELECT {columns} FROM read_parquet('{expected}')"
    for more, less in ((table, ours), (ours, table)):
        assert connection.sql(f"{more} EXCEPT ALL {less}").fetchall()[:3] == []
    return _count(connection, f"({ours})")


def _count(connection: duckdb.DuckDBPyConnection, of: str) -> int:
    (count,) = connection.sql(f"SELECT count(*) FROM {of}").fetchall()[0]
    return int(count)


def _hold(connection: duckdb.DuckDBPyConnection, folder: Path, table: str, numbers: list[str]) -> int:
    """All tables of a view against *table*; the rows of the hourly one."""
    key = "mac, date_trunc('hour', timestamp)::TIMESTAMPTZ"
    hours = 0
    if "consumption_wh" in numbers:
        hours = _equal(
            connection,
            folder / "hourly" / "*.parquet",
            "* EXCLUDE (consumption_avg), round(consumption_avg, 9)",
            f"SELECT {key}, sum(consumption_wh)::DECIMAL(18,3), max(consumption_wh), count(*),"
            f" round((sum(consumption_wh) / count(*))::DOUBLE, 9) FROM {table} GROUP BY ALL",
        )
        _equal(
            connection,
            folder / "daily" / "*.parquet",
            "*",
            f"SELECT mac, timestamp::DATE, sum(consumption_wh)::DECIMAL(18,3), count(*) FROM {table} GROUP BY ALL",
        )
        _equal(
            connection,
            folder / "monthly.parquet",
            "*",
            "SELECT mac, date_trunc('month', timestamp)::DATE, sum(consumption_wh)::DECIMAL(18,3), count(*)"
            f" FROM {table} GROUP BY ALL",
        )
    else:
        _equal(
            connection,
            folder / "hourly" / "*.parquet",
            "mac, time_hour_rolled, readings",
            f"SELECT {key}, count(*) FROM {table} GROUP BY ALL",
        )
    sums = ", ".join(f"sum({name})" for name in numbers)
    _equal(
        connection,
        folder / "partitions.parquet",
        "*",
        f"SELECT dt, count(*), count(DISTINCT mac), {sums} FROM {table} GROUP BY dt",
    )
    return hours


def _numbers(asked: Asked) -> list[str]:
    return [field.name for field in Plan.of(asked).columns if field.kind == "number"]


@pytest.mark.parametrize("case", CASES)
def test_tables_are_the_sums_of_the_readings(
    settings: Asking, connection: duckdb.DuckDBPyConnection, tmp_path: Path, case: str
) -> None:
    asked = _asked(settings, **CASES[case])
    load(connection, "readings", tmp_path / "rows", clean_lines(asked))
    expected = _expect(asked)
    for view in VIEWS:
        hours = _hold(connection, expected / view, "readings", _numbers(asked))
    if case == "plain":
        assert hours == 4 * 24 * 10
    if case.startswith("wrong clocks"):  # or the test would prove nothing
        assert _count(connection, "readings WHERE month(timestamp) <> month(dt)") > 0
    if case.startswith("clocks"):
        for year in (1970, 2000):
            assert _count(connection, f"readings WHERE year(timestamp) = {year}") > 1000
            assert (expected / "measured" / "hourly" / f"{year}-01.parquet").is_file()
    if case.endswith("both ends"):
        assert _count(connection, "readings WHERE timestamp < '2024-02-01'") > 0
        assert _count(connection, "readings WHERE timestamp >= '2024-02-03'") > 0


@pytest.mark.parametrize("anomaly_rate", [0, 1])
def test_views_differ_by_the_faults_on_the_way(
    settings: Asking, connection: duckdb.DuckDBPyConnection, tmp_path: Path, anomaly_rate: int
) -> None:
    asked = _asked(
        settings, columns=ALL_COLUMNS, anomaly_rate=anomaly_rate, meters=25, anomalies="all" if anomaly_rate else "none"
    )
    faults = PatternPlan(asked)
    load(connection, "measured", tmp_path / "measured", clean_lines(asked))
    load(connection, "delivered", tmp_path / "delivered", faults.deliver())
    connection.execute("CREATE TABLE deduplicated AS SELECT DISTINCT ON (mac, timestamp) * FROM delivered")
    expected = _expect(asked, faults)
    for view in VIEWS:
        _hold(connection, expected / view, view, _numbers(asked))
    measured, arrived, once = (_count(connection, view) for view in VIEWS)
    assert once < measured
    assert once < arrived != measured


def test_columns_say_what_they_are(settings: Asking) -> None:
    expected = _expect(_asked(settings))
    for path in expected.rglob("*.parquet"):
        for field in pq.read_schema(path):
            assert field.metadata[b"description"], f"{path.name}: {field.name}"
    view = expected / "delivered"
    assert {path.relative_to(view).as_posix() for path in view.rglob("*.parquet")} == {
        "hourly/2024-01.parquet",
        "hourly/2024-02.parquet",
        "daily/2024-01.parquet",
        "daily/2024-02.parquet",
        "monthly.parquet",
        "partitions.parquet",
    }


def test_threads_change_no_byte(settings: Asking) -> None:
    asked = _asked(settings, meters=450, interval=3600, anomaly_rate=0.3)
    one = {path.name: path.read_bytes() for path in _expect(asked, workers=1).rglob("*.parquet")}
    three = {path.name: path.read_bytes() for path in _expect(asked, workers=3).rglob("*.parquet")}
    assert one == three


def test_tables_of_another_dataset_do_not_go_into_the_lake(settings: Asking) -> None:
    from tests.asking import generate

    asked = _asked(settings)
    generate(asked, Event())
    _expect(asked, out=None)
    assert (asked.lake / "_wattif" / "expected" / "measured" / "monthly.parquet").is_file()
    with pytest.raises(LakeError, match="seed is 42 there and 7 here"):
        _expect(_asked(settings, seed=7), out=None)


def test_a_stopped_run_says_so_and_leaves_nothing(settings: Asking, tmp_path: Path) -> None:
    asked = _asked(settings)
    stop = Event()
    stop.set()
    with pytest.raises(Interrupted):
        expect(asked.spec, asked.place, out=tmp_path / "out", stop=stop)
    assert not list(tmp_path.rglob("*.parquet"))


def test_out_must_be_a_folder(settings: Asking, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"`out` .*file: not a folder"):
        _expect(_asked(settings), out=tmp_path / "file")

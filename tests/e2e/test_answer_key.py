"""The whole answer key on one lake in which everything goes wrong: generate, expect, load, reconcile."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import orjson
import pytest

from tests import processes
from tests.commands import run_wattif
from tests.processes import without_compiling

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS = "mac,timestamp,consumption_wh,power_w,register_kwh,seq"
FAULTS = (
    "duplicate=0.01,late=0.01:6h,drop=0.005,out_of_order=0.01,corrupt=0.002,partial_line=0.3,file_missing=0.1,"
    "batch_twice=0.2,schema_drift=2024-01-03:renamed"
)
TYPES = {
    "mac": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "consumption_wh": "DECIMAL(18,3)",
    "power_w": "INTEGER",
    "register_kwh": "DECIMAL(18,3)",
    "seq": "INTEGER",
}


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_wattif(folder, *arguments)


def _query(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(folder / "t.duckdb") as database:
        database.execute("SET TimeZone = 'UTC'")
        return database.execute(sql).fetchall()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of 4 days of 60 meters with anomalies and all faults, loaded as it is into a table of DuckDB."""
    folder = tmp_path_factory.mktemp("answer")
    made = _run(
        folder,
        "generate",
        "--start",
        "2024-01-01",
        "--end",
        "2024-01-04",
        "--meters",
        "60",
        "--interval",
        "300",
        "--meters-per-file",
        "5",
        "--batch-files",
        "3",
        "--columns",
        COLUMNS,
        "--anomaly-rate",
        "0.5",
        "--faults",
        FAULTS,
        "--quiet",
    )
    assert (made.returncode, made.stderr) == (0, "")
    types = ", ".join(f"{name}: '{kind}'" for name, kind in TYPES.items())
    _query(
        folder,
        f"CREATE TABLE readings AS SELECT * FROM read_json('{folder}/lake/dt=*/*.json', format = 'newline_delimited',"
        f" columns = {{{types}}}, ignore_errors = true) WHERE mac IS NOT NULL",
    )
    return folder


@pytest.mark.timeout(300)
def test_the_lake_is_what_was_asked_for(home: Path) -> None:
    for options in ((), ("--deep",)):
        reconciled = _run(home, "reconcile", *options)
        assert (reconciled.returncode, without_compiling(reconciled.stderr)) == (0, ""), reconciled.stdout
        assert reconciled.stdout.endswith("no difference\n")
        assert "on purpose: batch_twice" in reconciled.stdout


@pytest.mark.timeout(300)
def test_the_table_is_what_was_expected_and_so_is_its_hourly_one(home: Path) -> None:
    reconciled = _run(home, "reconcile", "--table", "readings", "--database", "t.duckdb")
    assert (reconciled.returncode, without_compiling(reconciled.stderr)) == (0, ""), reconciled.stdout
    assert "drop" in reconciled.stdout
    _query(
        home,
        "CREATE OR REPLACE TABLE hourly AS SELECT mac, date_trunc('hour', timestamp) AS time_hour_rolled,"
        " sum(consumption_wh) AS consumption_hour_rolled, avg(consumption_wh) AS consumption_avg,"
        " max(consumption_wh) AS consumption_max, count(*) AS readings"
        " FROM (SELECT DISTINCT ON (mac, timestamp) * FROM readings) GROUP BY ALL",
    )
    hourly = _run(home, "reconcile", "--table", "hourly", "--database", "t.duckdb")
    assert (hourly.returncode, without_compiling(hourly.stderr)) == (0, ""), hourly.stdout


@pytest.mark.timeout(300)
def test_the_expected_hours_are_those_of_the_lake(home: Path) -> None:
    assert _run(home, "expect", "--quiet").returncode == 0
    hours = "date_trunc('hour', timestamp) AS time_hour_rolled, sum(consumption_wh) AS wh, count(*) AS readings"
    for view, rows in {
        "delivered": "readings",
        "deduplicated": "(SELECT DISTINCT ON (mac, timestamp) * FROM readings)",
    }.items():
        expected = (
            "SELECT mac, time_hour_rolled::TIMESTAMP, consumption_hour_rolled, readings"
            f" FROM read_parquet('{home}/lake/_wattif/expected/{view}/hourly/*.parquet')"
        )
        found = f"SELECT mac, {hours} FROM {rows} GROUP BY ALL"
        assert _query(home, f"({expected}) EXCEPT ALL ({found})") == []
        assert _query(home, f"({found}) EXCEPT ALL ({expected})") == []
        assert _query(home, f"SELECT count(*) > 1000 FROM ({expected})") == [(True,)]


@pytest.mark.timeout(300)
def test_some_days_are_expected_as_the_whole_dataset_has_them(home: Path) -> None:
    """Anomalies are spread over all days, and registers count from the first."""
    some = ("--start", "2024-01-03", "--end", "2024-01-03")
    assert _run(home, "expect", *some, "--out", "some", "--quiet").returncode == 0
    hours = "date_trunc('hour', timestamp) AS time_hour_rolled, sum(consumption_wh) AS wh, count(*) AS readings"
    expected = (
        "SELECT mac, time_hour_rolled::TIMESTAMP, consumption_hour_rolled, readings"
        f" FROM read_parquet('{home}/some/delivered/hourly/*.parquet')"
        " WHERE time_hour_rolled::TIMESTAMP BETWEEN '2024-01-03 01:00' AND '2024-01-03 22:00'"  # clocks may be wrong
    )
    found = (
        f"SELECT mac, {hours} FROM readings"
        " WHERE timestamp >= '2024-01-03 01:00' AND timestamp < '2024-01-03 23:00' GROUP BY ALL"
    )
    assert _query(home, f"({expected}) EXCEPT ALL ({found})") == []
    assert _query(home, f"({found}) EXCEPT ALL ({expected})") == []
    for what in (("--deep",), ("--table", "readings", "--database", "t.duckdb")):
        reconciled = _run(home, "reconcile", *some, *what)
        assert (reconciled.returncode, without_compiling(reconciled.stderr)) == (0, ""), reconciled.stdout


@pytest.mark.timeout(300)
@pytest.mark.parametrize("options", [("--deep",), ("--table", "readings", "--database", "t.duckdb")])
def test_a_comparison_is_interrupted_in_one_line(home: Path, options: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "wattif", "reconcile", *options],
        cwd=home,
        stderr=subprocess.PIPE,
        text=True,
        stdout=subprocess.DEVNULL,
        env=processes.environment(home, PYTHONPATH=str(ROOT)),
    )
    processes.wait_until_it_listens_to_signals(process)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    if process.returncode != 0:  # it may have been faster
        assert process.returncode == 130
        assert error.splitlines()[-1] == "wattif reconcile: interrupted: nothing was changed"
    assert "Traceback" not in error


@pytest.mark.timeout(300)
def test_what_the_pipeline_lost_is_named(home: Path) -> None:
    """One reading lost, one changed by a digit, among all that went wrong on purpose."""
    _query(home, "CREATE OR REPLACE TABLE damaged AS FROM readings")
    ((mac, lost),) = _query(
        home, "SELECT min(mac), max(timestamp) FROM readings WHERE mac = (SELECT min(mac) FROM readings)"
    )
    _query(home, f"DELETE FROM damaged WHERE mac = '{mac}' AND timestamp = '{lost}'")
    ((other, changed),) = _query(home, "SELECT mac, min(timestamp) FROM damaged GROUP BY mac ORDER BY mac DESC LIMIT 1")
    where = f"mac = '{other}' AND timestamp = '{changed}'"
    _query(home, f"UPDATE damaged SET register_kwh = register_kwh + 0.001 WHERE {where}")
    reconciled = _run(home, "reconcile", "--table", "damaged", "--database", "t.duckdb", "--json")
    assert (reconciled.returncode, without_compiling(reconciled.stderr)) == (1, "")
    told = {
        (each["mac"], each["hour"], each["verdict"], each["column"])
        for each in orjson.loads(reconciled.stdout)["differences"]
        if each["cause"] is None
    }
    assert told == {(mac, _hour(lost), "missing", None), (other, _hour(changed), "altered", "register_kwh")}


def _hour(moment: object) -> str:
    return f"{str(moment)[:10]}T{str(moment)[11:13]}:00:00Z"

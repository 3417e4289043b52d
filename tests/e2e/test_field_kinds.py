"""Lakes of meters that fail in the field, as a person makes and checks them."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest

from tests.commands import run_wattif
from tests.processes import without_compiling

FIELD_KINDS = (
    "wrong_multiplier,phase_loss,clock_reset=3,repeats,catch_up,estimated,register_zero,register_digit,theft_scale,"
    "exchange=2,swapped=3"
)
FAULTS = "duplicate=0.01,late=0.01:6h,drop=0.005,out_of_order=0.01,corrupt=0.002,file_missing=0.1,batch_twice=0.2"
COLUMNS = "mac,timestamp,consumption_wh,power_w,register_kwh,status,seq"


def _run(folder: Path, *arguments: str) -> CompletedProcess[str]:
    return run_wattif(folder, *arguments)


def _succeeds(folder: Path, *arguments: str) -> str:
    done = _run(folder, *arguments)
    assert (done.returncode, without_compiling(done.stderr)) == (0, ""), done.stdout
    return done.stdout


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("rate", "faults"), [("1", "none"), ("8/month", FAULTS)])
def test_what_fails_in_the_field_is_labelled_expected_and_reconciled(tmp_path: Path, rate: str, faults: str) -> None:
    span = ("--start", "2024-01-29", "--end", "2024-02-02", "--meters", "36", "--interval", "300")
    files = (
        "--staging-dir",
        str(tmp_path),
        "--meters-per-file",
        "5",
        "--batch-files",
        "3",
        "--columns",
        COLUMNS,
    )
    anomalies = ("--anomaly-rate", rate, "--anomalies", FIELD_KINDS, "--faults", faults)
    _succeeds(tmp_path, "generate", *span, *files, *anomalies, "--quiet")
    for deep in ((), ("--deep",)):
        assert _succeeds(tmp_path, "reconcile", *deep).endswith("no difference\n")
    _succeeds(tmp_path, "expect", "--quiet")
    _succeeds(tmp_path, "load", "--database", "t.duckdb")
    assert _succeeds(tmp_path, "reconcile", "--table", "smart_meter_readings", "--database", "t.duckdb").endswith(
        "no difference\n"
    )
    _succeeds(tmp_path, "rollup", "--database", "t.duckdb")
    assert _succeeds(
        tmp_path, "reconcile", "--table", "smart_meter_readings_hour_rolled", "--database", "t.duckdb"
    ).endswith("no difference\n")
    with duckdb.connect(str(tmp_path / "t.duckdb")) as database:
        database.execute("SET TimeZone = 'UTC'")
        delivered = "(SELECT * FROM smart_meter_readings)"
        once = "(SELECT DISTINCT ON (mac, timestamp) * FROM smart_meter_readings)"
        for view, rows in (("delivered", delivered), ("deduplicated", once)):
            expected = (
                "SELECT mac, time_hour_rolled, consumption_hour_rolled, readings FROM"
                f" read_parquet('{tmp_path}/lake/_wattif/expected/{view}/hourly/*.parquet')"
            )
            found = (
                "SELECT mac, date_trunc('hour', timestamp), sum(consumption_wh)::DECIMAL(18,3), count(*)"
                f" FROM {rows} GROUP BY ALL"
            )
            for more, less in ((expected, found), (found, expected)):
                assert database.execute(f"({more}) EXCEPT ALL ({less})").fetchall() == []
        years = database.execute("SELECT DISTINCT year(timestamp) FROM smart_meter_readings ORDER BY 1").fetchall()
        bits = {bit for (bit,) in database.execute("SELECT DISTINCT status FROM smart_meter_readings").fetchall()}
    assert years == [(1970,), (2000,), (2024,)]
    assert {0, 1, 8, 12, 16, 32} <= bits <= {0, 1, 8, 12, 16, 32, 64}

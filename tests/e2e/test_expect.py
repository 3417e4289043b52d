"""`wattif expect` as a person types it."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest

from tests.commands import run_wattif

SMALL = ["--start", "2024-01-01", "--end", "2024-01-02", "--meters", "6", "--interval", "600", "--anomaly-rate", "0.5"]


def _run(folder: Path, *arguments: str) -> CompletedProcess[str]:
    return run_wattif(folder, *arguments)


@pytest.mark.timeout(300)  # a first run compiles
def test_the_lake_says_what_to_expect_of_it(tmp_path: Path) -> None:
    made = _run(tmp_path, "generate", *SMALL, "--staging-dir", str(tmp_path), "--quiet")
    assert made.returncode == 0, made.stderr
    expected = _run(tmp_path, "expect", "--lake", "lake")
    assert expected.returncode == 0, expected.stderr
    assert "tables: lake/_wattif/expected" in expected.stdout
    readings = "read_json('lake/dt=*/*.json', columns = {mac: 'VARCHAR', consumption_wh: 'DECIMAL(18,3)'})"
    with duckdb.connect() as connection:
        ours = f"SELECT mac, sum(consumption_wh), count(*) FROM {readings} GROUP BY mac ORDER BY mac"
        theirs = (
            "SELECT mac, consumption_wh, readings FROM 'lake/_wattif/expected/delivered/monthly.parquet' ORDER BY mac"
        )
        found = [connection.sql(query.replace("lake/", f"{tmp_path}/lake/")).fetchall() for query in (ours, theirs)]
    assert found[0] == found[1]
    assert len(found[0]) == 6


@pytest.mark.timeout(300)
def test_no_lake_is_needed_and_none_is_made(tmp_path: Path) -> None:
    expected = _run(tmp_path, "expect", *SMALL, "--out", "tables", "--quiet")
    assert (expected.returncode, expected.stdout, expected.stderr) == (0, "", "")
    assert (tmp_path / "tables" / "measured" / "hourly" / "2024-01.parquet").is_file()
    assert not (tmp_path / "lake").exists()


@pytest.mark.timeout(300)
def test_days_by_local_time(tmp_path: Path) -> None:
    changed = ["--start", "2024-03-30", "--end", "2024-04-01", "--meters", "3", "--interval", "600", "--city", "london"]
    expected = _run(tmp_path, "expect", *changed, "--out", "tables", "--time-zone", "local")
    assert expected.returncode == 0, expected.stderr
    with duckdb.connect() as connection:
        days = connection.sql(
            "SELECT DISTINCT day, time_zone, length_s, readings"
            f" FROM '{tmp_path}/tables/measured/local_daily/*.parquet' WHERE day < '2024-04-01' ORDER BY day"
        ).fetchall()
    assert [(str(day), *others) for day, *others in days] == [
        ("2024-03-30", "Europe/London", 86_400, 144),
        ("2024-03-31", "Europe/London", 82_800, 138),
    ]


def test_a_time_zone_that_is_none_is_refused(tmp_path: Path) -> None:
    refused = _run(tmp_path, "expect", *SMALL, "--out", "tables", "--time-zone", "Asia/Calcuta")
    assert refused.returncode == 2
    assert "--time-zone Asia/Calcuta" in refused.stderr


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    refused = _run(tmp_path, "expect", "--lake", "nowhere")
    assert refused.returncode == 3
    assert refused.stderr == (
        "wattif expect: error: nowhere: _wattif/dataset.json is not there; give the place of the dataset (--lake, or"
        " --bucket and --prefix), or its options\n"
    )

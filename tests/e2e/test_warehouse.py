"""From the lake to verdicts on the command line: what a person types and what comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from tests.commands import run_wattif
from tests.warehouses import FILE_A, HandLake, reading

ROOT = Path(__file__).resolve().parent.parent.parent


def _run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = run_wattif(folder, *arguments)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks of ten meters in ./lake."""
    folder = tmp_path_factory.mktemp("city")
    (folder / "staging").mkdir()
    span = ["--start", "2024-01-01", "--end", "2024-01-14"]
    code, _, _ = _run(
        folder, "generate", *span, "--meters", "10", "--interval", "900", "--staging-dir", "staging", "-q"
    )
    assert code == 0
    return folder


def test_from_the_lake_to_verdicts(folder: Path) -> None:
    code, out, error = _run(folder, "load")
    assert (code, error) == (0, "")
    readings, tables = out.splitlines()
    assert readings == "13,440 readings of 14 days, 14 files, into lake/wattif.duckdb: smart_meter_readings"
    assert tables.startswith("tables: meters (10 rows), zones (")
    code, out, error = _run(folder, "rollup", "--json")
    assert (code, error) == (0, "")
    assert json.loads(out) == {
        "place": "lake/wattif.duckdb",
        "days": 14,
        "days_skipped": 0,
        "hours": 3360,
        "readings": 13440,
        "delivered": 13440,
    }
    code, out, error = _run(folder, "scan", "--metrics", "MAX", "--json")
    assert (code, error) == (0, "")
    found = json.loads(out)
    assert found["window"] == {
        "train_from": "2024-01-01",
        "train_until": "2024-01-07",
        "scan_from": "2024-01-08",
        "scan_until": "2024-01-14",
    }
    assert [(each["metric"], each["hours"], each["no_verdict"]) for each in found["metrics"]] == [("MAX", 1680, 0)]
    code, out, _ = _run(folder, "load")
    assert (code, out.count("(14 days were already loaded)")) == (0, 1)


def test_ctrl_c_leaves_whole_days_and_the_same_command_goes_on(tmp_path: Path) -> None:
    lake = HandLake(tmp_path / "lake")
    lines = [reading("02:00:00:00:00:0A", "2024-01-01T00:00:00Z", "1.125")] * 200_000
    for day in range(1, 6):
        lake.write(date(2024, 1, day), {FILE_A: lines})
    database = tmp_path / "lake" / "wattif.duckdb"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "wattif", "load"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while not database.exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.startswith("wattif load: interrupted: complete days stay")
    assert error.count("\n") == 1
    code, _, _ = _run(tmp_path, "load")
    assert code == 0
    assert lake.rows("SELECT dt, count(*) FROM smart_meter_readings GROUP BY dt ORDER BY dt") == [
        (date(2024, 1, day), 200_000) for day in range(1, 6)
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["load", "--lake", "nowhere"], 3, "holds no WattIf dataset"),
        (["load", "--grid", "nowhere"], 2, "--grid nowhere: no such folder; name the folder of a grid data set"),
        (["load", "--grid", "city", "--lake", "here"], 2, "--lake here: but --grid city is loaded, too; leave one"),
        (["load", "--grid", "city", "--incidents", "here"], 2, "--incidents here: but --grid city is loaded, too"),
        (["load", "--grid", "city", "--start", "2024-01-02"], 2, "--start 2024-01-02: but --grid city is loaded, too"),
        (["rollup", "--lake", "nowhere"], 1, "no such database; run 'python -m wattif load' first"),
        (["scan", "--threshold", "2"], 2, "--threshold 2: must be less than 1"),
        (["load", "--warehouse", "bigquery"], 2, "needs --project"),
        (
            ["load", "--warehouse", "bigquery", "--project", "some-project", "--dataset", "meters"],
            1,
            "some-project.meters: no credentials for Google Cloud; run 'gcloud auth application-default login'",
        ),
    ],
)
def test_what_is_wrong_is_one_line(folder: Path, arguments: list[str], code: int, said: str) -> None:
    got, out, error = _run(folder, *arguments)
    assert (got, out) == (code, "")
    assert error.startswith(f"wattif {arguments[0]}: error: ")
    assert said in error
    assert error.count("\n") == 1

"""A daily job on the command line: the lake grows, the warehouse follows, and verbs know all of its labels."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.commands import run_wattif

MADE = ["--start", "2024-01-20", "--meters", "40", "--interval", "1800", "--anomaly-rate", "2/month"]
KINDS = ["--anomalies", "dead,outage,spike", "--columns", "mac,timestamp,consumption_wh,register_kwh,voltage_v,status"]


def _run(folder: Path, *arguments: str) -> str:
    done = run_wattif(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(300)
def test_a_daily_job(tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    for end in ("2024-02-01", "2024-02-02", "2024-02-03"):
        _run(tmp_path, "generate", *MADE, *KINDS, "--end", end, "--staging-dir", "staging", "-q")
        _run(tmp_path, "load")
    assert _run(tmp_path, "reconcile", "--deep").endswith("no difference\n")
    assert _run(tmp_path, "reconcile", "--table", "smart_meter_readings").endswith("no difference\n")
    _run(tmp_path, "expect", "--quiet")
    _run(tmp_path, "rollup")
    _run(tmp_path, "scan")
    card = json.loads(_run(tmp_path, "score", "--json"))
    labels = duckdb.execute(
        "SELECT kind, count(DISTINCT (mac, event_id)) FROM"
        f" read_parquet('{tmp_path}/lake/_wattif/labels/anomalies/*.parquet')"
        " WHERE \"end\" > TIMESTAMPTZ '2024-01-27 00:00Z' AND start < TIMESTAMPTZ '2024-02-04 00:00Z' GROUP BY kind"
    ).fetchall()
    scored = {each["kind"]: each["events"] for each in card["metrics"][0]["kinds"]}
    assert scored == dict(labels), card
    assert scored.keys() >= {"dead", "spike"}

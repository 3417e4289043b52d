"""`wattif grid`: the folder that it writes, read as its users read it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from tests.commands import run_wattif
from tests.processes import environment
from wattif.grid import GridSpec, generate_grid

ROOT = Path(__file__).resolve().parent.parent.parent
Run = Callable[..., "CompletedProcess[str]"]
FILES = {
    "anomaly_labels.csv",
    "generation_report.txt",
    "meter_consumption.csv",
    "synthetic_data_generation.log",
    "transformers.csv",
    "transformers.geojson",
}


def _rows(sql: str, **tables: pa.Table) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, table)
        rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return rows


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*words: str) -> CompletedProcess[str]:
        return run_wattif(tmp_path, *words)

    return run


def test_a_folder_with_everything_in_it(run: Run, tmp_path: Path) -> None:
    done = run("grid", "--num-barangays", "7", "--num-months", "3", "--start-month", "2023-11")
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "generated_data"
    assert {each.name for each in folder.iterdir()} == FILES
    transformers, meters, labels = (
        pd.read_csv(folder / f"{name}.csv") for name in ("transformers", "meter_consumption", "anomaly_labels")
    )
    assert (len(transformers), len(meters)) == (50, 2000)
    assert transformers["zone_id"].nunique() == 7
    assert transformers["num_meters"].sum() == 2000
    assert transformers["num_meters"].min() >= 10
    assert meters.groupby("transformer_id").size().to_dict() == dict(
        zip(transformers["transformer_id"], transformers["num_meters"], strict=True)
    )
    months = [name for name in meters.columns if name.startswith("monthly_")]
    assert months == [f"monthly_consumption_{month}" for month in ("2023_11", "2023_12", "2024_01")]
    assert not meters.isna().any().any()
    assert meters["latitude"].between(14.4, 14.7).all()
    assert meters["longitude"].between(120.9, 121.2).all()
    of_transformers = meters.groupby("transformer_id")[months].sum().sum(axis=1)
    assert (of_transformers - transformers.set_index("transformer_id")["load_kwh"]).abs().max() < 1e-3
    assert abs(labels["meter_id"].nunique() / 2000 - 0.075) <= 0.02
    assert set(labels["meter_id"]) <= set(meters["meter_id"])
    assert set(labels["risk_band"]) == {"High", "Medium", "Low"}
    layer = json.loads((folder / "transformers.geojson").read_text())
    ids = {meter for feature in layer["features"] for meter in feature["properties"]["meter_ids"]}
    assert ids == set(meters["meter_id"])
    assert "FAILED" not in (folder / "generation_report.txt").read_text()
    assert "complete" in (folder / "synthetic_data_generation.log").read_text()
    assert not list(tmp_path.glob(".generated_data*"))


def test_months_of_a_lake_are_those_that_are_expected(run: Run, tmp_path: Path) -> None:
    """With everything that can go wrong at meters: clocks, silences, exchanges, panels and cars."""
    options = ("--meters", "80", "--interval", "900", "--anomaly-rate", "1", "--city", "manila,berlin")
    kinds = "clock_skew=4,clock_reset,missing,outage,catch_up,estimated,exchange,swapped,reversed_ct,theft_scale"
    shares = ("--solar-share", "0.4", "--ev-share", "0.4")
    for words in (
        ("generate", "--start", "2024-01-10", "--end", "2024-03-05", *options, *shares, "--anomalies", kinds, "-q"),
        ("expect", "-q"),
        ("grid", "--lake", "lake", "--output-format", "parquet"),
    ):
        done = run(*words)
        assert done.returncode == 0, done.stderr
    months = ", ".join(f"monthly_consumption_2024_0{month}" for month in (1, 2, 3))
    compared = _rows(f"""
        WITH told AS (
            UNPIVOT (SELECT mac, {months} FROM '{tmp_path}/generated_data/meter_consumption.parquet')
            ON {months} INTO NAME month VALUE kwh
        ), expected AS (
            SELECT mac, strftime(month, '%Y_%m') AS month, consumption_wh / 1000 AS kwh
            FROM '{tmp_path}/lake/_wattif/expected/measured/monthly.parquet'
        )
        SELECT count(*), count(*) FILTER (abs(told.kwh - coalesce(expected.kwh, 0)) >= 0.0000005)
        FROM told LEFT JOIN expected
        ON told.mac = expected.mac AND told.month = 'monthly_consumption_' || expected.month
    """)
    assert compared == [(80 * 3, 0)]


@pytest.mark.parametrize("file_format", ["csv", "parquet", "ndjson"])
def test_each_format_has_the_same_rows_and_twice_the_same_bytes(run: Run, tmp_path: Path, file_format: str) -> None:
    """Made by two processes."""
    small = {"num_meters": 300, "num_transformers": 12, "num_months": 2}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in small.items()]
    words = ["grid", *words, "--output-format", file_format, "--output-dir"]
    done = run(*words, "a")
    assert done.returncode == 0, done.stderr
    command = [sys.executable, "-m", "wattif", *words, "b"]
    subprocess.run(command, cwd=tmp_path, env=environment(tmp_path, PYTHONPATH=str(ROOT)), check=True)
    for each in (tmp_path / "a").iterdir():
        if each.suffix != ".log":
            assert each.read_bytes() == (tmp_path / "b" / each.name).read_bytes(), each.name
    grid = generate_grid(GridSpec(**small))
    for name in ("transformers", "meters", "anomaly_labels"):
        file = {"meters": "meter_consumption"}.get(name, name)
        assert _rows(
            f"""
            SELECT count(*) FROM (SELECT * FROM made EXCEPT SELECT * FROM '{tmp_path}/a/{file}.{file_format}')
        """,
            made=getattr(grid, name),
        ) == [(0,)]
        assert _rows(f"SELECT count(*) FROM '{tmp_path}/a/{file}.{file_format}'") == [(getattr(grid, name).num_rows,)]

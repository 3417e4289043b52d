"""In band: loss, doubling and disorder show in the column `seq` alone, without any answer key."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.reconciling import make_lake

READINGS, METERS = 2 * 288, 10  # from the dataset's epoch on


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    faults = "duplicate=0.02,drop=0.03,out_of_order=0.04"
    return make_lake(tmp_path_factory.mktemp("seq"), columns="mac,seq,power_w", faults=faults)


def _count(lake: Path, sql: str) -> int:
    """A figure of the rows in the order in which they arrived."""
    rows = f"read_json('{lake}/dt=*/*.json', columns = {{mac: 'VARCHAR', seq: 'BIGINT'}}, filename = true)"
    ordered = f"(SELECT *, row_number() OVER () AS line FROM {rows})"
    with duckdb.connect() as database:
        ((found,),) = database.execute(sql.format(rows=ordered)).fetchall()
    return int(found)


def _labels(lake: Path, kind: str) -> int:
    return sum(path.read_bytes().count(b"\n") for path in lake.glob(f"_wattif/labels/faults/{kind}/*/*.ndjson"))


def test_loss_shows_as_gaps(lake: Path) -> None:
    there = _count(lake, "SELECT count(DISTINCT (mac, seq)) FROM {rows}")
    assert METERS * READINGS - there == _labels(lake, "drop") > 0
    assert _count(lake, "SELECT max(seq) FROM {rows}") == READINGS - 1


def test_doubling_shows_as_repetition(lake: Path) -> None:
    doubled = _count(lake, "SELECT count(*) - count(DISTINCT (mac, seq)) FROM {rows}")
    assert doubled == _labels(lake, "duplicate") > 0


def test_disorder_shows_as_a_step_back(lake: Path) -> None:
    """Each row that comes too late is followed or preceded by a step back; rows next to each other may share one."""
    steps = "SELECT seq - lag(seq) OVER (PARTITION BY filename, mac ORDER BY line) AS step FROM {rows}"
    backwards = _count(lake, f"SELECT count(*) FROM ({steps}) WHERE step < 0")
    assert 0 < backwards <= _labels(lake, "out_of_order")


def test_a_clean_lake_has_no_gap_no_repetition_and_no_step_back(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, columns="mac,seq", anomaly_rate=0.0)
    steps = "SELECT seq - lag(seq) OVER (PARTITION BY mac ORDER BY filename, line) AS step FROM {rows}"
    assert _count(lake, f"SELECT count(*) FROM ({steps}) WHERE step <> 1") == 0
    assert _count(lake, "SELECT count(*) FROM {rows}") == METERS * READINGS
    shutil.rmtree(lake)

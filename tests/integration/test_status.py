"""`wattif status`: what is there of what was asked for."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import orjson
import pytest

from tests.asking import Asked, Asking, generate
from wattif.cli.main import exit_code
from wattif.lake import layout


@pytest.fixture
def asked(settings: Asking, tmp_path: Path) -> Asked:
    """Two days of four batches each, of which one shard of two is there."""
    asked = settings(lake=tmp_path / "lake", end="2024-01-02", meters=8, meters_per_file=1, batch_files=2, shard="1/2")
    generate(asked)
    return asked


def _status(asked: Asked, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    code = exit_code(["status", "--lake", str(asked.lake), *more])
    return code, capsys.readouterr().out


def test_what_is_missing_is_told_by_day_and_shard(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = _status(asked, capsys)
    assert code == 1
    assert "readings: 4 of 8 batches (50.0%), 0 of 2 days complete" in told
    assert "incomplete: 2024-01-01 (2 of 4), 2024-01-02 (2 of 4)" in told
    assert "complete; shard 1/2, 4 of 4 batches" in told
    assert "no run is under way" in told


def test_all_of_it(asked: Asked, settings: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    generate(settings(**{**asked.model_dump(), "shard": "2/2"}))
    code, told = _status(asked, capsys, "--json")
    status = orjson.loads(told)
    assert code == 0
    assert status["complete"] is True
    (readings,) = status["tables"]
    assert (readings["committed"], readings["batches"], readings["uncommitted_objects"]) == (8, 8, 0)
    assert [run["shard"] for run in status["runs"]] == ["1/2", "2/2"]
    assert [(run["shard_committed"], run["shard_batches"]) for run in status["runs"]] == [(4, 4), (4, 4)]


def test_objects_without_a_manifest_and_missing_tables(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = next((asked.lake / layout.MANIFESTS).rglob("*.ndjson"))
    manifest.unlink()
    (asked.lake / "_wattif/meters.parquet").unlink()
    code, told = _status(asked, capsys)
    assert code == 1
    assert "2 objects there that no manifest names" in told
    assert "missing: _wattif/meters.parquet (1 objects)" in told


def test_a_run_under_way_and_one_that_fell_silent(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    record = next((asked.lake / layout.RUNS).glob("*.json"))
    content = {**orjson.loads(record.read_bytes()), "state": "running", "readings": 5000, "seconds": 10.0}
    record.write_bytes(orjson.dumps({**content, "heard": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}))
    code, told = _status(asked, capsys, "--json")
    rows = 4 * 2 * 86_400 // asked.interval  # of four batches of two meters
    assert orjson.loads(told)["seconds_left"] == pytest.approx(rows / 500)
    record.write_bytes(orjson.dumps({**content, "heard": "2024-01-01T00:00:00Z"}))
    code, told = _status(asked, capsys)
    assert (code, "silent; shard 1/2" in told, "no run is under way" in told) == (1, True, True)


def test_watching_ends_when_all_of_it_is_there(
    asked: Asked, settings: Asking, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wattif.cli.status._WATCHED_EVERY_S", 0.05)
    other = threading.Timer(0.2, lambda: generate(settings(**{**asked.model_dump(), "shard": "2/2"})))
    other.start()
    code, told = _status(asked, capsys, "--watch")
    other.join()
    assert (code, told.splitlines()[-1]) == (0, "complete")
    assert "4 of 8 batches" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--warehouse", "postgres", "--database-url", "postgresql://h/x", "--lake", "there"),
            "--lake there: but --warehouse postgres is what is looked into; leave one of them out",
        ),
        (
            ("--warehouse", "duckdb", "--lake", "there"),
            "--warehouse duckdb: but --lake there is what is looked into; leave one of them out",
        ),
        (
            ("--database", "a.duckdb", "--bucket", "there"),
            "--database a.duckdb: but --bucket there is what is looked into; leave one of them out",
        ),
    ],
)
def test_a_lake_and_a_warehouse_are_not_looked_into_at_once(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["status", *arguments]) == 2
    assert capsys.readouterr().err == f"wattif status: error: {said}\n"


def test_no_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["status", "--lake", str(tmp_path)]) == 3
    assert "no dataset lies here" in capsys.readouterr().err

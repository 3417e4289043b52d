"""What is made of a lake in Parquet is what is made of the same lake in NDJSON: loads, dry runs, code of `schema`."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.asking import Asked, Asking, generate
from tests.fakes.gcs_server import GcsServer
from tests.reconciling import report_of
from tests.warehouses import load, rows
from wattif.cli.main import exit_code
from wattif.engine.estimate import describe
from wattif.errors import InvalidValue, LakeError

READINGS = "SELECT * FROM smart_meter_readings ORDER BY ALL"


@pytest.fixture
def lakes(settings: Asking, tmp_path: Path) -> Any:
    """Makes the lake in both formats."""

    def make(compression: str = "none", **asked: object) -> tuple[Asked, Asked]:
        ours = settings(lake=tmp_path / "parquet", format="parquet", compression=compression, **asked)
        theirs = settings(lake=tmp_path / "ndjson", **asked)
        generate(ours)
        generate(theirs)
        return ours, theirs

    return make


@pytest.mark.parametrize("drift", ["added", "renamed"])
def test_a_drift_of_the_schema_is_told(lakes: Any, drift: str) -> None:
    ours, theirs = lakes(faults=f"schema_drift=2024-01-02:{drift}")
    report, other = load(lake=ours.lake), load(lake=theirs.lake)
    assert (report.unknown_fields, report.missing_fields) == (other.unknown_fields, other.missing_fields)
    assert report.unknown_fields == Counter({"firmware" if drift == "added" else "active_power_w": 2880})
    assert rows(ours.lake / "wattif.duckdb", READINGS) == rows(theirs.lake / "wattif.duckdb", READINGS)


def test_a_file_that_lost_rows_or_is_damaged_is_not_loaded(settings: Asking) -> None:
    asked = settings(format="parquet")
    generate(asked)
    file = sorted(asked.lake.glob("dt=*/*.parquet"))[0]
    whole = file.read_bytes()
    duckdb.execute(f"COPY (FROM read_parquet('{file}') LIMIT 5) TO '{file}.less' (FORMAT parquet)")
    Path(f"{file}.less").replace(file)
    with pytest.raises(LakeError, match=f"{file.name} is no longer what was committed"):
        load(lake=asked.lake)
    file.write_bytes(whole[:-20])
    with pytest.raises(LakeError, match=f"{file.name} is no longer what was committed"):
        load(lake=asked.lake)


def test_a_bucket_takes_parquet_and_gives_it_back(
    settings: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with GcsServer(["lake"]) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        generate(settings(format="parquet", compression="zstd", bucket="lake", prefix="raw"))
        files = {
            name: each for name, each in server.objects("lake").items() if name.endswith(".parquet") and "dt=" in name
        }
        assert len(files) == 8
        assert {(each.content_type, each.content_encoding) for each in files.values()} == {
            ("application/vnd.apache.parquet", "")
        }
        assert report_of("--bucket", "lake", "--prefix", "raw", "--deep").explained
        report = load(bucket="lake", prefix="raw", database=tmp_path / "meters.duckdb")
    assert report.rows == 2 * 10 * 288


def test_a_dry_run_tells_about_how_large_it_becomes(settings: Asking) -> None:
    asked = settings(format="parquet", meters=100, meters_per_file=20)
    generate(asked)
    size = sum(path.stat().st_size for path in asked.lake.glob("dt=*/*"))
    (told,) = (line for line in describe(asked.spec, asked.run) if line.startswith("bytes:"))
    assert told.split()[1] == "about"
    assert abs(int(told.split()[2].replace(",", "")) / size - 1) < 0.1


def test_compressions_that_a_format_does_not_take_are_refused(settings: Asking) -> None:
    with pytest.raises(InvalidValue, match="`compression` gzip: the `format` parquet takes none or, within its files"):
        generate(settings(format="parquet", compression="gzip"))
    with pytest.raises(InvalidValue, match="`compression` zstd: files of the `format` ndjson do not"):
        generate(settings(compression="zstd"))


@pytest.mark.parametrize("target", ["arrow", "pandas", "polars"])
def test_printed_code_reads_every_digit_of_a_lake_that_drifts(
    settings: Asking, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    asked = settings(format="parquet", compression="zstd", faults="schema_drift=2024-01-02")
    generate(asked)
    exact = duckdb.execute(
        f"SELECT sum(consumption_wh) FROM read_parquet('{asked.lake}/dt=*/*', union_by_name = true)"
    ).fetchall()[0][0]
    assert exit_code(["schema", "--for", "duckdb", "--lake", str(asked.lake)]) == 0
    with duckdb.connect() as connection:
        connection.execute(capsys.readouterr().out)
        assert connection.execute("SELECT sum(consumption_wh) FROM readings").fetchall() == [(exact,)]
    assert exit_code(["schema", "--for", target, "--lake", str(asked.lake)]) == 0
    column = (
        "collect()['consumption_wh']"
        if target == "polars"
        else "to_pandas().consumption_wh"
        if target == "arrow"
        else "consumption_wh"
    )
    program = f"{capsys.readouterr().out}\nprint(readings.{column}.sum())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(exact)

"""``python -m wattif reconcile …`` as a person or a machine calls it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from tests import processes
from tests.commands import run_wattif
from tests.processes import without_compiling
from tests.reconciling import make_lake

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = "dt=2024-01-02/readings-00000003-00000005.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_lake(tmp_path)
    return tmp_path


def _reconcile(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = run_wattif(folder, "reconcile", *arguments)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("deep", [[], ["--deep"]])
def test_a_clean_lake(folder: Path, deep: list[str]) -> None:
    code, out, error = _reconcile(folder, *deep)
    assert (code, without_compiling(error)) == (0, "")
    first, compared, last = out.splitlines()
    assert (first, last) == ("lake: 2024-01-01 to 2024-01-02, 10 meters", "no difference")
    assert compared.startswith("compared: 8 objects of ")


def test_a_damaged_lake(folder: Path) -> None:
    (folder / "lake" / FILE).unlink()
    code, out, error = _reconcile(folder, "--lake", "lake")
    assert (code, error) == (1, "")
    assert f"missing  {FILE}  864" in out
    assert out.splitlines()[-1] == "1 difference (missing 1), 1 not explained"


def test_for_machines(folder: Path) -> None:
    path = folder / "lake" / FILE
    path.write_bytes(path.read_bytes()[:-5000])
    code, out, error = _reconcile(folder, "--deep", "--json", "--differences", "d.parquet")
    assert (code, error) == (1, "")
    document = orjson.loads(out)
    table = pq.read_table(folder / "d.parquet")
    assert table.num_rows == len(document["differences"]) == document["summary"]["differences"] > 0
    assert table["mac"].to_pylist() == [each["mac"] for each in document["differences"]]
    assert document["summary"]["verdicts"]["missing"]["readings"] >= 20


def test_options_may_come_from_a_file_for_all_verbs(folder: Path) -> None:
    (folder / "wattif.toml").write_text('lake = "lake"\nwrite-workers = 1\njson = true\n', encoding="utf-8")
    code, out, error = _reconcile(folder, "--config", "wattif.toml")
    assert (code, without_compiling(error)) == (0, "")
    assert orjson.loads(out)["differences"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--lake", "nothing"], 3, "nothing: _wattif/dataset.json is not there"),
        (["--seed", "7"], 3, "holds another dataset: seed is 42 there and 7 here"),
        (["--deep", "--table", "t"], 2, "--deep: reads the rows of the lake"),
        (["--differences", "d.csv"], 2, "--differences d.csv: must end in .parquet"),
        (["--bogus"], 2, "--bogus"),
    ],
)
def test_what_cannot_be_done_is_one_line(folder: Path, arguments: list[str], code: int, words: str) -> None:
    found, out, error = _reconcile(folder, *arguments)
    assert (found, out) == (code, "")
    assert words in error
    assert error.count("\n") == 1


def test_a_reader_that_has_seen_enough(folder: Path) -> None:
    for path in (folder / "lake").glob("dt=*/*"):
        path.write_bytes(b"")
    environment = processes.environment(folder, PYTHONPATH=str(ROOT))
    command = [sys.executable, "-m", "wattif", "reconcile", "--deep", "--json"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 1

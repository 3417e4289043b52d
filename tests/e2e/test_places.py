"""Lakes and databases in folders of any name: every verb works there, or refuses by name."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.processes import environment, without_compiling
from wattif.cli.main import exit_code

ROOT = Path(__file__).parents[2]
DAYS = ["--start", "2024-01-01", "--end", "2024-01-15"]
MADE = [*DAYS, "--meters", "3", "--interval", "3600", "--anomaly-rate", "0.5", "--faults", "late=0.1"]
NAMES = ['a?b*[c]{d} it\'s "quoted"', "back\\slash", "~tilde\nline", "ünïcode 数据 $dollar `tick` %20 #!"]


def _verb(*arguments: str) -> int:
    return exit_code(list(arguments))


@pytest.mark.parametrize("name", NAMES)
def test_every_verb_works_in_a_folder_called(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "staging").mkdir()
    file = f"{name}.duckdb".replace("\\", "")
    place, database = ["--lake", name], ["--database", file]
    assert _verb("generate", *MADE, *place, "--staging-dir", "staging") == 0
    step = capsys.readouterr().out.partition("next: ")[2].removesuffix("\n")
    words = shlex.split(step)
    if "\\" in name:
        assert exit_code(words[3:]) == 0
    else:
        assert words[:2] == ["duckdb", "-c"]
        assert duckdb.connect().execute(words[2]).fetchall()[0][0] == 3 * 24 * 15
    for arguments in (
        ["expect", *place],
        ["reconcile", *place],
        ["reconcile", *place, "--deep"],
        ["load", *place, *database],
        ["rollup", *place, *database],
        ["scan", *place, *database],
        ["score", *place, *database],
        ["reconcile", *place, *database, "--table", "smart_meter_readings_hour_rolled"],
        ["show", *DAYS[:2], "--meter", "0", "--out", f"{name}.png"],
    ):
        assert _verb(*arguments) == 0, (arguments, capsys.readouterr().err)
    assert without_compiling(capsys.readouterr().err) == ""
    view = ["schema", "readings", *place, "--for", "duckdb"]
    if "\\" in name:
        assert _verb(*view) == 2
        assert name in capsys.readouterr().err
    else:
        assert _verb(*view) == 0
        with duckdb.connect() as connection:
            connection.execute(capsys.readouterr().out)
            assert connection.execute("SELECT count(*) FROM readings").fetchall() == [(3 * 24 * 15,)]
    assert {path.name for path in tmp_path.iterdir()} >= {name, file, f"{name}.png"}


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        (["load", "--lake", "lake", "--database", "a\\b.duckdb"], "DuckDB takes the backslash for a slash"),
        (["load", "--lake", "lake", "--database", "a\udcff.duckdb"], r"a\xff.duckdb: DuckDB reads no path that is not"),
        (["load", "--lake", "gs:/bucket/prefix"], "--lake gs:/bucket/prefix: neither an address nor a path"),
        (
            ["load", "--lake", "ftp://host/prefix"],
            "--lake ftp://host/prefix: unsupported scheme ftp://; write az://, gs://, s3",
        ),
        (["load", "--lake", "s3:///prefix"], "s3:///prefix: lacks a bucket; write s3://bucket/prefix"),
        (["load", "--lake", "s3://bucket/_prefix"], "--lake s3://bucket/_prefix: readers skip paths"),
        (["schema", "readings", "--for", "polars", "--lake", "a*b"], "which engines read as a pattern"),
    ],
)
def test_what_an_engine_cannot_name_is_refused(
    verb: list[str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "staging").mkdir()
    assert exit_code(["generate", *DAYS, "--meters", "1", "--interval", "3600", "--staging-dir", "staging"]) == 0
    assert exit_code(verb) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="only root can give a folder away")
@pytest.mark.parametrize("verb", [["generate", *DAYS], ["reconcile"], ["load", "--database", "w.duckdb"]], ids=str)
def test_a_lake_that_somebody_else_owns_is_named(tmp_path: Path, verb: list[str]) -> None:
    lake = tmp_path / "lake"
    lake.mkdir(mode=0o700)
    os.chown(lake, 65534, 65534)
    done = subprocess.run(
        ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-m", "wattif", *verb, "--lake", "lake"],
        cwd=tmp_path,
        env={**environment(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    [line] = done.stderr.splitlines()
    assert "lake: no permission to read this folder" in line

"""The command line in surroundings that are not made for it: encodings, optimised Python, signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DAYS = ["--start", "2024-01-01", "--end", "2024-01-31"]


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("verb", ["generate", "reconcile"])
def test_help_in_ascii(verb: str) -> None:
    done = _run("-m", "wattif", verb, "--help", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "export_..." in done.stdout


def test_a_path_that_no_encoding_has_is_printed(tmp_path: Path) -> None:
    done = _run("generator.py", *DAYS, "--staging-dir", str(tmp_path / "\udcff"), LC_ALL="C", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert "\\udcff: no such folder" in done.stderr


def test_what_is_wrong_is_refused_by_optimised_python_too() -> None:
    done = _run("-O", "generator.py", *DAYS, "--class-mix", "residential=2")
    assert done.returncode == 2
    assert "--class-mix residential=2: must be shares of residential, commercial, industrial" in done.stderr


def test_a_wrong_value_names_the_variable() -> None:
    done = _run("generator.py", *DAYS, WATTIF_METERS="abc")
    assert (done.returncode, done.stderr) == (2, "generator.py: error: WATTIF_METERS=abc: is not a whole number\n")


def test_a_mistyped_variable_is_refused() -> None:
    done = _run("generator.py", *DAYS, "--dry-run", WATTIF_METRES="5", WATTIF_NONSENSE="1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "generator.py: error: WATTIF_METRES=5: unknown variable; did you mean WATTIF_METERS?",
        "generator.py: error: WATTIF_NONSENSE=1: unknown variable; unset it, or see --help",
    ]


def test_variables_of_other_verbs_and_all_that_the_program_reads_are_known() -> None:
    read = {
        name for source in ROOT.glob("wattif/**/*.py") for name in re.findall(r'"(WATTIF_[A-Z]+)"', source.read_text())
    }
    assert {"WATTIF_CACHE", "WATTIF_CONFIG"} <= read
    others = {"WATTIF_THRESHOLD": "0.9", "WATTIF_JSON": "true", "wattif_seed": "3"}
    done = _run("-m", "wattif", "schema", "--for", "duckdb", **dict.fromkeys(read, ""), **others)
    assert (done.returncode, done.stderr) == (0, "")


def test_sizes_come_before_the_rate_and_money_last() -> None:
    done = _run("generator.py", *DAYS, "--dry-run")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].startswith("days:")
    names = [line.partition(":")[0].partition(" ")[0] for line in done.stdout.splitlines()]
    assert list(dict.fromkeys(names))[-3:] == ["time", "cost", "as"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_are_told_alike(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir(mode=0o700)
    arguments = ["generator.py", *DAYS, "--meters", "2000", "--lake", str(tmp_path / "lake")]
    command = [sys.executable, *arguments, "--staging-dir", str(tmp_path / "staging")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not (tmp_path / "lake" / "_wattif" / "dataset.json").exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(number)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: committed batches stay" in error

"""Little memory: a run ends by itself, done or with one line and an exit code that says so."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import environment

ROOT = Path(__file__).parents[2]

ARGUMENTS = ["--start", "2024-01-01", "--end", "2024-01-02", "--meters", "20", "--interval", "60"]
MB = 1_000_000


def _run(folder: Path, megabytes: int) -> tuple[int, str]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * MB, megabytes * MB))

    (folder / "staging").mkdir()
    command = [sys.executable, "-m", "wattif", "generate", *ARGUMENTS, "--lake", "lake", "--staging-dir", "staging"]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment(folder), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        preexec_fn=limit,
        timeout=100,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("megabytes", [200, 400, 500, 1500])
def test_a_run_ends_by_itself(tmp_path: Path, megabytes: int) -> None:
    code, error = _run(tmp_path, megabytes)
    if code == 0:
        assert error == ""
        assert len(list((tmp_path / "lake").glob("_wattif/manifest/dt=*/*"))) == 2
    else:  # ours, or a library's own end where it cannot even say what it lacks
        assert code == 1 or code < 0, error
        assert code < 0 or "error" in error.lower()
    assert code == 0 or megabytes < 1500, error


BROKEN_THREAD = """
import sys, threading
from wattif.cli import main
from wattif.engine import figures, run

def generate(*arguments, **options):
    thread = threading.Thread(target=lambda: [].pop(), name="lister")
    thread.start()
    thread.join()
    return figures.Figures()

run.generate = generate
sys.exit(main(["generate", "--start", "2024-01-01", "--end", "2024-01-01"]))
"""


def test_an_exception_that_nobody_asks_for_ends_the_run(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BROKEN_THREAD]
    variables = {**environment(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "wattif generate: error: lister failed: IndexError: pop from empty list\n"

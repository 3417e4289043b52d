"""Killed between a manifest and the commit to the table, or right after that commit, a run adds each batch once."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests import processes
from tests.forking import Forking
from tests.integration.test_table_formats import READERS, is_whole
from wattif.table_formats import table_format_names

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = """
import os, signal, sys
from wattif.cli import main
from wattif.table_formats import table_format_of

kind, left, when = table_format_of(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
add = kind.add

def add_and_die(self, batch, files):
    global left
    left -= 1
    if left == 0 and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    add(self, batch, files)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

kind.add = add_and_die
sys.exit(main(["generate", *sys.argv[4:]]))
"""
DATASET = """
    --start 2024-01-01 --end 2024-01-03 --meters 12 --meters-per-file 3 --batch-files 2 --interval 300
    --columns mac,timestamp,consumption_wh -q --format parquet --lake lake --staging-dir staging
"""


@pytest.mark.parametrize("table_format", table_format_names())
def test_killed_around_the_commit_to_the_table(tmp_path: Path, table_format: str, forking: Forking) -> None:
    (tmp_path / "staging").mkdir()

    def run(commits: int, when: str) -> int:
        words = ["-c", PROGRAM, table_format, str(commits), when, *DATASET.split(), "--table-format", table_format]
        with forking.start(words, tmp_path, processes.environment(tmp_path, PYTHONPATH=str(ROOT))) as program:
            return program.wait(60)

    assert run(2, "before") == -signal.SIGKILL
    assert run(1, "after") == -signal.SIGKILL
    manifests = len(list((tmp_path / "lake" / "_wattif" / "manifest").rglob("*.ndjson")))
    assert run(0, "never") == 0
    assert manifests >= 2
    assert is_whole(table_format, tmp_path / "lake")
    assert READERS[table_format].commits(tmp_path / "lake") == 1 + 6
    assert READERS[table_format].arrow(tmp_path / "lake").num_rows == 3 * 12 * 288

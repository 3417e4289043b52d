"""Forked programs live in their own environment, not in that of the process that has warmed up."""

from __future__ import annotations

from pathlib import Path

from tests.forking import Forking

PROGRAM = """
import sys, tempfile
from wattif.engine.run_options import default_staging_dir

sys.exit(f"{tempfile.gettempdir()} {default_staging_dir()}")
"""


def test_a_program_has_its_own_folder_for_temporary_files(tmp_path: Path, forking: Forking) -> None:
    with forking.start(["-c", PROGRAM], tmp_path, {"TMPDIR": str(tmp_path)}) as program:
        assert program.wait(60) == 1
        temporary, staging = program.told().split()
    assert temporary == str(tmp_path)
    assert Path(staging).parent == tmp_path

"""`make data-generate`: options by their names in capitals."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import processes

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_writes_incidents(tmp_path: Path) -> None:
    words = ["INCIDENT_COUNT=40", "STATION_COUNT=3", "SEED=123", "FORMAT=parquet", "INCLUDE_NOTES=false"]
    words += ["WINDOW_END=2024-07-01", f"OUTPUT_DIR={tmp_path / 'my data'}", "VERBOSE=false"]
    environment = {**processes.environment(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["make", "data-generate", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "seed 123, window 2024-04-02T00:00:00Z to 2024-07-01T00:00:00Z" in done.stdout
    names = {each.name for each in (tmp_path / "my data").iterdir()}
    assert "incidents.parquet" in names
    assert "incident_notes.parquet" not in names

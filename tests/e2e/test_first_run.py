"""The first run on a machine: it says what it compiles, and compiles what the dataset needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DAY = ["--start", "2024-01-01", "--end", "2024-01-01", "--interval", "3600"]
OF_OTHERS = {"fill_commercial_power", "fill_industrial_power", "use_panels", "charge_cars"}


def _compiled(folder: Path, name: str, *options: str) -> set[str]:
    command = [sys.executable, str(ROOT / "generator.py"), *DAY, "--lake", str(folder / name), *options]
    environment = {**os.environ, "WATTIF_CACHE": str(folder / "kernels")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    lines = [line for line in done.stderr.splitlines() if line.startswith("compiling wattif.")]
    return {line.rpartition(".")[2] for line in lines}


def test_homes_alone_compile_nothing_of_shops_factories_panels_and_cars(tmp_path: Path) -> None:
    homes = _compiled(tmp_path, "homes", "--meters", "2", "--class-mix", "residential=1")
    assert {"fill_energies", "fill_residential_power", "fill_columns", "fill_electrical", "stamp_rows"} <= homes
    assert not homes & OF_OTHERS
    assert _compiled(tmp_path, "again", "--meters", "2", "--class-mix", "residential=1") == set()
    cars = ["--meters", "2", "--class-mix", "residential=1", "--ev-share", "1"]
    assert _compiled(tmp_path, "cars", *cars) == {"charge_cars"}

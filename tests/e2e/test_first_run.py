"""The first run on a machine: it says what it compiles, and compiles what the dataset needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import processes

ROOT = Path(__file__).resolve().parent.parent.parent
DAY = ["--start", "2024-01-01", "--end", "2024-01-01", "--interval", "3600"]
OF_OTHERS = {"fill_commercial_power", "fill_industrial_power", "use_panels", "charge_cars"}


def _run(folder: Path, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "generator.py"), *DAY, "--lake", str(folder / name), *options]
    environment = processes.environment(folder, WATTIF_CACHE=str(folder / "kernels"))
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def _compiled(folder: Path, name: str, *options: str) -> set[str]:
    done = _run(folder, name, *options)
    lines = [line for line in done.stderr.splitlines() if line.startswith("compiling wattif.")]
    return {line.rpartition(".")[2] for line in lines}


def test_homes_alone_compile_nothing_of_shops_factories_panels_and_cars(tmp_path: Path) -> None:
    of_homes = ["--meters", "2", "--class-mix", "residential=1"]
    dry = _run(tmp_path, "dry", *of_homes, "--dry-run")
    assert "not measured yet" in dry.stdout
    assert "compiling" not in dry.stderr
    homes = _compiled(tmp_path, "homes", *of_homes)
    assert {"fill_energies", "fill_residential_power", "fill_columns", "fill_electrical", "stamp_rows"} <= homes
    assert not homes & OF_OTHERS
    assert _compiled(tmp_path, "again", *of_homes) == set()
    assert "million readings/s here" in _run(tmp_path, "dry", *of_homes, "--dry-run").stdout
    cars = [*of_homes, "--ev-share", "1"]
    assert "not measured yet" in _run(tmp_path, "dry", *cars, "--dry-run").stdout
    assert _compiled(tmp_path, "cars", *cars) == {"charge_cars"}

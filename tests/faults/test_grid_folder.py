"""The folder of a grid data set when something is wrong: all of it, or nothing, and never somebody else's file."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.processes import environment
from wattif.errors import InvalidValue
from wattif.grid import GridSpec, write_grid
from wattif.grid import data as grid_data_module
from wattif.grid import write as grid_write
from wattif.grid.checks import CheckFailed
from wattif.grid.generate import grid_data
from wattif.model.world import World
from wattif.tables.network import transformer_columns

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = GridSpec(num_transformers=6, num_meters=90, num_months=2, num_zones=3)
OTHER = SMALL.model_copy(update={"seed": 7})


def _bytes(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.suffix != ".log"}


def _nothing_beside(folder: Path) -> bool:
    return [each.name for each in folder.parent.iterdir() if each.name.startswith(f".{folder.name}")] == []


def test_the_same_data_set_is_written_again_and_another_one_only_on_request(tmp_path: Path) -> None:
    folder = tmp_path / "grid"
    write_grid(SMALL, folder)
    first = _bytes(folder)
    write_grid(SMALL, folder)
    assert _bytes(folder) == first
    with pytest.raises(InvalidValue, match="holds another data set"):
        write_grid(OTHER, folder)
    assert _bytes(folder) == first
    write_grid(OTHER, folder, output_format="parquet", overwrite=True)
    assert {name.rpartition(".")[2] for name in _bytes(folder)} == {"parquet", "geojson", "txt"}
    assert _nothing_beside(folder)


def test_other_files_are_never_lost(tmp_path: Path) -> None:
    folder = tmp_path / "grid"
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "thesis.txt").write_text("three years")
    with pytest.raises(InvalidValue, match="holds mine"):
        write_grid(SMALL, folder)
    assert [each.name for each in folder.iterdir()] == ["mine"]
    assert _nothing_beside(folder)
    write_grid(SMALL, folder, overwrite=True)
    write_grid(OTHER, folder, overwrite=True)
    assert (folder / "mine" / "thesis.txt").read_text() == "three years"
    assert (folder / "transformers.csv").exists()
    assert _nothing_beside(folder)


@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_a_run_that_was_killed_while_folders_changed_places(tmp_path: Path, moment: str) -> None:
    """What it left behind is finished by the next run: the old folder is back, or its other files are."""
    folder, replaced, unfinished = tmp_path / "grid", tmp_path / ".grid.replaced", tmp_path / ".grid.unfinished"
    write_grid(SMALL, folder)
    (folder / "mine.txt").write_text("three years")
    if moment == "before":
        unfinished.mkdir()
        (unfinished / "transformers.csv").write_text("half a ")
    else:
        folder.rename(replaced)
    if moment == "after":
        write_grid(OTHER, tmp_path / "new")
        (tmp_path / "new").rename(folder)
    write_grid(OTHER, folder, overwrite=True)
    assert (folder / "mine.txt").read_text() == "three years"
    write_grid(OTHER, tmp_path / "fresh")
    assert _bytes(folder) == _bytes(tmp_path / "fresh") | {"mine.txt": b"three years"}
    assert _nothing_beside(folder)


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "grid").symlink_to("large")
    write_grid(SMALL, tmp_path / "grid")
    assert (tmp_path / "grid").is_symlink()
    assert (tmp_path / "large" / "transformers.csv").exists()


def test_a_folder_that_must_not_go_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "above" / "here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "above" / "here")
    for folder in (".", "..", "/", "../../above"):
        with pytest.raises(InvalidValue, match="is where you are, or above it"):
            write_grid(SMALL, folder, overwrite=True)
    assert [each.name for each in (tmp_path / "above").rglob("*")] == ["here"]
    assert not list(tmp_path.glob(".*"))


def test_a_mount_point(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(10_000_000)
    with pytest.raises(InvalidValue, match=r"is a mount point.*; name a folder in it"):
        write_grid(SMALL, folder)
    assert _nothing_beside(folder)


def test_a_full_disk(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(16_384) / "grid"
    with pytest.raises(InvalidValue, match=r"No space left on device.*; make room, or name another folder"):
        write_grid(SMALL, folder)
    assert list(folder.parent.iterdir()) == []


def test_a_disk_that_is_read_only(small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(1_000_000)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(InvalidValue, match=r"Read-only file system.*; name another folder"):
        write_grid(SMALL, disk / "grid")
    assert list(disk.iterdir()) == []


def test_a_folder_that_is_a_file_or_below_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(InvalidValue, match="is a file; name a folder"):
        write_grid(SMALL, tmp_path / "file")
    with pytest.raises(InvalidValue, match="name another folder"):
        write_grid(SMALL, tmp_path / "file" / "grid")
    assert (tmp_path / "file").read_text() == "text"
    assert _nothing_beside(tmp_path / "file")


def test_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="`output_format` xls: unknown format; choose from csv, parquet, ndjson"):
        write_grid(SMALL, tmp_path / "grid", output_format="xls")
    assert list(tmp_path.iterdir()) == []


def test_two_runs_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "grid"
    command = [sys.executable, "-m", "wattif", "grid", "--num-meters", "3000", "--output-dir", str(folder)]
    runs = [
        subprocess.Popen(command, env=environment(tmp_path, PYTHONPATH=str(ROOT)), stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [run.communicate(timeout=120)[1] for run in runs]
    codes = sorted(run.returncode for run in runs)
    assert codes in ([0, 0], [0, 2])
    if codes == [0, 2]:
        assert any("another run is writing it" in each for each in said)
    assert (folder / "generation_report.txt").exists()
    assert _nothing_beside(folder)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_nothing_that_looks_whole(tmp_path: Path, sign: signal.Signals) -> None:
    folder = tmp_path / "grid"
    command = [
        *(sys.executable, "-m", "wattif", "grid", "--num-meters", "60000", "--num-transformers", "2000"),
        *("--anomaly-rate", "0", "--output-format", "ndjson", "--output-dir", str(folder)),
    ]
    environ = environment(tmp_path, PYTHONPATH=str(ROOT))
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as run:
        table = tmp_path / ".grid.unfinished" / "meter_consumption.ndjson"
        for _ in range(1200):
            if table.exists() and table.stat().st_size:
                break
            time.sleep(0.05)
        run.send_signal(sign)
        _, said = run.communicate(timeout=60)
    assert not folder.exists()
    if sign == signal.SIGINT:
        assert run.returncode == 130
        assert "interrupted: nothing was written" in said
        assert _nothing_beside(folder)
    write_grid(SMALL, folder)
    assert _nothing_beside(folder)


BREAKS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {}


def _breaks(name: str) -> Callable[[Callable[[pytest.MonkeyPatch], None]], Callable[[pytest.MonkeyPatch], None]]:
    def keep(function: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
        BREAKS[name] = function
        return function

    return keep


@_breaks("months are the sums of the readings")
def _a_month_is_a_milliwatt_hour_off(patch: pytest.MonkeyPatch) -> None:
    def broken(spec: GridSpec) -> grid_data_module.GridData:
        data = grid_data(spec)
        return dataclasses.replace(data, kwh=lambda numbers: data.kwh(numbers) + 1e-6)

    patch.setattr("wattif.grid.run.grid_data", broken)


@_breaks("meters has a label")
def _labels_are_lost(patch: pytest.MonkeyPatch) -> None:
    def broken(spec: GridSpec) -> grid_data_module.GridData:
        data = grid_data(spec)
        return dataclasses.replace(data, labels=data.labels.slice(0, 2))

    patch.setattr("wattif.grid.run.grid_data", broken)


@_breaks("90 meters")
def _a_part_of_the_meters_is_lost(patch: pytest.MonkeyPatch) -> None:
    parts = grid_data_module.GridData.parts

    def broken(data: grid_data_module.GridData) -> Iterator[grid_data_module.Part]:
        for part in parts(data):
            yield dataclasses.replace(part, table=part.table.slice(1))

    patch.setattr(grid_data_module.GridData, "parts", broken)


@_breaks("no consumption is negative")
def _a_month_is_negative(patch: pytest.MonkeyPatch) -> None:
    def broken(spec: GridSpec) -> grid_data_module.GridData:
        data = grid_data(spec)
        return dataclasses.replace(data, kwh=lambda numbers: np.full((len(numbers), 2), -1.0))

    patch.setattr("wattif.grid.run.grid_data", broken)


@_breaks("transformers.geojson has a point for each transformer")
def _a_feature_is_lost(patch: pytest.MonkeyPatch) -> None:
    write = grid_write._write_geojson
    patch.setattr(grid_write, "_write_geojson", lambda transformers, path: write(transformers.slice(1), path))


@_breaks("places are within the bounds")
def _a_place_is_elsewhere(patch: pytest.MonkeyPatch) -> None:
    def broken(world: World, meters: int, transformers: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        found = transformer_columns(world, meters, transformers)
        return found | {"latitude": found["latitude"] + 1.0}

    patch.setattr(grid_data_module, "transformer_columns", broken)


@pytest.mark.parametrize("name", BREAKS)
def test_what_fails_a_check_is_named_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    BREAKS[name](monkeypatch)
    with pytest.raises(CheckFailed, match=name):
        write_grid(SMALL.model_copy(update={"anomaly_rate": 0.5}), tmp_path / "grid")
    assert list(tmp_path.iterdir()) == []

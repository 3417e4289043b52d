"""Killed at any moment, the same command goes on, and the end is object for object an undisturbed run's."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import processes
from tests.fakes.gcs_server import GcsServer
from tests.lakes import objects
from wattif.lake import layout
from wattif.lake.manifest import read_manifest

ROOT = Path(__file__).resolve().parent.parent.parent
ARGUMENTS = [
    "--start",
    "2024-01-01",
    "--end",
    "2024-01-06",
    "--meters",
    "300",
    "--meters-per-file",
    "5",
    "--batch-files",
    "4",
    "--interval",
    "300",
    "--columns",
    "mac,timestamp,consumption_wh,register_kwh",
    "-q",
]
KILLS = 10


def _start(folder: Path, server: GcsServer | None, *arguments: str) -> subprocess.Popen[bytes]:
    environment = processes.environment(folder)
    if server is not None:
        environment["STORAGE_EMULATOR_HOST"] = server.url
    command = [
        sys.executable,
        str(ROOT / "generator.py"),
        *ARGUMENTS,
        "--staging-dir",
        str(folder / "staging"),
        *arguments,
    ]
    return subprocess.Popen(command, cwd=folder, env=environment)


def _run(folder: Path, *arguments: str) -> float:
    began = time.monotonic()
    with _start(folder, None, *arguments) as process:
        assert process.wait(timeout=60) == 0
    return time.monotonic() - began


FAULTS = (
    "duplicate=0.001,late=0.002:6h,drop=0.001,out_of_order=0.001,corrupt=0.001,partial_line=0.1,file_missing=0.05,"
    "batch_twice=0.1,schema_drift=2024-01-03"
)


@pytest.mark.parametrize(
    ("faults", "kills", "more"),
    [
        ("none", KILLS, ()),
        (FAULTS, KILLS // 2, ()),
        (FAULTS, KILLS // 2, ("--compression", "gzip")),
        ("none", KILLS // 5, ("--format", "parquet")),
    ],
    ids=["clean", "faults", "compressed", "parquet"],
)
def test_killed_again_and_again_into_a_local_lake(
    tmp_path: Path, faults: str, kills: int, more: tuple[str, ...]
) -> None:
    """With faults on the way, their labels are among the objects."""
    (tmp_path / "staging").mkdir()
    seconds = _run(tmp_path, "--lake", "undisturbed", "--faults", faults, *more)
    expected = objects(tmp_path / "undisturbed")
    chance = random.Random(1)
    killed = 0
    while killed < kills:
        with _start(tmp_path, None, "--lake", "lake", "--faults", faults, *more) as process:
            try:
                process.wait(timeout=chance.uniform(0.4, 1.0) * seconds)
            except subprocess.TimeoutExpired:
                process.kill()
        killed += 1
        committed = list((tmp_path / "lake" / layout.MANIFESTS).rglob("*.ndjson"))
        for manifest in committed:  # whatever is committed is whole, at any moment
            entries = read_manifest(manifest.read_bytes(), manifest.relative_to(tmp_path / "lake").as_posix())
            assert entries or faults != "none"  # all files of a batch may be withheld
            for entry in entries:
                assert (tmp_path / "lake" / entry.name).stat().st_size == entry.bytes
        if process.returncode == 0:  # it was faster than the kill: take some of the lake away and go on
            for path in committed[::3]:
                path.unlink()
    _run(tmp_path, "--lake", "lake", "--faults", faults, *more)
    assert objects(tmp_path / "lake") == expected
    assert any("labels/faults" in name for name in expected) == (faults != "none")
    assert not list((tmp_path / "staging").rglob("readings*"))


def test_killed_ten_times_while_uploading(tmp_path: Path) -> None:
    """The link is slow enough that most kills meet an upload."""
    (tmp_path / "staging").mkdir()
    _run(tmp_path, "--lake", "undisturbed")
    expected = {name: (tmp_path / "undisturbed" / name).read_bytes() for name in objects(tmp_path / "undisturbed")}
    size = sum(map(len, expected.values()))
    chance = random.Random(2)
    with GcsServer(buckets=["lake"], bytes_per_s=size // 8) as server:
        for _ in range(KILLS):
            with _start(tmp_path, server, "--bucket", "lake") as process:
                try:
                    process.wait(timeout=chance.uniform(1.0, 2.0))
                except subprocess.TimeoutExpired:
                    process.kill()
        with _start(tmp_path, server, "--bucket", "lake") as process:
            assert process.wait(timeout=60) == 0
        objects_now = server.objects("lake")
    of_runs = (layout.RUNS, layout.CLAIMS)
    stored = {name: each.content for name, each in objects_now.items() if not name.startswith(of_runs)}
    assert stored == expected
    assert not list((tmp_path / "staging").rglob("readings*"))

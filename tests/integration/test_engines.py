"""Whoever makes a dataset, in however many parts, the lake is the same: what each engine promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.asking import Asked, Asking, generate
from tests.faults.episodes import WAYS
from tests.lakes import objects
from wattif.engine.engines import engine_names

ASKED = {
    "meters": 24,
    "meters_per_file": 2,
    "batch_files": 2,
    "interval": 300,
    "anomaly_rate": 0.2,
    "faults": "duplicate=0.01,late=0.02:6h,drop=0.01,corrupt=0.01,file_missing=0.1,batch_twice=0.1",
    "extra_tables": "air_quality",
    "success_files": True,
}


def _in_shards(count: int) -> Callable[[Asking, Path], None]:
    def make(settings: Asking, lake: Path) -> None:
        for index in range(count, 0, -1):
            generate(_asked(settings, lake, shard=f"{index}/{count}"))

    return make


def _on(engine: str) -> Callable[[Asking, Path], None]:
    def make(settings: Asking, lake: Path) -> None:
        generate(_asked(settings, lake, engine=engine))

    return make


def _asked(settings: Asking, lake: Path, **more: object) -> Asked:
    staging = lake.parent / "staging-of-shards"
    staging.mkdir(exist_ok=True)
    return settings(lake=lake, staging_dir=staging, **ASKED, **more)


@pytest.fixture
def alone(settings: Asking, tmp_path: Path) -> dict[str, str]:
    """The lake of one run in this process."""
    generate(_asked(settings, tmp_path / "alone"))
    made = objects(tmp_path / "alone")
    assert any("labels/faults" in name for name in made)
    assert any("labels/anomalies" in name for name in made)
    return made


@pytest.mark.parametrize(
    "make",
    [_in_shards(3), _in_shards(50), *map(_on, engine_names())],
    ids=["3 shards", "more shards than batches", *engine_names()],
)
def test_the_lake_is_that_of_one_run(
    make: Callable[[Asking, Path], None], settings: Asking, tmp_path: Path, alone: dict[str, str]
) -> None:
    make(settings, tmp_path / "lake")
    assert objects(tmp_path / "lake") == alone


def test_processes_of_every_engine_are_killed_in_a_test() -> None:
    assert set(engine_names()) <= set(WAYS)

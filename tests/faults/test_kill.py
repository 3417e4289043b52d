"""Killed at any moment, the same command goes on, and the end is object for object an undisturbed run's.

    python -m pytest tests/faults/test_kill.py -k again --episodes 30

kills 30 processes of each way to run WattIf in each kind of store, up to three in each lake.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.episodes import DATASET, LIMIT_S, TABLES, WAYS, Machine, go_through, of_the_dataset
from tests.forking import Forking
from tests.stores import SCHEMES, Servers, place_of

FEW = {"run": 2, "shards": 2, "dask": 1}  # episodes, and with Dask not in all kinds of stores, but with --episodes
A_LAKE = 3  # episodes in each, with --episodes
FAULTS = (
    "duplicate=0.001,late=0.002:6h,drop=0.001,out_of_order=0.001,corrupt=0.001,partial_line=0.1,file_missing=0.05,"
    "batch_twice=0.1,schema_drift=2024-01-03"
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All pairs of ways and stores, or of Dask only some."""
    if "way" in metafunc.fixturenames:
        few = () if metafunc.config.getoption("episodes") else (("s3", "dask"), ("az", "dask"))
        pairs = [(scheme, way) for way in WAYS for scheme in SCHEMES if (scheme, way) not in few]
        metafunc.parametrize(("scheme", "way"), pairs)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, forking: Forking, pytestconfig: pytest.Config) -> Machine:
    tables = TABLES if pytestconfig.getoption("episodes") else ()
    return Machine(tmp_path_factory.mktemp("machine"), forking, [*DATASET, *tables])


def test_killed_again_and_again(
    scheme: str,
    way: str,
    tmp_path: Path,
    machine: Machine,
    servers: Servers,
    pytestconfig: pytest.Config,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = pytestconfig.getoption("episodes")
    if not asked:
        with place_of(scheme, tmp_path, servers) as place:
            go_through(WAYS[way](machine, place, random.Random(1)), FEW[way])
        return
    killed: Counter[str] = Counter()
    for seed in itertools.count(1):
        with place_of(scheme, tmp_path / str(seed), servers) as place:
            print("seed", seed)
            killed += go_through(WAYS[way](machine, place, random.Random(seed)), A_LAKE)
        if killed.total() >= asked:
            break
    with capsys.disabled():
        print(f"\n{scheme} {way}: seeds 1 to {seed}, killed {dict(killed)}", end=" ")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_shard_several_times_at_once(scheme: str, tmp_path: Path, machine: Machine, servers: Servers) -> None:
    """Twice on one machine, and once on another; nobody has claimed the lake before."""
    here = ("--staging-dir", str(tmp_path))
    with place_of(scheme, tmp_path, servers) as place, ExitStack() as stack:
        started = [
            stack.enter_context(machine.generate(place.url, "--shard", "1/1", *more, **place.environment))
            for more in (here, here, ())
        ]
        for process in started:
            assert process.wait(LIMIT_S) == 0, process.told()
        assert of_the_dataset(place.objects()) == machine.undisturbed()


@pytest.mark.parametrize(
    "more",
    [("--faults", FAULTS), ("--faults", FAULTS, "--compression", "gzip"), ("--format", "parquet", *TABLES)],
    ids=["faults", "compressed", "parquet"],
)
def test_killed_whatever_is_made(more: tuple[str, ...], tmp_path: Path, forking: Forking, servers: Servers) -> None:
    """With faults on the way, their labels are among the objects."""
    machine = Machine(tmp_path, forking, [*DATASET, *more])
    assert any("labels/faults" in name for name in machine.undisturbed()) == ("--faults" in more)
    with place_of("folder", tmp_path, servers) as place:
        go_through(WAYS["run"](machine, place, random.Random(1)), 3)

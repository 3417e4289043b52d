"""Runs into a lake whose processes are killed at random moments, one in each episode, in each way to run WattIf.

Moments are random numbers of writes, and a little later: those of a slow store, or of a busy machine, are spread alike.
Whatever is committed is whole at any moment, and the end is object for object the lake of a run that nobody disturbed.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests import processes
from tests.dask_cluster import DaskCluster
from tests.forking import Forked, Forking
from tests.lakes import tells_of_a_run, unclaimed
from tests.stores import Place
from wattif.lake import layout
from wattif.lake.manifest import read_manifest

ROOT = Path(__file__).resolve().parent.parent.parent
DATASET = (
    *("--start", "2024-01-01", "--end", "2024-01-03", "--meters", "90", "--interval", "300"),
    *("--columns", "mac,timestamp,consumption_wh,register_kwh", "--success-files"),
    *("--meters-per-file", "5", "--batch-files", "3", "--anomaly-rate", "0.2", "-q"),
)
TABLES = ("--extra-tables", "air_quality")  # take as long as all the rest
_LOOK_S, _LATER_S = 0.01, 0.1
LIMIT_S = 150
Objects = dict[str, bytes]


class Machine:
    """A folder in which programs start, each with a staging folder of its own, as on machines of their own."""

    def __init__(self, folder: Path, forking: Forking, dataset: Sequence[str] = DATASET) -> None:
        self.folder = folder
        self._forking = forking
        self._dataset = dataset
        self._started = 0
        self._undisturbed: Objects | None = None

    def program(self, words: Sequence[str], **environment: str) -> Forked:
        """A program in Python."""
        home = processes.environment(self.folder, PYTHONPATH=str(ROOT), **environment)
        return self._forking.start(words, self.folder, home)

    def generate(self, lake: str, *options: str, **environment: str) -> Forked:
        """A run into a lake."""
        self._started += 1
        staging = self.folder / f"staging-{self._started}"
        staging.mkdir()
        words = [str(ROOT / "generator.py"), *self._dataset, "--lake", lake, "--staging-dir", str(staging), *options]
        return self.program(words, **environment)

    def undisturbed(self) -> Objects:
        """The objects of a lake that nobody disturbed."""
        if self._undisturbed is None:
            with self.generate("undisturbed") as process:
                assert process.wait(LIMIT_S) == 0, process.told()
            lake = self.folder / "undisturbed"
            files = [path for path in lake.rglob("*") if path.is_file()]
            self._undisturbed = of_the_dataset({path.relative_to(lake).as_posix(): path.read_bytes() for path in files})
        return self._undisturbed


def of_the_dataset(objects: Objects) -> Objects:
    """Without what tells of single runs and claims."""
    return {name: unclaimed(name, content) for name, content in objects.items() if not tells_of_a_run(name)}


class Way(ABC):
    """How a lake is made; each episode kills a process of it."""

    def __init__(self, machine: Machine, place: Place, chance: random.Random) -> None:
        self.machine = machine
        self.place = place
        self.chance = chance
        self.killed: Counter[str] = Counter()
        self.expected = machine.undisturbed()

    def generate(self, *options: str) -> Forked:
        """A run into the lake."""
        return self.machine.generate(self.place.url, *options, **self.place.environment)

    def kill_sometime(self, process: Forked, name: str, meanwhile: Forked | None = None) -> None:
        """Kill *process*, if *meanwhile* (by default, itself) is not done before."""
        missing = len(self.expected) - len(of_the_dataset(self.place.objects()))
        writes = self.place.writes() + self.chance.randint(0, max(missing, 1))
        running = meanwhile or process
        while self.place.writes() < writes and not running.has_ended(_LOOK_S):
            pass
        if not running.has_ended(self.chance.uniform(0.0, _LATER_S)):
            process.kill()
            self.killed[name] += 1

    @abstractmethod
    def episode(self) -> None:
        """Begin or go on, and kill a process."""

    def finish(self) -> None:
        """Go on until all is there."""
        with self.generate() as process:
            assert process.wait(LIMIT_S) == 0, process.told()

    def close(self) -> None:  # noqa: B027  # most have nothing to end
        """End what is still under way."""


class Whole(Way):
    """One process makes all of it."""

    def episode(self) -> None:
        with self.generate() as process:
            self.kill_sometime(process, "run")


class Shards(Way):
    """Two at once, of any count, every other time the same one twice; one of them is killed."""

    _twice = False

    def episode(self) -> None:
        count = self.chance.randint(2, 5)
        shards = [f"{index}/{count}" for index in self.chance.sample(range(1, count + 1), 2)]
        self._twice = not self._twice
        if self._twice:
            shards[1] = shards[0]
        with self.generate("--shard", shards[0]) as killed, self.generate("--shard", shards[1]) as other:
            self.kill_sometime(killed, "shard")
            assert other.wait(LIMIT_S) == 0, other.told()

    def finish(self) -> None:
        with self.generate("--shard", "1/2") as first, self.generate("--shard", "2/2") as second:
            for process in (first, second):
                assert process.wait(LIMIT_S) == 0, process.told()


class Dask(Way):
    """A scheduler, two workers, and who asks them: any of these is killed, and started again."""

    def __init__(self, machine: Machine, place: Place, chance: random.Random) -> None:
        super().__init__(machine, place, chance)
        self._cluster = DaskCluster(machine.program, machine.folder)
        self._start_what_is_missing()

    def _start_what_is_missing(self) -> None:
        if "scheduler" not in self._cluster.processes:
            self._cluster.scheduler()
        for name in ("worker 1", "worker 2"):
            if name not in self._cluster.processes:
                self._cluster.worker(name, self.place.environment)

    def _ask(self) -> Forked:
        return self.generate("--engine", f"dask://{self._cluster.address}")

    def episode(self) -> None:
        with self._ask() as asking:
            name = self.chance.choice(["client", *self._cluster.processes])
            self.kill_sometime(self._cluster.processes.get(name, asking), name.rstrip(" 12"), asking)
            if name == "scheduler":
                assert asking.wait(LIMIT_S) in (0, 3), asking.told()
            elif name != "client":
                assert asking.wait(LIMIT_S) == 0, asking.told()
        if name in self._cluster.processes:
            self._cluster.end([name] if name != "scheduler" else list(self._cluster.processes))
        self._start_what_is_missing()

    def finish(self) -> None:
        with self._ask() as process:
            assert process.wait(LIMIT_S) == 0, process.told()

    def close(self) -> None:
        self._cluster.close()


WAYS: dict[str, Callable[[Machine, Place, random.Random], Way]] = {"run": Whole, "shards": Shards, "dask": Dask}


def check_committed(objects: Objects, expected: Objects) -> None:
    """Whatever a manifest names is there, whole."""
    for name, content in objects.items():
        if layout.parse_manifest_name(name) is not None:
            for entry in read_manifest(content, name):
                assert objects.get(entry.name) == expected[entry.name], entry.name


def go_through(way: Way, episodes: int) -> Counter[str]:
    """So many episodes, then the end; which processes were killed before they were done."""
    try:
        for _ in range(episodes):
            way.episode()
            check_committed(way.place.objects(), way.expected)
        way.finish()
    finally:
        way.close()
    objects = of_the_dataset(way.place.objects())
    assert objects.keys() == way.expected.keys()
    different = [name for name, content in objects.items() if content != way.expected[name]]
    assert not different
    return way.killed

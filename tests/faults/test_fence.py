"""Two runs of different datasets in one lake, killed at random: the lake is never mixed, and the loser says so.

    python -m pytest tests/faults/test_fence.py -k mixed --episodes 10

has 10 rounds in each kind of store.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.episodes import LIMIT_S, Machine, Objects, of_the_dataset
from tests.forking import Forked, Forking
from tests.stores import SCHEMES, Place, Servers, place_of
from wattif.lake import layout
from wattif.lake.manifest import read_manifest

ROUNDS = {"folder": 3, "gs": 2, "s3": 1, "az": 1}
DATASET = (
    *("--start", "2024-01-01", "--end", "2024-01-03", "--meters", "75", "--interval", "300", "--overwrite", "-q"),
    *("--meters-per-file", "5", "--batch-files", "3", "--columns", "mac,timestamp,consumption_wh,register_kwh"),
)
SEEDS = ("1", "2")


def _owner(objects: Objects) -> str | None:
    """The seed of the dataset that owns the lake; None while the former one is being removed."""
    document = json.loads(objects.get(layout.DATASET, b'{"clearing": true}'))
    return None if document.get("clearing") else str(document["seed"])


def _check(objects: Objects, undisturbed: dict[str, Objects]) -> None:
    """Whatever is committed is the owner's, whole."""
    seed = _owner(objects)
    for name, content in objects.items() if seed else ():
        if layout.parse_manifest_name(name) is None:
            continue
        assert content == undisturbed[seed or ""][name], f"{name} is not of seed {seed}"
        for entry in read_manifest(content, name):
            assert objects.get(entry.name) == undisturbed[seed or ""][entry.name], f"{entry.name}: not of seed {seed}"


class Fighters:
    """A machine for each of two datasets, and what each is when nobody disturbs it."""

    def __init__(self, folder: Path, forking: Forking) -> None:
        self._machines = {}
        for seed in SEEDS:
            (folder / seed).mkdir()
            self._machines[seed] = Machine(folder / seed, forking, [*DATASET, "--seed", seed])
        self.undisturbed = {seed: machine.undisturbed() for seed, machine in self._machines.items()}

    def start(self, seed: str, place: Place) -> Forked:
        """A run into a place."""
        return self._machines[seed].generate(place.url, **place.environment)


def _finish(process: Forked) -> None:
    with process:
        assert process.wait(LIMIT_S) == 0, process.told()


class Duel:
    """Two runs against one lake, again and again; a first one tells how long they take there."""

    def __init__(self, fighters: Fighters, place: Place, chance: random.Random) -> None:
        self._fighters = fighters
        self._place = place
        self._chance = chance
        began = time.monotonic()
        _finish(fighters.start(SEEDS[0], place))
        self._seconds = time.monotonic() - began
        self.outcomes: Counter[str] = Counter()

    def objects(self) -> Objects:
        """What lies in the lake."""
        return of_the_dataset(self._place.objects())

    def round(self) -> None:
        """Start both, a little apart; kill one, both or none; look at the lake."""
        first, second = self._chance.sample(SEEDS, 2)
        processes = {first: self._fighters.start(first, self._place)}
        seconds = self._seconds
        time.sleep(self._chance.uniform(0.0, 0.8) * seconds)
        processes[second] = self._fighters.start(second, self._place)
        kills = [(self._chance.uniform(0.0, 1.2) * seconds, seed) for seed in SEEDS if self._chance.random() < 0.5]
        began = time.monotonic()
        for at, seed in sorted(kills):
            time.sleep(max(began + at - time.monotonic(), 0.0))
            processes[seed].kill()
        codes = {seed: process.wait(LIMIT_S) for seed, process in processes.items()}
        for seed, process in processes.items():
            with process:
                told = process.told()
            assert codes[seed] in (0, 3, -9), told
            if codes[seed] == 3:
                assert re.search(r"error: .*(taken over by another dataset|another run claims this place)", told), told
            self.outcomes[{0: "finished", 3: "lost", -9: "killed"}[codes[seed]]] += 1
        objects, undisturbed = self.objects(), self._fighters.undisturbed
        _check(objects, undisturbed)
        finished = [seed for seed, code in codes.items() if code == 0]
        if len(finished) == 1 and -9 not in codes.values():
            assert _owner(objects) == finished[0]
        if _owner(objects) in finished:
            assert objects == undisturbed[_owner(objects) or ""]

    def end(self) -> None:
        """Whoever runs last and undisturbed has the lake, and nothing else is left in it."""
        for seed in SEEDS:
            _finish(self._fighters.start(seed, self._place))
            assert self.objects() == self._fighters.undisturbed[seed]


def duel(fighters: Fighters, place: Place, rounds: int, chance: random.Random) -> Counter[str]:
    """So many rounds; how the runs ended."""
    fight = Duel(fighters, place, chance)
    for _ in range(rounds):
        fight.round()
    fight.end()
    return fight.outcomes


@pytest.fixture(scope="module")
def fighters(tmp_path_factory: pytest.TempPathFactory, forking: Forking) -> Fighters:
    return Fighters(tmp_path_factory.mktemp("fighters"), forking)


@pytest.fixture(params=SCHEMES)
def place(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Iterator[Place]:
    with place_of(request.param, tmp_path, servers) as found:
        yield found


def test_two_datasets_in_one_lake_are_never_mixed(
    fighters: Fighters, place: Place, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = pytestconfig.getoption("episodes")
    rounds = asked or ROUNDS[place.scheme]
    outcomes = duel(fighters, place, rounds, random.Random(1))
    assert outcomes.total() == 2 * rounds
    if asked:
        with capsys.disabled():
            print(f"\n{place.scheme}: seed 1, {dict(outcomes)}", end=" ")


def test_the_loser_stops_and_names_the_winner(fighters: Fighters, place: Place, tmp_path: Path) -> None:
    with fighters.start("1", place) as loser:
        while place.writes() < 10:
            time.sleep(0.002)
        _hold(loser, None if place.proxy else tmp_path / "lake")
        _finish(fighters.start("2", place))
        loser.send(signal.SIGCONT)
        assert loser.wait(LIMIT_S) == 3
        told = loser.told()
    host = os.uname().nodename
    assert re.search(rf"taken over by another dataset at 20\d\d-\d\d-\d\dT[\d:+]+ on host {re.escape(host)}", told)
    assert of_the_dataset(place.objects()) == fighters.undisturbed["2"]


def _hold(process: Forked, lake: Path | None) -> None:
    """Have *process* hold still, but not while it holds the lock of *lake*: the other one would wait for it."""
    while True:
        process.hold()
        if lake is None:
            return
        descriptor = os.open(lake, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            process.send(signal.SIGCONT)
        finally:
            os.close(descriptor)

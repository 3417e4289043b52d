"""Two runs of different datasets in one lake, killed at random: the lake is never mixed, and the loser says so.

    python -m tests.faults.test_fence ROUNDS

tries it for longer, in a folder and against the tests' Cloud Storage.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import processes
from tests.fakes.gcs_server import GcsServer
from wattif.lake import layout
from wattif.lake.manifest import read_manifest

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS = 4
ARGUMENTS = [
    "--start",
    "2024-01-01",
    "--end",
    "2024-01-04",
    "--meters",
    "120",
    "--meters-per-file",
    "5",
    "--batch-files",
    "3",
    "--interval",
    "300",
    "--columns",
    "mac,timestamp,consumption_wh,register_kwh",
    "--overwrite",
    "-q",
]
SEEDS = ("1", "2")
Objects = dict[str, bytes]


def _start(folder: Path, server: GcsServer | None, seed: str, lake: str) -> subprocess.Popen[bytes]:
    environment = processes.environment(folder)
    place = ["--lake", lake]
    if server is not None:
        environment["STORAGE_EMULATOR_HOST"] = server.url
        place = ["--bucket", "lake", "--prefix", lake]
    staging = folder / f"staging-{seed}"
    staging.mkdir(exist_ok=True)
    command = [sys.executable, str(ROOT / "generator.py"), *ARGUMENTS, "--seed", seed, "--staging-dir", str(staging)]
    return subprocess.Popen([*command, *place], cwd=folder, env=environment, stderr=subprocess.PIPE)


def _finish(process: subprocess.Popen[bytes]) -> bytes:
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 0, told
    return told


def _in_folder(lake: Path) -> Objects:
    files = [path for path in lake.rglob("*") if path.is_file()]
    return _of_the_dataset({path.relative_to(lake).as_posix(): path.read_bytes() for path in files})


def _of_the_dataset(objects: Objects) -> Objects:
    """But what tells of single runs, and the number of the claim, which tells how often the lake changed hands."""
    kept = {name: content for name, content in objects.items() if not name.startswith((layout.RUNS, layout.CLAIMS))}
    if layout.DATASET in kept:
        document = json.loads(kept[layout.DATASET])
        document.pop("claim_epoch", None)
        kept[layout.DATASET] = json.dumps(document).encode()
    return kept


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


class Duel:
    """Two runs against one lake, again and again."""

    def __init__(self, folder: Path, server: GcsServer | None, chance: random.Random) -> None:
        self._folder = folder
        self._server = server
        self._chance = chance
        self.outcomes: Counter[str] = Counter()
        self.undisturbed: dict[str, Objects] = {}
        self._seconds = 0.0
        for seed in SEEDS:
            began = time.monotonic()
            _finish(_start(folder, None, seed, f"undisturbed-{seed}"))
            self._seconds = time.monotonic() - began
            self.undisturbed[seed] = _in_folder(folder / f"undisturbed-{seed}")

    def objects(self) -> Objects:
        """What lies in the lake."""
        if self._server is None:
            return _in_folder(self._folder / "lake")
        stored = self._server.objects("lake").items()
        return _of_the_dataset({name.removeprefix("lake/"): item.content for name, item in stored})

    def round(self) -> None:
        """Start both, a little apart; kill one, both or none; look at the lake."""
        first, second = self._chance.sample(SEEDS, 2)
        processes = {first: _start(self._folder, self._server, first, "lake")}
        time.sleep(self._chance.uniform(0.0, 0.8) * self._seconds)
        processes[second] = _start(self._folder, self._server, second, "lake")
        kills = [
            (self._chance.uniform(0.0, 1.2) * self._seconds, seed) for seed in SEEDS if self._chance.random() < 0.5
        ]
        began = time.monotonic()
        for at, seed in sorted(kills):
            time.sleep(max(began + at - time.monotonic(), 0.0))
            processes[seed].kill()
        for process in processes.values():
            told = process.communicate(timeout=120)[1]
            assert process.returncode in (0, 1, -9), told
            if process.returncode == 1:
                assert re.search(rb"error: .*(taken over by another dataset|another run claims this place)", told), told
            self.outcomes[{0: "finished", 1: "lost", -9: "killed"}[process.returncode]] += 1
        objects = self.objects()
        _check(objects, self.undisturbed)
        finished = [seed for seed, process in processes.items() if process.returncode == 0]
        if len(finished) == 1 and all(process.returncode != -9 for process in processes.values()):
            assert _owner(objects) == finished[0]
        if _owner(objects) in finished:
            assert objects == self.undisturbed[_owner(objects) or ""]

    def end(self) -> None:
        """Whoever runs last and undisturbed has the lake, and nothing else is left in it."""
        for seed in SEEDS:
            _finish(_start(self._folder, self._server, seed, "lake"))
            assert self.objects() == self.undisturbed[seed]


def duel(folder: Path, rounds: int, seed: int, *, in_bucket: bool) -> Counter[str]:
    """So many rounds; how the runs ended."""
    with ExitStack() as stack:
        server = stack.enter_context(GcsServer(["lake"])) if in_bucket else None
        fight = Duel(folder, server, random.Random(seed))
        for _ in range(rounds):
            fight.round()
        fight.end()
    return fight.outcomes


@pytest.mark.parametrize("in_bucket", [False, True], ids=["folder", "bucket"])
def test_two_datasets_in_one_lake_are_never_mixed(tmp_path: Path, in_bucket: bool) -> None:
    assert sum(duel(tmp_path, ROUNDS, 1, in_bucket=in_bucket).values()) == 2 * ROUNDS


@pytest.mark.parametrize("in_bucket", [False, True], ids=["folder", "bucket"])
def test_the_loser_stops_and_names_the_winner(tmp_path: Path, in_bucket: bool) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(GcsServer(["lake"])) if in_bucket else None
        fight = Duel(tmp_path, server, random.Random(0))
        loser = _start(tmp_path, server, "1", "lake")
        _wait_until(lambda: any(layout.parse_manifest_name(name) for name in fight.objects()))
        _hold(loser, None if in_bucket else tmp_path / "lake")
        _finish(_start(tmp_path, server, "2", "lake"))
        loser.send_signal(signal.SIGCONT)
        told = loser.communicate(timeout=120)[1].decode()
        assert loser.returncode == 1, told
        host = os.uname().nodename
        assert re.search(rf"taken over by another dataset at 20\d\d-\d\d-\d\dT[\d:+]+ on host {re.escape(host)}", told)
        assert fight.objects() == fight.undisturbed["2"]


def _hold(process: subprocess.Popen[bytes], lake: Path | None) -> None:
    """Have *process* hold still, but not while it holds the lock of *lake*: the other one would wait for it."""
    while True:
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        if lake is None:
            return
        descriptor = os.open(lake, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            process.send_signal(signal.SIGCONT)
        finally:
            os.close(descriptor)


def _wait_until(happened: Callable[[], bool]) -> None:
    while not happened():
        time.sleep(0.005)


if __name__ == "__main__":
    for bucket in (False, True):
        with tempfile.TemporaryDirectory() as name:
            print("bucket" if bucket else "folder", dict(duel(Path(name), int(sys.argv[1]), 7, in_bucket=bucket)))

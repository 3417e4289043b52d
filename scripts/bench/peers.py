"""What do others make of the same record? WattIf, model to files, beside engines that write ready rows out of memory.

    python -m scripts.bench.peers [--meters N] [--rounds N]

pyarrow, DuckDB (`COPY`), Polars and chDB get ten columns every 10 seconds as tables of their own, and write them as
NDJSON, CSV and Parquet, as far as they can; gzip at level 1 where it can be told. Each runs in a process of its own,
which writes a file before it is measured, in rounds. `pip install tpchgen-cli` brings another
generator: its Parquet in bytes a second, beside ours. Compare ratios of one run.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import NamedTuple

from scripts.bench.peer_writers import DAY, KINDS, PEERS, Kind
from scripts.bench.throughput import ROOT
from tests.asking import Asked, generate


class Run(NamedTuple):
    """One peer wrote one kind once."""

    format: str
    compression: str
    seconds: float
    bytes: int


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(peer: str, rows: Path, threads: int) -> Iterator[Run]:
    """Every kind that *peer* writes, after one of them for practice."""
    write = PEERS[peer](rows, threads)
    with tempfile.TemporaryDirectory(dir=rows.parent) as folder:
        write(("parquet", "none"), Path(folder))
    for kind in KINDS:
        with contextlib.suppress(KeyError), tempfile.TemporaryDirectory(dir=rows.parent) as folder:
            began = time.perf_counter()
            size = write(kind, Path(folder))
            yield Run(*kind, time.perf_counter() - began, size or size_of(Path(folder)))


def in_own_process(peer: str, rows: Path, threads: int) -> list[Run]:
    command = [sys.executable, "-m", "scripts.bench.peers", "--peer", peer, "--rows", str(rows)]
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads)}
    done = subprocess.run(
        [*command, "--threads", str(threads)], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return [Run(*json.loads(line)) for line in done.stdout.splitlines()]


def beside_engines(folder: Path, meters: int, rounds: int) -> None:
    """Millions of readings a second into files, and how many times as fast WattIf is."""
    first = Asked(**DAY, meters=meters, format="parquet", meters_per_file=meters, lake=folder / "lake")
    generate(first, Event())
    rows = next((folder / "lake").rglob("dt=*/*.parquet")).rename(folder / f"{meters}.parquet")
    count = meters * 8640
    found: dict[tuple[Kind, str, int], list[Run]] = defaultdict(list)
    peers = [name for name in PEERS if name == "wattif" or importlib.util.find_spec(name)]
    for _ in range(rounds):
        for threads in (1, 2):
            for peer in peers:
                for run in in_own_process(peer, rows, threads):
                    found[((run.format, run.compression), peer, threads)].append(run)
    rates = {key: statistics.median(count / run.seconds / 1e6 for run in runs) for key, runs in found.items()}
    print("format   compression  peer      bytes   million readings/s: one thread, two; WattIf's rate by the peer's")
    for kind in KINDS:
        for peer in (name for name in peers if (kind, name, 1) in rates):
            size = found[(kind, peer, 1)][0].bytes / count
            own = [rates[(kind, peer, threads)] for threads in (1, 2)]
            ratios = [rates[(kind, "wattif", threads)] / rate for threads, rate in zip((1, 2), own, strict=True)]
            print(
                f"{kind[0]:8} {kind[1]:11} {peer:8} {size:8.2f} {own[0]:9.2f} {own[1]:8.2f}"
                f" {ratios[0]:9.1f} {ratios[1]:6.1f}"
            )


def beside_generator(folder: Path, rounds: int) -> None:
    """TPC-H's largest table as Parquet, by the byte: a generator that begins with nothing, as WattIf does."""
    places = [str(Path(sys.executable).parent), os.environ["PATH"]]
    program = shutil.which("tpchgen-cli", path=os.pathsep.join(places))
    if program is None:
        print("tpchgen-cli is not there: left out")
        return
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for threads, found in rates.items():
            with tempfile.TemporaryDirectory(dir=folder) as target:
                options = ["--tables=lineitem", f"--num-threads={threads}", f"--output-dir={target}"]
                began = time.perf_counter()
                subprocess.run([program, "parquet", "-s", "0.5", "--compression=ZSTD(1)", *options], check=True)
                found.append(size_of(Path(target)) / (time.perf_counter() - began) / 1e6)
    for threads, found in rates.items():
        print(f"tpchgen-cli, lineitem, zstd, threads: {threads}: {statistics.median(found):.0f} MB/s of Parquet")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meters", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    for name, kind in (("--peer", str), ("--rows", Path), ("--threads", int)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)  # of the processes that it starts
    asked = parser.parse_args()
    if asked.peer:
        for run in measure(asked.peer, asked.rows, asked.threads):
            print(json.dumps(run), flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        beside_engines(Path(folder), asked.meters, asked.rounds)
        beside_generator(Path(folder), asked.rounds)


if __name__ == "__main__":
    main()

"""How long do whole commands take, and how much memory do they need? Each measurement is a process of its own.

    python -m scripts.bench.processes [--folder DIR] [--rounds N] [--beside CHECKOUT] [--only NAME …]

Rows: ``cold`` (nothing compiled yet), ``start`` (kernels compiled), ``peak`` (memory), ``faults`` (the main job with
faults on the way). ``--beside`` measures another checkout in turn with this one and prints the ratio. This module
imports nothing of WattIf, so that it stays small: a process counts the memory of the one that started it as its own
until it has more.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PEAKS = {
    "100 meters, a day": ["--meters", "100", "--end", "2024-01-01"],
    "a million meters, a day": [
        *["--meters", "1000000", "--end", "2024-01-01", "--interval", "3600", "--batch-files", "100"],
        *["--columns", "timestamp,consumption_wh"],
    ],
    "100 meters, a year": [
        *["--meters", "100", "--end", "2024-12-31", "--interval", "300", "--columns", "timestamp,consumption_wh"],
    ],
}
FAULTS = "duplicate=0.001,late=0.002:6h,drop=0.0005,out_of_order=0.001,corrupt=0.0001,partial_line=0.05"
# Starts a command and prints what it took: until a file lies in a folder (if there is one), its end, its memory.
LAUNCHER = """
import glob, json, os, sys, time
pattern, command = sys.argv[1], sys.argv[2:]
began = time.perf_counter()
child = os.fork()
if child == 0:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1), os.dup2(nowhere, 2)
    os.execv(command[0], command)
first, ended = None, 0
while not ended:
    ended, status, usage = os.wait4(child, os.WNOHANG)
    if first is None and pattern and glob.glob(pattern):
        first = time.perf_counter() - began
    time.sleep(0.002)
wall = time.perf_counter() - began
print(json.dumps({
    "first_s": wall if first is None else first, "wall_s": wall, "processor_s": usage.ru_utime + usage.ru_stime,
    "peak_mib": usage.ru_maxrss / 1024, "code": os.waitstatus_to_exitcode(status),
}))
"""


@dataclass(frozen=True, kw_only=True)
class Took:
    """What a command took."""

    first_s: float  # until the first file was in the lake; until the end, where there is none
    wall_s: float
    processor_s: float
    peak_mib: float
    code: int


class Bench:
    """Runs the command of a checkout, with its lake, staging and cache in a folder that is emptied each time."""

    def __init__(self, folder: Path, rounds: int, beside: Path | None) -> None:
        self._folder = folder
        self._rounds = rounds
        self._checkouts = [ROOT, *([beside.absolute()] if beside else [])]

    def run(self, checkout: Path, arguments: Sequence[str], *, cold: bool = False, into_lake: bool = True) -> Took:
        """What ``generator.py ARGUMENTS`` of *checkout* takes; *cold*: with no kernel compiled."""
        places = {name: self._folder / name for name in ("lake", "staging", "cold")}
        for place in places.values():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
        os.sync()
        kept = self._folder / "kernels" / checkout.name
        kernels = str(places["cold"] if cold else kept)
        command = [sys.executable, str(checkout / "generator.py"), *arguments]
        if into_lake:
            command += ["--lake", str(places["lake"]), "--staging-dir", str(places["staging"]), "-q"]
        pattern = str(places["lake"] / "dt=*" / "*.json") if into_lake else ""
        # the second variable is for checkouts of version 0.3 and before
        environment = {**os.environ, "WATTIF_CACHE": kernels, "NUMBA_CACHE_DIR": kernels}
        done = subprocess.run(
            [sys.executable, "-S", "-c", LAUNCHER, pattern, *command],
            stdout=subprocess.PIPE,
            check=True,
            cwd=checkout,
            env=environment,
        )
        return Took(**json.loads(done.stdout))

    def medians(self, measure: Callable[[Path], list[float]]) -> list[list[float]]:
        """For each checkout, the median of each of the figures that *measure* gives; checkouts in turn."""
        results: list[list[list[float]]] = [[] for _ in self._checkouts]
        for _ in range(self._rounds):
            for figures, checkout in zip(results, self._checkouts, strict=True):
                figures.append(measure(checkout))
        return [[statistics.median(column) for column in zip(*figures, strict=True)] for figures in results]

    def print_row(self, name: str, unit: str, wanted: str, figures: Sequence[float]) -> None:
        """A line of the table; beside another checkout with its figure and the ratio."""
        line = f"{name:<44} {figures[0]:8.2f} {unit:<4}"
        if len(figures) > 1:
            line += f" beside {figures[1]:8.2f} {unit:<4} {figures[0] / figures[1]:5.2f} x"
        print(f"{line}   (wanted: {wanted})", flush=True)


DAY = ["--start", "2024-01-01", "--end", "2024-01-01"]


def cold(bench: Bench) -> None:
    """The first command on a machine: kernels are compiled."""

    def measure(checkout: Path) -> list[float]:
        took = bench.run(checkout, [*DAY, "--meters", "100"], cold=True)
        assert took.code == 0, took
        return [took.first_s, took.processor_s, took.peak_mib]

    first, processor, peak = zip(*bench.medians(measure), strict=True)
    bench.print_row("cold: to the first file of 100 meters", "s", "12 on a quiet machine", first)
    bench.print_row("cold: processor time of all of it", "s", "as little", processor)
    bench.print_row("cold: peak memory", "MiB", "400", peak)


def start(bench: Bench) -> None:
    """From the command to the answer, kernels compiled."""

    def measure(checkout: Path) -> list[float]:
        day = bench.run(checkout, [*DAY, "--meters", "20"])
        helped = bench.run(checkout, ["--help"], into_lake=False)
        refused = bench.run(checkout, ["--start", "x"], into_lake=False)
        assert (day.code, helped.code, refused.code) == (0, 0, 2), (day, helped, refused)
        return [day.first_s, helped.wall_s, refused.wall_s]

    bench.medians(measure)  # now the kernels are compiled
    first, helped, refused = zip(*bench.medians(measure), strict=True)
    bench.print_row("start to the first file", "s", "2", first)
    bench.print_row("--help", "s", "0.3", helped)
    bench.print_row("a usage error", "s", "0.3", refused)


def peak(bench: Bench) -> None:
    """The peak memory of whole runs: few meters or a million, a day or a year."""
    for name, arguments in PEAKS.items():

        def measure(checkout: Path, arguments: Sequence[str] = arguments) -> list[float]:
            took = bench.run(checkout, ["--start", "2024-01-01", *arguments])
            assert took.code == 0, took
            return [took.peak_mib]

        (peaks,) = zip(*bench.medians(measure), strict=True)
        bench.print_row(f"peak memory, {name}", "MiB", "400", peaks)


def faults(bench: Bench) -> None:
    """The main job with faults on the way, start included."""
    meters = 400
    for name, more in (("faults of rows", ""), ("faults of rows, a drift", ",schema_drift=2024-01-01")):

        def measure(checkout: Path, more: str = more) -> list[float]:
            took = bench.run(checkout, [*DAY, "--meters", str(meters), "--faults", FAULTS + more])
            assert took.code == 0, took
            rows = meters * 8640 / 1e6
            return [rows / took.processor_s, rows / took.wall_s]

        processor, wall = zip(*bench.medians(measure), strict=True)
        bench.print_row(f"{name}: readings by processor time", "M/s", "not below", processor)
        bench.print_row(f"{name}: readings by wall time", "M/s", "not below", wall)


ROWS = {"cold": cold, "start": start, "peak": peak, "faults": faults}


def main() -> None:
    """Print the rows that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--beside", type=Path, metavar="CHECKOUT", help="another checkout, measured in turn")
    parser.add_argument("--only", nargs="*", choices=ROWS, default=list(ROWS))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        bench = Bench(Path(name), arguments.rounds, arguments.beside)
        for row in arguments.only:
            ROWS[row](bench)


if __name__ == "__main__":
    main()

"""What a worker takes of a hundred to a hundred million meters, and what two gain: the figures of docs/scale.md.

    python -m scripts.bench.scale [--folder DIR] [--memory DIR] "two processors, …"

writes `scripts/scale_measured.json`, from which `scripts.scale_model` goes on; `scripts.build_docs` writes the tables.
It takes some minutes, 3 GB of disk and 5 GB of memory. Where other work runs, begin the command with `chrt -r 5`.
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
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from scripts.bench.processes import DAY, LAUNCHER, ROOT, Took
from scripts.scale_model import (
    BATCH_FILES,
    MEASURED,
    METERS_PER_FILE,
    READINGS_A_DAY,
    SIZES,
    Measured,
    Run,
    spec_of,
)
from wattif.engine.plan import totals
from wattif.engine.shard import Shard
from wattif.engine.streams import plans_of
from wattif.tables.arrow import ROWS_PER_GROUP

RUNS = {"ndjson": (10**2, 10**4, 10**6, 10**7), "parquet": (10**4, 10**6)}
_METERS_OF_RUN = {"ndjson": 1000, "parquet": 3000}
_METERS_OF_GAIN = {"ndjson": 2000, "parquet": 9000}
_TIMES, _PAIRS = 3, 5
_DISK_BYTES = 2 << 30


class Bench:
    """Runs `generator.py`, with its lake and staging in a folder that is emptied each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lake = folder / "lake"
        self._environment = {**os.environ, "WATTIF_CACHE": str(folder / "kernels")}

    def runs(self, form: str, meters: int) -> Iterator[Run]:
        """A run that makes a part of a day and the tables of a large fleet; medians of some that find these made."""
        shards = max(meters // _METERS_OF_RUN[form], 1)
        spec = spec_of(form, meters).model_copy(update={"meters_per_file": METERS_PER_FILE[form]})
        for tables, times in ((True, 1), (False, _TIMES)):
            took = []
            for _ in range(times):
                self._clear(keep_tables=not tables)
                took.append(_told(self._start(form, meters, f"1/{shards}")))
            if tables and meters <= ROWS_PER_GROUP:
                continue  # these are made before the first file, and kernels may have been compiled
            yield Run(
                format=form,
                meters=meters,
                readings=totals(plans_of(spec), Shard(1, shards)).rows,
                tables=tables,
                first_s=round(statistics.median(each.first_s for each in took), 2),
                wall_s=round(statistics.median(each.wall_s for each in took), 2),
                peak_mib=round(max(each.peak_mib for each in took)),
            )

    def start(self, form: str, meters: int) -> Run:
        """Medians of some runs that are stopped when their first file is in the lake."""
        first_s, peaks = [], []
        for _ in range(_TIMES):
            self._clear()
            began = time.perf_counter()
            process = subprocess.Popen(self._command(form, meters, f"2/{meters}"), cwd=ROOT, env=self._environment)
            while not any(self._lake.glob("dt=*/*")):
                time.sleep(0.002)
            first_s.append(time.perf_counter() - began)
            process.terminate()
            _, _, usage = os.wait4(process.pid, 0)
            peaks.append(usage.ru_maxrss / 1024)
        median_s = round(statistics.median(first_s), 2)
        return Run(
            format=form,
            meters=meters,
            readings=METERS_PER_FILE[form] * READINGS_A_DAY,
            tables=False,
            first_s=median_s,
            wall_s=median_s,
            peak_mib=round(max(peaks)),
        )

    def gain(self, form: str) -> float:
        """Throughput of two shards at once against a whole run of one worker; the start counts for neither."""
        seconds = []
        self._clear()
        _told(self._start(form, METERS_PER_FILE[form], "1/1"))  # now the kernels are compiled
        for shards in (1, 2):
            self._clear()
            started = [self._start(form, _METERS_OF_GAIN[form], f"{n}/{shards}") for n in range(1, shards + 1)]
            took = [_told(each) for each in started]
            seconds.append(max(each.wall_s for each in took) - min(each.first_s for each in took))
        return seconds[0] / seconds[1]

    def disk(self) -> float:
        """Bytes a second into a file, until they are on the disk."""
        block = os.urandom(1 << 20)
        began = time.perf_counter()
        with (self._folder / "bytes").open("wb") as file:
            for _ in range(_DISK_BYTES >> 20):
                file.write(block)
            os.fsync(file.fileno())
        return _DISK_BYTES / (time.perf_counter() - began)

    def _clear(self, *, keep_tables: bool = False) -> None:
        for place in (self._lake.glob("dt=*"), [self._lake / "_wattif/manifest"]) if keep_tables else ([self._lake],):
            for each in place:
                shutil.rmtree(each, ignore_errors=True)
        (self._folder / "staging").mkdir(exist_ok=True)
        os.sync()

    def _command(self, form: str, meters: int, shard: str) -> list[str]:
        command = [sys.executable, "generator.py", *DAY, "--meters", str(meters), "--format", form, "--shard", shard]
        command += ["--meters-per-file", str(METERS_PER_FILE[form]), "--batch-files", str(BATCH_FILES[form])]
        command += ["--write-workers", "1", "--lake", str(self._lake)]
        return [*command, "--staging-dir", str(self._folder / "staging"), "-q"]

    def _start(self, form: str, meters: int, shard: str) -> subprocess.Popen[bytes]:
        launcher = [sys.executable, "-S", "-c", LAUNCHER, str(self._lake / "dt=*" / "*")]
        command = [*launcher, *self._command(form, meters, shard)]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=self._environment)


def _told(process: subprocess.Popen[bytes]) -> Took:
    took = Took(**json.loads(process.communicate()[0]))
    if took.code:
        raise SystemExit(f"a run ended with {took.code}: {process.args!r}")
    return took


def measure(bench: Bench, in_memory: Bench, machine: str) -> Measured:
    """All of it; what two processes gain is measured *in_memory*, since the disk is a limit of its own."""
    runs: list[Run] = []
    for form, sizes in RUNS.items():
        for meters in sizes:
            runs += bench.runs(form, meters)
        runs.append(bench.start(form, SIZES[-1]))
        print(*runs, sep="\n", flush=True)
    gains = {form: sorted(in_memory.gain(form) for _ in range(_PAIRS)) for form in RUNS}
    print("two processes against one:", gains)
    disk = statistics.median(bench.disk() for _ in range(_TIMES))
    return Measured(
        machine=machine,
        runs=tuple(runs),
        gain_of_two={form: round(statistics.median(found), 2) for form, found in gains.items()},
        disk_bytes_per_s=float(f"{disk:.2g}"),
    )


def main() -> None:
    """Measure, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("machine", help="what kind of machine this is")
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--memory", type=Path, default="/dev/shm", help="a folder in memory (default: %(default)s)")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(dir=options.folder) as name,
        tempfile.TemporaryDirectory(dir=options.memory) as memory,
    ):
        found = measure(Bench(Path(name)), Bench(Path(memory)), options.machine)
    MEASURED.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

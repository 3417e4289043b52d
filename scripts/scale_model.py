"""What a day takes from a thousand to a hundred million meters: measurements, and a model that goes on from them.

    python -m scripts.scale_model       print the tables of docs/scale.md

Sizes, requests, staging, and money are those of `--dry-run`. Times and memory come from what `scripts.bench.scale`
measured and keeps in `scripts/scale_measured.json`.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from wattif.engine.estimate import counts_of
from wattif.engine.money import amounts
from wattif.engine.plan import staging_needed
from wattif.engine.prices import load_prices
from wattif.engine.run_options import RunOptions
from wattif.engine.streams import plans_of
from wattif.spec import Spec

MEASURED = Path(__file__).with_name("scale_measured.json")
DAY, READINGS_A_DAY = date(2024, 1, 1), 8640
SIZES = (*(10**n for n in range(3, 8)), 10**8 - 1)  # the last is the most that a dataset may have
# Files of 20 to 40 MB
METERS_PER_FILE = {"ndjson": 20, "parquet": 500}
BATCH_FILES = {"ndjson": 10, "parquet": 3}
# … but in the largest fleet more meters a file and fewer files a batch, for fewer objects in a listing
MANY_METERS, MANY_METERS_PER_FILE, MANY_BATCH_FILES = SIZES[-1], {"ndjson": 100, "parquet": 500}, 3
FITTED_UP_TO = 10**7  # meters; larger runs only check the model
WRITE_WORKERS = 2  # of a machine with two processors
LINK_BYTES_PER_S = 10e9 / 8  # what clouds give such a machine, at most
# Writes of objects that a bucket takes before it scales: https://cloud.google.com/storage/docs/request-rate
WRITES_PER_S = 1000
WITHIN_S = 3600  # in which a day shall be made
_POWERS = {"MB": 6, "GB": 9, "TB": 12}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of one write worker that made a part of a day."""

    format: str
    meters: int  # of the dataset
    readings: int  # that it made
    tables: bool  # whether it made the tables of the fleet, too
    first_s: float  # until the first file was in the lake
    wall_s: float  # until its end, which may be that file
    peak_mib: float


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured, on what."""

    machine: str
    runs: tuple[Run, ...]
    gain_of_two: dict[str, float]  # throughput of two processes against one, by format
    disk_bytes_per_s: float  # into a file, until it is on the disk

    @classmethod
    def read(cls) -> Measured:
        """The figures that are kept."""
        found = json.loads(MEASURED.read_text(encoding="utf-8"))
        return cls(**{**found, "runs": tuple(Run(**run) for run in found["runs"])})

    def _of(self, form: str, *, tables: bool = False) -> list[Run]:
        return [run for run in self.runs if run.format == form and run.tables == tables and run.meters <= FITTED_UP_TO]

    def start_s(self, form: str, meters: int) -> float:
        """Of a process, to the end of its first file: a constant, and what grows with the meters."""
        few, many = (chosen(self._of("ndjson"), key=_meters) for chosen in (min, max))
        least_s = min(self._of(form), key=_meters).first_s
        return least_s + (many.first_s - few.first_s) * meters / many.meters

    def rate(self, form: str) -> float:
        """Readings a second of a worker after its first file, with which the clock starts."""
        first = METERS_PER_FILE[form] * READINGS_A_DAY
        own = (run for run in self._of(form) if run.readings > first)
        return statistics.median((run.readings - first) / (run.wall_s - run.first_s) for run in own)

    def run_s(self, run: Run) -> float:
        """What the model says of a *run* without the tables of the fleet."""
        rest = run.readings - METERS_PER_FILE[run.format] * READINGS_A_DAY
        return self.start_s(run.format, run.meters) + rest / self.rate(run.format)

    def tables_s(self, meters: int) -> float:
        """To make the tables of the fleet."""
        run = max(self._of("ndjson", tables=True), key=_meters)
        return (run.wall_s - self.run_s(run)) * meters / run.meters

    def peak_mib(self, meters: int) -> float:
        """The most of any run up to that size."""
        return max(run.peak_mib for run in self.runs if run.meters <= meters)


def _meters(run: Run) -> int:
    return run.meters


def spec_of(form: str, meters: int) -> Spec:
    """A day of *meters*, every ten seconds, with the files that its size wants."""
    many = meters >= MANY_METERS
    per_file, files = (
        (MANY_METERS_PER_FILE[form], MANY_BATCH_FILES) if many else (METERS_PER_FILE[form], BATCH_FILES[form])
    )
    return Spec(start=DAY, end=DAY, meters=meters, format=form, meters_per_file=per_file, batch_files=files)


def _rows_of(form: str, measured: Measured) -> Iterator[Sequence[str]]:
    for meters in SIZES:
        spec = spec_of(form, meters)
        plans, options = plans_of(spec), RunOptions(write_workers=WRITE_WORKERS)
        rows, size = plans[0].rows, sum(plan.size for plan in plans)
        requests = counts_of(spec, options, plans).requests
        rate = measured.rate(form) * measured.gain_of_two[form]
        of_machines = {
            "processors": measured.start_s(form, meters) + measured.tables_s(meters) + rows / rate,
            "network": size / LINK_BYTES_PER_S,
            "disk": size / measured.disk_bytes_per_s,
        }
        machine_s = max(of_machines.values())
        machines = -(-int(machine_s) // WITHIN_S) or 1
        alone = {name: seconds / machines for name, seconds in of_machines.items()} | {
            "requests": requests / WRITES_PER_S
        }
        cost = amounts(spec, load_prices(), scheme="gs", size=size, writes=requests, rows=rows, machine_s=machine_s)
        yield (
            f"{meters:,}",
            _bytes(size),
            f"{requests:,}",
            _bytes(staging_needed(plans, WRITE_WORKERS)),
            f"{measured.peak_mib(meters):.0f} MiB",
            _time(machine_s),
            f"{cost.machine_usd:,.2f}, {cost.writes_usd:,.2f}, {cost.month_usd:,.2f}",
            ", ".join(f"{name} {_time(alone[name])}" for name in sorted(alone, key=alone.__getitem__, reverse=True)),
            f"`--shard …/{machines} --meters-per-file {spec.meters_per_file} --batch-files {spec.batch_files}`",
        )


def scale_table(form: str, measured: Measured) -> str:
    """A day of *form*, by size."""
    head = ["meters", "bytes", "requests", "staging, at least", "memory of a worker", "one machine alone"]
    head += ["US dollars: machine, writes, a month"]
    head += ["a day within an hour: what takes how long on each of so many machines", "set"]
    return _table(head, _rows_of(form, measured))


def check_table(measured: Measured) -> str:
    """The model beside what was measured."""
    head = ["meters", "format", "readings made", "first file", "end", "the model", "peak memory"]
    return _table(head, (_checked(run, measured) for run in measured.runs))


def _checked(run: Run, measured: Measured) -> Sequence[str]:
    model_s = measured.run_s(run) + (measured.tables_s(run.meters) if run.tables else 0)
    made = f"{run.readings:,}{', and the tables of the fleet' * run.tables}"
    said = f"{model_s:.1f} s, {model_s / run.wall_s:.2f} of it{', beyond the fit' * (run.meters > FITTED_UP_TO)}"
    times = (f"{run.first_s:.1f} s", f"{run.wall_s:.1f} s")
    return (f"{run.meters:,}", run.format, made, *times, said, f"{run.peak_mib:.0f} MiB")


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *rows))


def _bytes(size: float) -> str:
    unit = next((unit for unit, power in _POWERS.items() if size < 10 ** (power + 3)), "TB")
    return f"{size / 10 ** _POWERS[unit]:,.3g} {unit}"


def _time(seconds: float) -> str:
    return next(
        (f"{seconds / size:.3g} {unit}" for size, unit in ((3600, "h"), (60, "min")) if seconds >= 2 * size),
        f"{seconds:.2g} s",
    )


def parts() -> dict[str, str]:
    """The tables of docs/scale.md, by name."""
    measured = Measured.read()
    return {
        "measured": f"On {measured.machine}:\n\n{check_table(measured)}",
        **{form: scale_table(form, measured) for form in METERS_PER_FILE},
    }


if __name__ == "__main__":
    print(*parts().values(), sep="\n")

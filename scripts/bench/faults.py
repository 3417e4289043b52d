"""What faults on the way cost: `load` and `reconcile --deep`, each beside what it is measured against.

    python -m scripts.bench.faults [METERS]

`load` into DuckDB stands beside DuckDB's own INSERT of the same files and columns, which counts no bad lines; the deep
comparison beside that of a lake without faults. Each row is a process of its own. Compare ratios of one
run, not figures of two.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import duckdb

import wattif
from wattif.engine.plan import Plan
from wattif.tables.loaded_readings import readings_table
from wattif.warehouse.load import load
from wattif.warehouse.place import WarehousePlace

FAULTS = "duplicate=0.001,late=0.002:6h,drop=0.0005,out_of_order=0.001,corrupt=0.0001,partial_line=0.05"


def _measure(prepare: Callable[[], object], call: Callable[[], object]) -> tuple[float, float, float]:
    """Seconds and seconds of processor time of *call* after *prepare*, and the peak memory in MiB; a process's work."""
    prepare()
    wall, processor = time.perf_counter(), time.process_time()
    call()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return wall, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(what: str, rows: int, call: Callable[[], object], prepare: Callable[[], object] = int) -> float:
    """Print a row, measured in a process of its own; its processor time."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        wall, processor, peak = process.submit(_measure, prepare, call).result()
    print(
        f"{what}: {rows / processor / 1e6:.2f} million readings per second of processor time ({processor:.1f} s),"
        f" {rows / wall / 1e6:.2f} per second ({wall:.1f} s), {peak:.0f} MiB",
        flush=True,
    )
    return processor


def _own_insert(lake: Path, database: Path, columns: str, types: str) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"SET TimeZone = 'UTC'; CREATE TABLE readings ({columns})")
        connection.execute(
            f"INSERT INTO readings SELECT * FROM read_json('{lake}/dt=*/*.json', format = 'newline_delimited',"
            f" ignore_errors = true, hive_partitioning = false, columns = {{{types}}})"
        )


def _compare(spec: wattif.Spec, lake: Path) -> None:
    report = wattif.reconcile(lake, spec=spec, deep=True)
    if not report.ok:
        raise SystemExit(f"{lake} is not what it must be: {report.summary}")


def main() -> None:
    """Print each figure, and the ratios."""
    meters = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory(prefix="wattif-bench-") as text:
        folder = Path(text)
        processor = {}
        for name, faults in (("clean", "none"), ("faulty", FAULTS)):
            staging = folder / f"staging-{name}"
            staging.mkdir(mode=0o700)
            lake = folder / name
            spec = wattif.Spec(start="2024-01-01", end="2024-01-02", meters=meters, faults=faults)
            wattif.generate(spec, lake, staging_dir=staging)
            first_day = spec.model_copy(update={"end": spec.start})
            rows = Plan.of(spec).rows
            processor[name] = _timed(
                f"reconcile --deep, {name}",
                rows,
                partial(_compare, spec, lake),
                partial(_compare, first_day, lake),  # loads the kernels
            )
        table = readings_table(Plan.of(spec).columns).columns[:-1]
        columns = ", ".join(f'"{column.name}" {column.duckdb_type}' for column in table)
        types = ", ".join(f"\"{column.name}\": '{column.duckdb_type}'" for column in table)
        own = _timed("DuckDB's INSERT", rows, partial(_own_insert, lake, folder / "own.duckdb", columns, types))
        place = WarehousePlace(database=folder / "loaded.duckdb")
        loaded = _timed("load", rows, partial(load, lake, place))
        print(f"deep with faults / without: {processor['faulty'] / processor['clean']:.2f} of the processor time")
        print(f"load / DuckDB's INSERT: {loaded / own:.2f} of the processor time")


if __name__ == "__main__":
    main()

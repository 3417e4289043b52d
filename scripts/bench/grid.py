"""How long the grid data set takes: a small one as a function, large ones streamed to files, with their peak memory.

    python -m scripts.bench.grid [METERS]

The small one is made three times after a first one that compiles; the large ones have METERS meters (a million by
default), 24 months, and are processes of their own: with the default share of anomalies, and without any.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from wattif.grid import GridSpec, generate_grid, write_grid

METERS_PER_TRANSFORMER = 40


def _small() -> list[float]:
    """Seconds of each of some runs, kernels compiled and libraries loaded."""
    generate_grid(GridSpec())
    seconds = []
    for seed in range(43, 48):
        start = time.perf_counter()
        generate_grid(GridSpec(seed=seed))
        seconds.append(time.perf_counter() - start)
    return seconds


def _large(spec: GridSpec, folder: Path, output_format: str) -> tuple[float, float, float]:
    """Seconds, seconds of processor time, and the peak memory in MiB."""
    wall, processor = time.perf_counter(), time.process_time()
    write_grid(spec, folder, output_format=output_format)
    return (
        time.perf_counter() - wall,
        time.process_time() - processor,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def main() -> None:
    """Print each figure."""
    meters = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        seconds = process.submit(_small).result()
    small = GridSpec()
    print(
        f"{small.num_meters:,} meters, {small.num_months} months, in memory: median {statistics.median(seconds):.2f} s"
        f" of {len(seconds)}, {min(seconds):.2f} to {max(seconds):.2f}"
    )
    with tempfile.TemporaryDirectory(prefix="wattif-bench-") as folder:
        for rate in (0.0, small.anomaly_rate):
            for output_format in ("parquet", "csv"):
                spec = GridSpec(
                    num_meters=meters,
                    num_transformers=max(meters // METERS_PER_TRANSFORMER, 1),
                    num_months=24,
                    num_zones=100,
                    anomaly_rate=rate,
                )
                target = Path(folder) / f"{rate}-{output_format}"
                with ProcessPoolExecutor(1, get_context("spawn")) as process:
                    wall, processor, peak = process.submit(_large, spec, target, output_format).result()
                size = sum(each.stat().st_size for each in target.iterdir())
                print(
                    f"{meters:,} meters, 24 months, {rate:g} with an anomaly, to {output_format}: {wall:.1f} s,"
                    f" {processor:.1f} s of processor time, {peak:.0f} MiB, {size / 1e6:,.0f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()

"""What kernels for many processors, as in the image of `deploy/`, lose against those for this one.

    python -m scripts.bench.processors [--pairs N] [--processors NAME …]

Processes in turn, each with kernels of its own kind, make readings in memory with one thread; the first pair compiles.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from datetime import date

from wattif.engine.estimate import calibrate
from wattif.spec import Spec

CPU_NAME = "NUMBA_CPU_NAME"
FORMATS = ("ndjson", "parquet")
DAY = date(2024, 1, 1)
_TIMES = 5  # of half a second each


def rates() -> dict[str, float]:
    """Readings a second of one thread, by format: medians of this process."""
    specs = {name: Spec(start=DAY, end=DAY, meters=200, format=name) for name in FORMATS}
    return {name: statistics.median(calibrate(spec, 1) for _ in range(_TIMES)) for name, spec in specs.items()}


def rates_with(cpu_name: str | None) -> dict[str, float]:
    """The same of a process whose kernels are for *cpu_name*; None: for this processor."""
    environment = {name: value for name, value in os.environ.items() if name != CPU_NAME}
    command = [sys.executable, "-m", "scripts.bench.processors", "--rates"]
    more = {} if cpu_name is None else {CPU_NAME: cpu_name}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**environment, **more})
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--processors", nargs="+", default=["generic"], help="as NUMBA_CPU_NAME takes them")
    parser.add_argument("--rates", action="store_true", help="only the rates of this process, as JSON")
    options = parser.parse_args()
    if options.rates:
        print(json.dumps(rates()))
        return
    names = [*options.processors, None]
    rounds = [{name: rates_with(name) for name in names} for _ in range(options.pairs + 1)][1:]
    for form in FORMATS:
        host = statistics.median(each[None][form] for each in rounds)
        print(f"{form}, for this processor: {host / 1e6:.1f} million readings/s")
        for name in options.processors:
            ratios = sorted(each[name][form] / each[None][form] for each in rounds)
            print(f"{form}, for {name}: {statistics.median(ratios):.2f} of it ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()

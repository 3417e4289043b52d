"""How long does `wattif.read` take for one meter of a large fleet, and how much memory? Each row is a process.

python -m scripts.bench.reading [--meters N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READ = """
import resource, sys, time
import wattif

def read(meter, meters):
    spec = wattif.Spec(start="2024-01-01", end="2024-01-31", meters=meters, interval=900, anomaly_rate=0.05)
    wattif.read(spec, meters=[meter], days=1).read_all()

def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

read(1, 100)  # kernels are there
before, began = peak_mib(), time.perf_counter()
read(int(sys.argv[1]), int(sys.argv[2]))
print(f"{time.perf_counter() - began:.2f} s, {peak_mib() - before} MiB more than the {before} MiB of a small fleet")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--meters", type=int, default=10_000_000)
    meters = parser.parse_args().meters
    for meter in (12, meters - 1):
        print(f"meter {meter:,} of {meters:,}, a day: ", end="", flush=True)
        subprocess.run([sys.executable, "-c", READ, str(meter), str(meters)], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()

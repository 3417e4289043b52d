"""How fast are exchange files written, and how large are they? A month of five-minute readings, one thread.

python -m scripts.bench.exchange [--meters N] [--rounds N]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
from pathlib import Path

from wattif.exchange import standard_names
from wattif.exchange.run import Exported, export
from wattif.spec import Spec


def _export(spec: Spec, standard: str) -> Exported:
    with tempfile.TemporaryDirectory() as folder:
        return export(spec, standard, Path(folder) / "files")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--meters", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    spec = Spec(start="2024-01-01", end="2024-01-31", meters=arguments.meters, interval=300, city="sydney")
    for standard in standard_names():
        _export(Spec(start="2024-01-01", end="2024-01-03", meters=1, interval=300, city="sydney"), standard)  # kernels
        made = [_export(spec, standard) for _ in range(arguments.rounds)]
        speeds = sorted(each.readings / each.seconds / 1e6 for each in made)
        print(
            f"{standard}: median {statistics.median(speeds):.2f} million readings/s"
            f" ({speeds[0]:.2f}-{speeds[-1]:.2f}), {made[0].bytes / made[0].readings:.2f} bytes a reading"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()

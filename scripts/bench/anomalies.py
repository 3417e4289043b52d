"""What anomalies cost: the whole main job with something wrong at 7.5 % of the meters, against the same without.

    python -m scripts.bench.anomalies [--rounds 5] [--days 7]

The uploader only confirms, so that the disk of a lake does not hide the difference. The time includes drawing and
measuring the events and writing their labels.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from threading import Event

from scripts.bench.throughput import Confirming, fresh, in_rounds
from tests.asking import Asked, generate

RATE = 0.075


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--days", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def run(rate: float) -> float:
            fresh(folder)
            start = date(2024, 1, 1)
            asked = Asked(
                start=start,
                end=start + timedelta(days=arguments.days - 1),
                meters=400,
                lake=folder / "lake",
                staging_dir=folder / "staging",
                staging_limit=900 * 2**20,
                write_workers=2,
                anomaly_rate=rate,
            )
            began = time.perf_counter()
            figures = generate(asked, Event(), Confirming(asked.lake))
            return figures.readings / (time.perf_counter() - began) / 1e6

        run(RATE)  # compiles or loads the kernels
        without, with_anomalies = in_rounds(arguments.rounds, lambda: run(0.0), lambda: run(RATE))
    print(f"main job without anomalies       {without:7.1f} million readings/s")
    print(
        f"main job with a rate of {RATE}    {with_anomalies:7.1f} million readings/s"
        f"   {with_anomalies / without:.2f} of it (wanted: 0.9)"
    )


if __name__ == "__main__":
    main()

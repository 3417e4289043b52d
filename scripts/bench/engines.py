"""What does an engine cost beside the same shards as plain processes, in files of 40 MB?

    python -m scripts.bench.engines [--folder DIR] [--meters N] [--rounds N]

Two processes make a day each way, in turn: started by ``--engine dask``, and as ``--shard 1/2`` and ``2/2``. Prints the
ratio of the times, from the start to the end and from the first file to the last, medians of pairs: the first holds
what a cluster takes to start and to close, the second what shards cost beside files.
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
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.processes import DAY, LAUNCHER, ROOT

_PROCESSES = 2


def _start(folder: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    places = ["--lake", str(folder / "lake"), "--staging-dir", str(folder / "staging"), "-q"]
    command = [sys.executable, str(ROOT / "generator.py"), *DAY, *arguments, *places]
    return subprocess.Popen(
        [sys.executable, "-S", "-c", LAUNCHER, str(folder / "lake" / "dt=*" / "*"), *command],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "WATTIF_CACHE": str(folder / "kernels")},
    )


def times(folder: Path, runs: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Seconds that these commands take, which run at once: until the last ends, and between first and last file."""
    shutil.rmtree(folder / "lake", ignore_errors=True)
    (folder / "staging").mkdir(exist_ok=True)
    started = [_start(folder, arguments) for arguments in runs]
    told = [json.loads(process.communicate()[0]) for process in started]
    if any(each["code"] for each in told):
        raise SystemExit(f"a run failed: {told}")
    sealed = [file.stat().st_mtime for file in (folder / "lake").glob("dt=*/*")]
    return max(float(each["wall_s"]) for each in told), max(sealed) - min(sealed)


def main() -> None:
    """Print the times of both ways and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--meters", type=int, default=1280, help="20 make a file of 40 MB")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    common = ["--meters", str(options.meters), "--batch-files", "2"]
    dask = [[*common, "--engine", "dask", "--write-workers", str(_PROCESSES)]]
    plain = [[*common, "--write-workers", "1", "--shard", f"{n}/{_PROCESSES}"] for n in range(1, _PROCESSES + 1)]
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        times(Path(name), plain)  # kernels are compiled
        pairs = [(times(Path(name), dask), times(Path(name), plain)) for _ in range(options.rounds)]
    for what, place in (("from start to end", 0), ("from the first file to the last", 1)):
        ratios = [ours[place] / theirs[place] for ours, theirs in pairs]
        by_dask, by_hand = (statistics.median(each[way][place] for each in pairs) for way in (0, 1))
        told = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
        print(f"{what:<32} dask {by_dask:6.2f} s   plain {by_hand:6.2f} s   {statistics.median(ratios):.2f} x ({told})")


if __name__ == "__main__":
    main()

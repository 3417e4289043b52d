"""Where does the time of a format go? Processor time of each stage: model, encoder, compressor, staging.

    python -m scripts.bench.stages [--meters N] [--rounds N]

One thread goes a step further each time: columns alone, then rows as bytes, then compressed, then written, with a
checksum, and sealed. A stage's share is what its step adds, in medians; staging has what a run begins with besides.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from scripts.bench.formats import kinds
from scripts.bench.peer_writers import DAY, made
from wattif.engine.content import clean_content
from wattif.engine.plan import Plan
from wattif.model.scenario import scenario_of
from wattif.spec import Spec


def steps_of(kind: tuple[str, str], meters: int) -> list[Callable[[], object]]:
    """Ever more of the way: columns, bytes, compressed bytes, files."""
    spec = Spec(**DAY, meters=meters, format=kind[0], compression=kind[1])
    plan = Plan.of(spec)
    content = clean_content(plan, scenario_of(spec))
    units = [unit for batch in plan.batches() for unit in batch.units]

    def through(parts: Iterable[object]) -> None:
        deque(parts, maxlen=0)

    def encoded() -> None:
        for unit in units:
            encoder = content.encoder.open()
            through(map(encoder.encode, content.blocks_of(unit)))
            encoder.finish()

    def into_files() -> None:
        with tempfile.TemporaryDirectory() as folder:
            made(Path(folder), kind, meters, 1)

    return [
        lambda: through(block for unit in units for block in content.blocks_of(unit)),
        encoded,
        lambda: through(piece for unit in units for piece in content.pieces(unit, [])),
        into_files,
    ]


def processor_s(step: Callable[[], object]) -> float:
    used = time.process_time()
    step()
    return time.process_time() - used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meters", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    rows = asked.meters * 8640
    print("format       compression  ns a reading   model  encoder  compressor  staging: share in percent")
    for kind in kinds():
        steps = steps_of(kind, asked.meters)
        for step in steps:
            step()  # compiles what it needs
        found = [[processor_s(step) for step in steps] for _ in range(asked.rounds)]
        ends = [0.0, *(statistics.median(times) for times in zip(*found, strict=True))]
        shares = [(end - begin) / ends[-1] * 100 for begin, end in itertools.pairwise(ends)]
        print(
            f"{kind[0]:12} {kind[1]:11} {ends[-1] / rows * 1e9:13.0f} {shares[0]:7.0f} {shares[1]:8.0f}"
            f" {shares[2]:11.0f} {shares[3]:8.0f}"
        )


if __name__ == "__main__":
    main()

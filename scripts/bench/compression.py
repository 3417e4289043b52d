"""How fast are readings compressed, and how small do they get? Our own gzip beside isal and zlib at level 1.

    python -m scripts.bench.compression [--rounds N] [--meters N]

From columns to compressed bytes, in one thread, in pairs, by the thread's processor time: libraries get the text that
our encoder stamps. Then the whole run, two threads, the uploader only confirms. `pip install isal` brings the peer;
without it, its rows are left out.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from scripts.bench.throughput import Confirming, fresh, in_rounds
from tests.asking import Asked, generate
from wattif.compress.gzip import GzipCompressor
from wattif.engine.plan import Plan
from wattif.model.scenario import scenario_of
from wattif.spec import Spec
from wattif.tables.reading_blocks import ReadingsBlock
from wattif.tables.readings import TABLE

_GZIP = 31  # window bits of a stream with gzip's header
_ROWS = 170_000  # at least
_Compress = Callable[[ReadingsBlock], int]  # bytes that a block becomes


def _blocks(plan: Plan, spec: Spec) -> Iterator[ReadingsBlock]:
    rows = 0
    blocks_of = TABLE.blocks(scenario_of(spec), plan.columns)
    for unit in plan.batch(plan.start, 0).units:
        for block in blocks_of(unit):
            if rows >= _ROWS:
                return
            if isinstance(block, ReadingsBlock):
                rows += len(block.places)
                yield block.copy()


def _peers(own: GzipCompressor) -> dict[str, _Compress]:
    encoder = own.encoder

    def with_zlib(block: ReadingsBlock) -> int:
        stream = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
        return len(stream.compress(encoder.encode(block))) + len(stream.flush())

    def with_isal(isal: Any, level: int, block: ReadingsBlock) -> int:
        return len(isal.compress(encoder.encode(block), level=level, flag=isal.COMP_GZIP))

    peers: dict[str, _Compress] = {
        "own": lambda block: len(own.block(block)),
        "own, as text": lambda block: len(own.data(encoder.encode(block))),
    }
    with suppress(ImportError):
        isal = importlib.import_module("isal.igzip_lib")
        peers |= {f"isal {level}": partial(with_isal, isal, level) for level in (0, 1, 2)}
    return {**peers, "zlib 1": with_zlib}


def _in_one_thread(spec: Spec, rounds: int) -> None:
    plan = Plan.of(spec)
    blocks = list(_blocks(plan, spec))
    rows = sum(len(block.places) for block in blocks)
    own = GzipCompressor(plan.encoder)
    peers = _peers(own)
    for block in blocks:
        text = bytes(plan.encoder.encode(block))
        if zlib.decompress(own.block(block), _GZIP) != text or zlib.decompress(own.data(text), _GZIP) != text:
            raise SystemExit("our own gzip does not give back the rows")
    rates: dict[str, list[float]] = {name: [] for name in peers}
    sizes: dict[str, int] = {}
    for _ in range(rounds):
        for name, compress in peers.items():
            began = time.thread_time()
            sizes[name] = sum(map(compress, blocks))
            rates[name].append(rows / (time.thread_time() - began) / 1e6)
    print(f"{spec.format}, a reading every {spec.interval} s, {plan.encoder.row_width} bytes a row, {rows:,} rows:")
    for name, found in rates.items():
        ratio = statistics.median(own / other for own, other in zip(rates["own"], found, strict=True))
        print(
            f"  {name:<14}{statistics.median(found):6.2f} million readings/s of processor time"
            f" ({min(found):.2f}-{max(found):.2f}), {sizes[name] / rows:5.2f} bytes a reading;"
            f" own is {ratio:.2f} x as fast",
            flush=True,
        )


def _whole_run(rounds: int, meters: int) -> None:
    with tempfile.TemporaryDirectory(prefix="wattif-bench-") as text:
        folder = Path(text)

        def run(compression: str) -> float:
            fresh(folder)
            asked = Asked(
                start="2024-01-01",
                end="2024-01-04",
                meters=meters,
                lake=folder / "lake",
                staging_dir=folder / "staging",
                staging_limit="1GiB",
                write_workers=2,
                compression=compression,
            )
            figures = generate(asked, Event(), Confirming(asked.lake))
            return figures.readings / figures.seconds / 1e6

        run("gzip")  # compiles or loads the kernels
        plain, packed = in_rounds(rounds, lambda: run("none"), lambda: run("gzip"))
    print(f"whole run, two threads, plain    {plain:6.1f} million readings/s")
    print(f"whole run, two threads, gzip     {packed:6.1f} million readings/s   (wanted: 6)")


def main() -> None:
    """Print each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--meters", type=int, default=400)
    arguments = parser.parse_args()
    many = {"start": "2024-06-01", "end": "2024-06-01", "meters": 8000, "meters_per_file": 2000}
    for name in ("ndjson", "csv"):
        _in_one_thread(Spec(start="2024-06-01", end="2024-06-01", meters=20, format=name), arguments.rounds)
    _in_one_thread(Spec(**many, interval=900), arguments.rounds)
    _in_one_thread(Spec(**many, interval=3600), arguments.rounds)
    _whole_run(max(arguments.rounds // 3, 1), arguments.meters)


if __name__ == "__main__":
    main()

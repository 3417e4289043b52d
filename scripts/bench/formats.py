"""How fast is each format, how large does it become, and what do others do with the same rows?

    python -m scripts.bench.formats [--meters N] [--rounds N]

Rows are made and encoded in memory, with one thread and with two, in rounds. Beside Parquet, pyarrow writes the same
columns with the same encodings. Compare ratios of one run: machines are noisy, their clocks more than processor time.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wattif.encode import encoder_type, format_names
from wattif.engine.content import CleanContent, clean_content
from wattif.engine.plan import Plan
from wattif.model.fleet import mac_text
from wattif.model.scenario import Scenario, scenario_of
from wattif.spec import Spec
from wattif.tables.reading_blocks import ReadingsBlock

Measured = tuple[float, float, float]  # millions of readings a second, and a second of processor time; bytes a reading


def kinds() -> Iterator[tuple[str, str]]:
    """All formats, with the compressions that they know themselves; gzip of lines."""
    for name in format_names():
        encoder = encoder_type(name)
        for compression in ("none", *encoder.codecs, *(("gzip",) if encoder.is_text else ())):
            yield name, compression


def into_memory(content: CleanContent, plan: Plan, threads: int) -> Measured:
    """Model to bytes, nothing written."""
    units = [unit for batch in plan.batches() for unit in batch.units]

    def work(first: int) -> tuple[int, int]:
        rows = size = 0
        for unit in units[first::threads]:
            for piece in content.pieces(unit, []):
                rows += piece.rows
                size += len(piece.data)
        return rows, size

    with ThreadPoolExecutor(threads) as pool:
        began, used = time.perf_counter(), time.process_time()
        found = list(pool.map(work, range(threads)))
        seconds, processor_s = time.perf_counter() - began, time.process_time() - used
    rows, size = (sum(each) for each in zip(*found, strict=True))
    return rows / seconds / 1e6, rows / processor_s / 1e6, size / rows


def arrow_parquet(blocks: list[ReadingsBlock], plan: Plan) -> bytes:
    """The rows of a file as pyarrow writes them: decimals as integers, differences packed, an index of pages."""
    slots = blocks[0].slots
    macs = np.concatenate([block.macs for block in blocks])
    places = pa.array(np.repeat(np.arange(len(macs), dtype=np.int32), slots))
    start_ms = np.datetime64(blocks[0].day, "ms").astype(np.int64)
    times = np.tile(start_ms + np.arange(slots) * blocks[0].interval_s * 1000, len(macs))
    columns = {
        "mac": pa.DictionaryArray.from_arrays(places, pa.array(mac_text(macs).astype("U17"))),
        "timestamp": pa.array(times).cast(pa.timestamp("ms", "UTC")),
    }
    for field in plan.columns:
        if field.kind == "number":
            values = np.concatenate([block.quantities[:, field.quantity].ravel() for block in blocks])
            short = field.maximum < 10**9
            values = values.astype(np.int32) if short else values
            kind = pa.decimal32(9, field.decimals) if short else pa.decimal64(18, field.decimals)
            buffers = [None, pa.py_buffer(values)]
            array = pa.Array.from_buffers(kind, len(values), buffers) if field.decimals else pa.array(values)
            columns[field.name] = array
    sink = io.BytesIO()
    pq.write_table(
        pa.table(columns),
        sink,
        compression="none",
        use_dictionary=["mac"],
        store_decimal_as_integer=True,
        write_page_index=True,
        column_encoding={name: "DELTA_BINARY_PACKED" for name in columns if name != "mac"},
    )
    return sink.getvalue()


def beside_arrow(spec: Spec, scenario: Scenario, rounds: int) -> None:
    """The same blocks of one file to Parquet, by pyarrow and by wattif, in turn: processor time."""
    plan = Plan.of(spec)
    content = clean_content(plan, scenario)
    blocks = [block.copy() for block in content.blocks_of(plan.batch(plan.start, 0).units[0])]
    readings = [block for block in blocks if isinstance(block, ReadingsBlock)]

    def own() -> bytes:
        encoder = plan.encoder.open()
        return b"".join([encoder.start(), *(bytes(encoder.encode(block)) for block in blocks), encoder.finish()])

    def processor_ns(make: Callable[[], bytes]) -> float:
        used = time.process_time()
        make()
        return (time.process_time() - used) * 1e9 / sum(len(block.places) for block in blocks)

    pairs = [(processor_ns(own), processor_ns(lambda: arrow_parquet(readings, plan))) for _ in range(5 * rounds)]
    ours, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(arrow / wattif for wattif, arrow in pairs)
    print(
        f"\nParquet of ready columns, ns of processor time a reading: {ours:.0f}; pyarrow {theirs:.0f}: {ratio:.1f} x"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meters", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    common = {"start": "2024-01-01", "end": "2024-01-01", "meters": asked.meters}
    scenario = scenario_of(Spec(**common))
    plans = {kind: Plan.of(Spec(**common, format=kind[0], compression=kind[1])) for kind in kinds()}
    contents = {kind: clean_content(plan, scenario) for kind, plan in plans.items()}
    measured: dict[tuple[str, str], dict[int, list[Measured]]] = {kind: {1: [], 2: []} for kind in plans}
    for kind, plan in plans.items():
        contents[kind].warm_up(plan.batch(plan.start, 0).units[0])
    for _ in range(asked.rounds):
        for kind, plan in plans.items():
            for threads, found in measured[kind].items():
                found.append(into_memory(contents[kind], plan, threads))
    print("format     compression  bytes   million readings/s: one thread, two; a second of processor time: one, two")
    for (name, compression), by_threads in measured.items():
        one, two = (
            tuple(statistics.median(each) for each in zip(*found, strict=True)) for found in by_threads.values()
        )
        print(f"{name:10} {compression:10} {one[2]:7.2f} {one[0]:8.1f} {two[0]:8.1f} {one[1]:8.1f} {two[1]:8.1f}")
    beside_arrow(Spec(**common, format="parquet"), scenario, asked.rounds)


if __name__ == "__main__":
    main()

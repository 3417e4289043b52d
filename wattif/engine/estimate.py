"""What a run would make, without making it: `--dry-run`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from wattif.engine.content import clean_content
from wattif.engine.money import CLOUD_STORAGE, costs, formats
from wattif.engine.plan import Plan, check_staging, staging_needed
from wattif.engine.prices import Prices, load_prices
from wattif.engine.private import prepare_folder
from wattif.engine.run_options import RunOptions
from wattif.engine.schedule import expected_span
from wattif.engine.streams import plans_of
from wattif.engine.tables import check_table_format
from wattif.model.anomaly_kinds import weights_of
from wattif.model.scenario import scenario_of, world_of
from wattif.numeric import jit
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.uploader.store import CHUNK_BYTES, MULTIPART_MAX_BYTES
from wattif.wording import size_text

_CALIBRATION_S = 0.5
_SAMPLED_METERS = 20
_OWN_OBJECTS = 3  # the identity, the record of its claim, the figures of the run


def requests_of_file(size: int) -> int:
    """Requests that it takes to upload a file of *size* bytes to Cloud Storage."""
    return 1 if size <= MULTIPART_MAX_BYTES else 1 + -(-size // CHUNK_BYTES)


def calibrate(spec: Spec, write_workers: int) -> float:
    """Readings per second that this machine makes in memory with *write_workers* threads."""
    few = spec.model_copy(update={"meters": min(spec.meters, 1000), "anomalies": "none"})
    plan = Plan.of(few)
    content = clean_content(plan, scenario_of(few))
    unit = plan.batch(plan.start, 0).units[0]
    content.warm_up(unit)

    def work(until: float) -> int:
        rows = 0
        while time.monotonic() < until:
            for piece in content.pieces(unit, []):
                rows += piece.rows
                if time.monotonic() >= until:
                    break
        return rows

    with ThreadPoolExecutor(write_workers) as pool:
        began = time.monotonic()
        rows = sum(pool.map(work, [began + _CALIBRATION_S] * write_workers))
        return rows / (time.monotonic() - began)


def describe(
    spec: Spec, options: RunOptions, *, prices: Prices | None = None, scheme: str = CLOUD_STORAGE
) -> Iterator[str]:
    """The lines that answer `--dry-run`: sizes at once, then the rate where kernels are compiled already, and money.

    *scheme*: how the lake's address begins. Errors are those that the run itself would raise.
    """
    prices = prices or load_prices()
    plans = plans_of(spec)
    plan = plans[0]
    check_staging(plans, options.staging_limit, options.write_workers)
    check_table_format(spec, options)
    world_of(spec)
    if options.staging_dir is not None:
        prepare_folder(options.staging_dir, create=False)
    with contextlib.suppress(_NotCompiled), jit.on_compile(_refuse_to_compile):
        plans = [replace(plan, sampled_row_bytes=_sampled(spec)) if plan.is_about else plan, *plans[1:]]
    counts = counts_of(spec, options, plans)
    yield from (_line(name, text) for name, text in _sizes(spec, options, plans, counts))
    if options.arrive is not None:
        first, last = expected_span(spec, plans, options.arrive, options.share) or (0.0, 0.0)
        times = [str(timedelta(seconds=round(seconds))) for seconds in (first, last)]
        yield _line("arrival", f"first files {times[0]} after the run begins, last {times[1]} ({options.arrive})")
    rate = None
    try:
        with jit.on_compile(_refuse_to_compile):
            rate = calibrate(spec, options.write_workers)
        yield _line(
            "time",
            f"about {plan.rows / rate:,.1f} s to produce ({rate / 1e6:.0f} million readings/s here);"
            " disk and network may be slower",
        )
    except _NotCompiled:
        yield _line("time", "not measured yet: the first run compiles the model for this machine")
    size = sum(each.size for each in plans)
    told = costs(spec, prices, scheme=scheme, size=size, writes=counts.requests, rows=plan.rows, rows_per_s=rate)
    yield from (_line("cost", text) for text in told)
    for name, text in formats(spec, prices, scheme=scheme, sampled=_sampled_if_compiled):
        yield _line(f"as {name}", text)


def _sampled_if_compiled(spec: Spec) -> float | None:
    try:
        with jit.on_compile(_refuse_to_compile):
            return _sampled(spec)
    except _NotCompiled:
        return None


def _sampled(spec: Spec) -> float:
    """Bytes of a reading in a file of the first meters."""
    few = spec.model_copy(update={"meters": min(spec.meters, _SAMPLED_METERS), "anomalies": "none"})
    plan = Plan.of(few)
    pieces = clean_content(plan, scenario_of(few)).pieces(plan.batch(plan.start, 0).units[0], [])
    sizes = [(len(piece.data), piece.rows) for piece in pieces]
    return sum(size for size, _ in sizes) / sum(rows for _, rows in sizes)


class _NotCompiled(Exception):
    """A kernel that the dataset needs has not been compiled on this machine."""


def _refuse_to_compile(kernel: str) -> None:
    raise _NotCompiled(kernel)


def _line(name: str, text: str) -> str:
    return f"{name + ':':<10} {text}"


class Counts(NamedTuple):
    """How many of each."""

    files: int
    batches: int
    tables: int  # objects of tables that are made whole, and the run's own
    marks: int  # of days
    requests: int  # to a bucket


def counts_of(spec: Spec, options: RunOptions, plans: Sequence[Plan]) -> Counts:
    """How many of each there are of the dataset."""
    plan = plans[0]
    batches = sum(each.days * each.batches_per_day for each in plans)
    day_requests = sum(count * requests_of_file(each.size_of(unit)) for each in plans for unit, count in each.day_units)
    marks = plan.days if options.success_files else 0
    whole = list(catalog.lake_tables_of(spec, "whole"))
    tables = _OWN_OBJECTS + sum(
        len(table.object_names(partition)) for table in whole for partition in table.partitions(spec)
    )
    return Counts(
        files=sum(each.days * each.files_per_day for each in plans),
        batches=batches,
        tables=tables,
        marks=marks,
        requests=plan.days * day_requests + batches + tables + 2 * marks + 5,
    )


def _sizes(spec: Spec, options: RunOptions, plans: Sequence[Plan], counts: Counts) -> Iterator[tuple[str, str]]:
    plan, whole = plans[0], list(catalog.lake_tables_of(spec, "whole"))
    files, batches, tables, marks, requests = counts
    faults = plan.faults
    about = "about " if faults or weights_of(spec) else ""  # what goes wrong is not looked up beforehand
    about_bytes = about or ("about " if plan.is_about else "")
    readings = round(plan.rows * faults.delivered_share)
    size = round(plan.size * faults.delivered_share) + sum(each.size for each in plans[1:])
    row_bytes = plan.row_width or f"{'about' if plan.is_about else 'at most'} {plan.row_bytes:.3g}"
    yield "days", f"{plan.days:,} ({plan.start} to {plan.end}, UTC)"
    yield "meters", f"{plan.meters:,}"
    yield "readings", f"{about}{readings:,} (every {plan.interval_s} s, {row_bytes} bytes each)"
    for each in plans[1:]:
        yield each.table, f"{each.rows:,} rows"
    yield "files", f"{about}{files:,} in {batches:,} batches"
    yield "bytes", f"{about_bytes}{size:,} ({size_text(size)})"
    kinds = ["files", "manifests", *(table.name for table in whole), "identity", "its claim", "the run's figures"]
    kinds += ["_SUCCESS of each day"] if marks else []
    more = "; labels of the faults besides" if faults else ""
    yield "objects", f"{about}{files + batches + tables + marks:,} ({', '.join(kinds)}{more})"
    yield "requests", f"about {requests:,} to a bucket; a folder needs none"
    needed = staging_needed(plans, options.write_workers)
    yield "staging", f"at least {needed:,} bytes, at most {int(options.staging_limit):,}"

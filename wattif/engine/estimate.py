"""What a run would make, without making it: `--dry-run`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from wattif.engine.content import clean_content
from wattif.engine.plan import Plan, check_staging, staging_needed
from wattif.engine.private import prepare_folder
from wattif.engine.run_options import RunOptions
from wattif.engine.streams import plans_of
from wattif.model.anomaly_kinds import weights_of
from wattif.model.scenario import scenario_of, world_of
from wattif.numeric import jit
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.uploader.store import CHUNK_BYTES, MULTIPART_MAX_BYTES

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


def describe(spec: Spec, options: RunOptions) -> Iterator[str]:
    """The lines that answer `--dry-run`: sizes at once, then the rate where kernels are compiled already.

    Errors are those that the run itself would raise.
    """
    plans = plans_of(spec)
    plan = plans[0]
    check_staging(plans, options.staging_limit, options.write_workers)
    world_of(spec)
    if options.staging_dir is not None:
        prepare_folder(options.staging_dir, create=False)
    with contextlib.suppress(_NotCompiled), jit.on_compile(_refuse_to_compile):
        plans = [replace(plan, sampled_row_bytes=_sampled(spec)) if plan.is_about else plan, *plans[1:]]
    yield from (_line(name, text) for name, text in _sizes(spec, options, plans))
    try:
        with jit.on_compile(_refuse_to_compile):
            rate = calibrate(spec, options.write_workers)
    except _NotCompiled:
        yield _line("time", "not measured yet: the first run compiles the model for this machine")
        return
    yield _line(
        "time",
        f"about {plan.rows / rate:,.1f} s to produce ({rate / 1e6:.0f} million readings/s here);"
        " disk and network may be slower",
    )


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


def _sizes(spec: Spec, options: RunOptions, plans: Sequence[Plan]) -> Iterator[tuple[str, str]]:
    plan = plans[0]
    files = sum(each.days * each.files_per_day for each in plans)
    batches = sum(each.days * each.batches_per_day for each in plans)
    day_requests = sum(
        requests_of_file(each.size_of(unit))
        for each in plans
        for index in range(each.batches_per_day)
        for unit in each.batch(each.start, index).units
    )
    marks = plan.days if options.success_files else 0
    whole = list(catalog.lake_tables_of(spec, "whole"))
    tables = _OWN_OBJECTS + sum(
        len(table.object_names(partition)) for table in whole for partition in table.partitions(spec)
    )
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
    yield "bytes", f"{about_bytes}{size:,} ({size / 1e9:,.2f} GB)"
    kinds = ["files", "manifests", *(table.name for table in whole), "identity", "its claim", "the run's figures"]
    kinds += ["_SUCCESS of each day"] if marks else []
    more = "; labels of the faults besides" if faults else ""
    yield "objects", f"{about}{files + batches + tables + marks:,} ({', '.join(kinds)}{more})"
    yield (
        "requests",
        f"about {plan.days * day_requests + batches + tables + 2 * marks + 4:,} to a bucket; a folder needs none",
    )
    needed = staging_needed(plans, options.write_workers)
    yield "staging", f"at least {needed:,} bytes, at most {int(options.staging_limit):,}"

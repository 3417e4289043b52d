"""What a run would make, without making it: `--dry-run`."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from wattif.engine.content import clean_content
from wattif.engine.plan import Plan, check_staging, staging_needed
from wattif.engine.private import prepare_folder
from wattif.model.scenario import scenario_of
from wattif.settings import GenerateSettings
from wattif.tables import catalog
from wattif.uploader.store import CHUNK_BYTES, MULTIPART_MAX_BYTES

_CALIBRATION_S = 0.5
_OWN_OBJECTS = 2  # the identity, the figures of the run


def requests_of_file(size: int) -> int:
    """Requests that it takes to upload a file of *size* bytes to Cloud Storage."""
    return 1 if size <= MULTIPART_MAX_BYTES else 1 + -(-size // CHUNK_BYTES)


def calibrate(settings: GenerateSettings, plan: Plan) -> float:
    """Readings a second that this machine makes in memory with all write workers."""
    few = settings.model_copy(update={"meters": min(settings.meters, 1000)})
    content = clean_content(Plan.of(few), scenario_of(few))
    unit = Plan.of(few).batch(plan.start, 0).units[0]
    for _ in content.blocks(unit):  # compiles or loads the kernels
        break

    def work(until: float) -> int:
        rows = 0
        while time.monotonic() < until:
            for piece in content.pieces(unit, []):
                rows += piece.rows
                if time.monotonic() >= until:
                    break
        return rows

    with ThreadPoolExecutor(settings.write_workers) as pool:
        began = time.monotonic()
        rows = sum(pool.map(work, [began + _CALIBRATION_S] * settings.write_workers))
        return rows / (time.monotonic() - began)


def describe(settings: GenerateSettings) -> str:
    """The answer to `--dry-run`; `UsageError` as the run itself would give it."""
    plan = Plan.of(settings)
    check_staging([plan], settings.staging_limit, settings.write_workers)
    if settings.staging_dir is not None:
        prepare_folder(settings.staging_dir, create=False)
    rate = calibrate(settings, plan)
    files = plan.days * plan.files_per_day
    batches = plan.days * plan.batches_per_day
    day_requests = sum(
        requests_of_file(plan.size_of(unit))
        for index in range(plan.batches_per_day)
        for unit in plan.batch(plan.start, index).units
    )
    tables = _OWN_OBJECTS + sum(
        len(table.object_names(partition))
        for table in catalog.lake_tables_of(settings, "whole")
        for partition in table.partitions(settings)
    )
    rates = settings.fault_rates
    about = "about " if rates or settings.anomaly_weights else ""  # what goes wrong is not looked up beforehand
    readings, size = (round(figure * rates.delivered_share) for figure in (plan.rows, plan.size))
    row_bytes = plan.encoder.row_width or f"at most {plan.encoder.row_room}"
    least = staging_needed([plan], settings.write_workers)
    lines = [
        ("days", f"{plan.days:,} ({plan.start} to {plan.end}, UTC)"),
        ("meters", f"{plan.meters:,}"),
        ("readings", f"{about}{readings:,} (every {plan.interval_s} s, {row_bytes} bytes each)"),
        ("files", f"{about}{files:,} in {batches:,} batches"),
        ("bytes", f"{about}{size:,} ({size / 1e9:,.2f} GB)"),
        (
            "objects",
            f"{about}{files + batches + tables:,} (files, manifests, fleet, weather, identity, the run's figures"
            f"{'; labels of the faults besides' if rates else ''})",
        ),
        (
            "requests",
            f"about {plan.days * day_requests + batches + tables + 4:,} to a bucket; a folder needs none",
        ),
        (
            "staging",
            f"at least {least:,} bytes, at most {int(settings.staging_limit):,}",
        ),
        (
            "time",
            f"about {plan.rows / rate:,.1f} s to produce ({rate / 1e6:.0f} million readings/s here);"
            " disk and network may take longer",
        ),
    ]
    return "\n".join(f"{name + ':':<10} {text}" for name, text in lines)

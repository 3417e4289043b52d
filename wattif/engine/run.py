"""A whole run, from the spec to the figures: open the lake, claim it, store the fleet, run the pipeline."""

from __future__ import annotations

import logging
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TypeVar

import orjson

from wattif.engine.events import Events, Listener, ignore
from wattif.engine.figures import Figures
from wattif.engine.pipeline import Pipeline
from wattif.engine.plan import check_staging
from wattif.engine.private import prepare_folder
from wattif.engine.run_options import RunOptions, default_staging_dir
from wattif.engine.staging import Staging
from wattif.engine.streams import plans_of, streams_of
from wattif.errors import Interrupted
from wattif.lake import layout
from wattif.lake.claim import claim
from wattif.lake.identity import Identity
from wattif.lake.open import opened
from wattif.model.scenario import Scenario, scenario_of, world_of
from wattif.numeric import jit
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.uploader.retrying import RetryPolicy
from wattif.uploader.store import Store
from wattif.version import __version__

_log = logging.getLogger("wattif.engine")
_Result = TypeVar("_Result")


def generate(
    spec: Spec,
    lake: Store | str | Path,
    options: RunOptions | None = None,
    *,
    retry: RetryPolicy | None = None,
    stop: Event | None = None,
    progress: Listener = ignore,
) -> Figures:
    """Write the dataset of *spec* into *lake*; the figures of this run also go to `_wattif/runs/`.

    *retry*: how to retry a lake that does not answer; setting *stop* ends the run early with `Interrupted`.
    *progress* is called with each `wattif.engine.events.Event`, from different threads but never twice at once.
    Errors are those of `wattif.errors`.
    """
    called = time.monotonic()
    options, stop, told = options or RunOptions(), stop or Event(), Events(progress)
    check_staging(plans_of(spec), options.staging_limit, options.write_workers)
    world = world_of(spec)
    dataset = Identity.of(spec, world.cities)
    folder = options.staging_dir or default_staging_dir()
    prepare_folder(folder, create=options.staging_dir is None)
    store = opened(
        lake,
        threads=max(options.upload_workers // 2, 1),
        overwrite=options.overwrite,
        retry=retry,
        stop=stop,
        on_retry=told.tell_retry,
    )
    began = datetime.now(UTC)
    with Staging(folder, dataset.fingerprint) as staging, jit.on_compile(told.tell_compiling):
        fenced = _until_stopped(stop, lambda: claim(store, dataset, overwrite=options.overwrite))
        scenario = scenario_of(spec, world)
        streams = streams_of(spec, scenario)
        _store_tables(spec, scenario, fenced)
        for stream in streams:
            stream.warm_up()
        figures = Pipeline(
            streams,
            fenced,
            staging,
            stop=stop,
            staging_limit=options.staging_limit,
            write_workers=options.write_workers,
            success_files=options.success_files,
            told=told,
        ).run()
    figures.total_seconds = time.monotonic() - called
    report = orjson.dumps(
        _report(spec, options, dataset, figures, began), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )
    name = f"{layout.RUNS}{began:%Y%m%dT%H%M%S.%fZ}-{os.getpid()}.json"
    fenced.put_bytes(name, report)
    fenced.remove_unfinished()
    _log.info("%s/%s: the figures of this run", fenced.place, name)
    return figures


def _until_stopped(stop: Event, call: Callable[[], _Result]) -> _Result:
    """*call* in a thread that is left behind when *stop* is set: a cloud client cannot be interrupted."""
    opener = ThreadPoolExecutor(1, thread_name_prefix="opener")
    future = opener.submit(call)
    while not wait([future], timeout=0.1).done:
        if stop.is_set():
            opener.shutdown(wait=False)
            raise Interrupted("stopped")
    opener.shutdown()
    return future.result()


def _store_tables(spec: Spec, scenario: Scenario, store: Store) -> None:
    """Store the tables that are made whole, where they are not there already."""
    from wattif.tables.arrow import partition_objects

    for table in catalog.lake_tables_of(spec, "whole"):
        there = set(store.list(table.prefix))
        for partition in table.partitions(spec):
            if not there.issuperset(table.object_names(partition)):
                entities = table.entities(spec, partition)
                for name, content in partition_objects(table, scenario, entities, partition).items():
                    store.put_bytes(name, content)


def _report(spec: Spec, options: RunOptions, dataset: Identity, figures: Figures, began: datetime) -> dict[str, object]:
    return {
        "began": began.isoformat(timespec="milliseconds"),
        "wattif": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "fingerprint": dataset.fingerprint,
        "spec": spec.model_dump(mode="json"),
        "run": options.model_dump(mode="json"),
        **asdict(figures),
    }

"""A whole run, from the spec to the figures: open the lake, claim it, store the fleet, run the pipeline."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import TypeVar

from wattif.engine.engines import engine_of, runner_of
from wattif.engine.events import Events, Listener, ignore
from wattif.engine.figures import Figures
from wattif.engine.pipeline import Pipeline
from wattif.engine.plan import check_staging
from wattif.engine.private import own_folder, prepare_folder
from wattif.engine.run_options import RunOptions
from wattif.engine.run_record import RunRecord
from wattif.engine.schedule import joined
from wattif.engine.staging import Staging
from wattif.engine.streams import plans_of, streams_of
from wattif.engine.tables import Tables, check_table_format
from wattif.engine.whole_tables import WholeTables
from wattif.errors import Interrupted
from wattif.lake.claim import claim
from wattif.lake.identity import Identity
from wattif.lake.open import opened
from wattif.model.scenario import scenario_of, world_of
from wattif.numeric import jit
from wattif.spec import Spec
from wattif.uploader.retrying import RetryPolicy
from wattif.uploader.store import Store

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
    plans = plans_of(spec)
    check_staging(plans, options.staging_limit, options.write_workers)
    check_table_format(spec, options)
    if options.engine is not None:
        name, address = engine_of(options.engine)
        figures = runner_of(name)(address, spec, lake, options, retry=retry, stop=stop, told=told)
        figures.total_seconds = time.monotonic() - called
        return figures
    world = world_of(spec)
    dataset = Identity.of(spec, world.cities)
    folder = _prepared(options)
    wait_s = (retry or RetryPolicy()).retry_for_s if options.shard else 0.0
    store = opened(
        lake,
        threads=max(options.upload_workers // 2, 1),
        overwrite=options.overwrite,
        retry=retry,
        stop=stop,
        on_retry=told.tell_retry,
    )
    with Staging(folder, dataset.fingerprint, wait_s=wait_s, stop=stop) as staging, jit.on_compile(told.tell_compiling):
        tables = Tables.of(spec, options, plans=plans, store=store, fingerprint=dataset.fingerprint)
        _until_stopped(stop, lambda: tables.check(overwrite=options.overwrite))
        fenced = _until_stopped(stop, lambda: claim(store, dataset, overwrite=options.overwrite, wait_s=wait_s))
        _until_stopped(stop, lambda: tables.prepare(fenced))
        scenario = scenario_of(spec, world)
        streams = streams_of(spec, scenario)
        whole = WholeTables(spec, scenario, fenced, staging, stop)
        for stream in streams:
            stream.warm_up()
        schedule = None if options.arrive is None else joined(fenced, spec, plans, options.arrive)
        pipeline = Pipeline(
            streams,
            fenced,
            staging,
            stop=stop,
            staging_limit=options.staging_limit,
            write_workers=options.write_workers,
            success_files=options.success_files,
            shard=options.share,
            tables=tables,
            schedule=schedule,
            told=told,
        )
        with RunRecord(fenced, spec, options, dataset.fingerprint, pipeline.figures) as record:
            with whole.stored(options.share):
                figures = pipeline.run()
            figures.total_seconds = time.monotonic() - called
            record.complete()
    fenced.remove_unfinished()
    _log.info("%s/%s: the figures of this run", fenced.place, record.name)
    return figures


def _prepared(options: RunOptions) -> Path:
    """The folder for files that wait; it is there, and nobody else's."""
    folder = options.staging_folder
    parent = folder if options.shard is None else folder.parent
    prepare_folder(parent, create=options.staging_dir is None)
    if options.shard is not None:
        own_folder(folder)
    return folder


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

"""A whole run, from the settings to the figures: open the lake, claim it, store the fleet, run the pipeline."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict
from datetime import UTC, datetime
from threading import Event
from typing import TypeVar

import orjson

import wattif
from wattif.engine.events import Events, Listener, ignore
from wattif.engine.pipeline import Figures, Pipeline
from wattif.engine.plan import Plan, check_staging
from wattif.engine.private import prepare_folder
from wattif.engine.staging import Staging
from wattif.engine.streams import streams_of
from wattif.errors import Interrupted
from wattif.lake import layout
from wattif.lake.claim import claim
from wattif.lake.dataset import Dataset
from wattif.lake.place import open_store
from wattif.model.scenario import Scenario, scenario_of, world_of
from wattif.settings import GenerateSettings, default_staging_dir
from wattif.tables import catalog
from wattif.uploader.retrying import RetryingStore, RetryPolicy
from wattif.uploader.store import Store

_log = logging.getLogger("wattif.engine")
_Result = TypeVar("_Result")


def generate(
    settings: GenerateSettings,
    stop: Event,
    store: Store | None = None,
    policy: RetryPolicy | None = None,
    *,
    progress: Listener = ignore,
) -> Figures:
    """Do what *settings* ask for; the figures of this run also go to `_wattif/runs/`.

    *progress* is called with each `wattif.engine.events.Event`, from different threads but never twice at once.

    Errors are those of `wattif.errors`. Setting *stop* ends the run early with `Interrupted`. *store* and
    *policy* replace the lake and the patience that the settings stand for.
    """
    told = Events(progress)
    plan = Plan.of(settings)
    check_staging([plan], settings.staging_limit, settings.write_workers)
    folder = settings.staging_dir or default_staging_dir()
    prepare_folder(folder, create=settings.staging_dir is None)
    if store is None:
        threads = max(settings.upload_workers // 2, 1)
        store = open_store(
            settings, threads=threads, overwrite=settings.overwrite, retry=policy, stop=stop, on_retry=told.tell_retry
        )
    else:
        store = RetryingStore(store, policy, stop, told.tell_retry)
    world = world_of(settings)
    dataset = Dataset.of(settings, world.cities)
    began = datetime.now(UTC)
    with Staging(folder, dataset.fingerprint) as staging:
        lake = _until_stopped(stop, lambda: claim(store, dataset, overwrite=settings.overwrite))
        scenario = scenario_of(settings, world)
        streams = streams_of(settings, scenario)
        _store_tables(settings, scenario, lake)
        for stream in streams:
            stream.warm_up()
        figures = Pipeline(
            streams,
            lake,
            staging,
            stop=stop,
            staging_limit=settings.staging_limit,
            write_workers=settings.write_workers,
            told=told,
        ).run()
    report = orjson.dumps(
        _report(settings, dataset, figures, began), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )
    name = f"{layout.RUNS}{began:%Y%m%dT%H%M%S.%fZ}-{os.getpid()}.json"
    lake.put_bytes(name, report)
    lake.remove_unfinished()
    _log.info("%s/%s: the figures of this run", lake.place, name)
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


def _store_tables(settings: GenerateSettings, scenario: Scenario, store: Store) -> None:
    """Store the tables that are made whole, where they are not there already."""
    from wattif.tables.arrow import partition_objects

    for table in catalog.lake_tables_of(settings, "whole"):
        there = set(store.list(table.prefix))
        for partition in table.partitions(settings):
            if table.is_rewritten or not there.issuperset(table.object_names(partition)):
                entities = table.entities(settings, partition)
                for name, content in partition_objects(table, scenario, entities, partition).items():
                    store.put_bytes(name, content)


def _report(settings: GenerateSettings, dataset: Dataset, figures: Figures, began: datetime) -> dict[str, object]:
    return {
        "began": began.isoformat(timespec="milliseconds"),
        "wattif": wattif.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "fingerprint": dataset.fingerprint,
        "settings": settings.model_dump(mode="json"),
        **asdict(figures),
    }

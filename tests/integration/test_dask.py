"""Shards on a real Dask cluster: processes that are killed, that join later, that are of another version."""

from __future__ import annotations

import contextlib
import logging
import pickle
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

from tests import processes
from tests.asking import Asked, Asking, generate
from tests.dask_cluster import LACKS_WATTIF, DaskCluster
from tests.forking import Forked, Forking
from tests.lakes import objects
from wattif.engine import events
from wattif.engine.engines import dask, engine_names
from wattif.errors import EngineError, InvalidValue, LakeError
from wattif.lake import layout

ROOT = Path(__file__).resolve().parent.parent.parent
IS_NEWER = "from wattif.engine import versions; versions.__version__ = '99.0'"
GOES = "import os, wattif.engine.versions as asked; asked.versions = lambda: os._exit(0)"


@pytest.fixture
def cluster(tmp_path: Path, forking: Forking) -> Iterator[DaskCluster]:
    """A scheduler; each test starts the workers."""
    folder = tmp_path / "cluster"
    folder.mkdir()

    def start(words: Sequence[str], **environment: str) -> Forked:
        home = processes.environment(folder, PYTHONPATH=str(ROOT), TMPDIR=str(folder), **environment)
        return forking.start(words, folder, home)

    started = DaskCluster(start, folder)
    started.scheduler()
    yield started
    started.close()


def _asked(settings: Asking, lake: Path, **more: object) -> Asked:
    common = {"meters": 60, "meters_per_file": 2, "batch_files": 2, "interval": 60, "success_files": True}
    staging = lake.parent / "staging-of-shards"
    staging.mkdir(exist_ok=True)
    return settings(lake=lake, staging_dir=staging, **common, **more)


def _alone(settings: Asking, folder: Path) -> dict[str, str]:
    generate(_asked(settings, folder))
    return objects(folder)


def _takes_samples(dask_worker: Any) -> bool:
    """Of its threads, for Dask's profiler: up to Python 3.11, one that begins or ends just then may never go on."""
    running: bool = dask_worker.periodic_callbacks["profile"].is_running()
    return running


def test_a_worker_that_is_killed_and_one_that_joins(settings: Asking, tmp_path: Path, cluster: DaskCluster) -> None:
    expected = _alone(settings, tmp_path / "alone")
    asked = _asked(settings, tmp_path / "lake", engine=f"dask://{cluster.address}")
    first, made = cluster.worker(), list[events.Event]()

    def listen(event: events.Event) -> None:
        if isinstance(event, events.RowsMade):
            if not made:  # the worker is at its second shard by now
                cluster.worker("second")
                first.kill()
            made.append(event)

    deadline = time.monotonic() + 60
    while True:  # a client may come before the scheduler, or before its first worker
        try:
            generate(asked, progress=listen)
            break
        except EngineError:
            assert time.monotonic() < deadline
    assert objects(asked.lake) == expected
    assert len(made) == 16
    assert first.wait() < 0
    assert generate(asked).batches == 0
    with pytest.raises(LakeError, match="holds another dataset: seed is"):
        generate(asked.model_copy(update={"seed": 5}))
    with Client(f"tcp://{cluster.address}", set_as_default=False) as client:
        assert list(client.run(_takes_samples).values()) == [sys.version_info >= (3, 12)]


def test_a_worker_that_goes_when_it_is_asked_and_one_that_lacks_wattif(
    settings: Asking, tmp_path: Path, cluster: DaskCluster
) -> None:
    """The first does not matter; the second is named, whether it joins later or is there already."""
    asked = _asked(settings, tmp_path / "lake", engine=f"dask://{cluster.address}")
    gone = cluster.worker(begin=GOES)
    with Client(f"tcp://{cluster.address}", set_as_default=False) as client:
        client.wait_for_workers(1)

    def listen(event: events.Event) -> None:
        if isinstance(event, events.RunPlanned):
            cluster.worker("second", begin=LACKS_WATTIF)

    with pytest.raises(EngineError, match=r"worker tcp://\S+ cannot make it \(.*wattif.*\); install"):
        generate(asked, progress=listen)
    assert gone.wait() == 0
    with pytest.raises(EngineError, match=r"worker tcp://\S+ cannot tell its versions \(.*wattif.*\); install"):
        generate(asked)
    assert not (tmp_path / "lake" / layout.DATASET).exists()


def test_a_scheduler_that_is_killed(settings: Asking, tmp_path: Path, cluster: DaskCluster) -> None:
    """One line, at once; what was committed stays, and one machine can go on."""
    cluster.worker()
    asked = _asked(settings, tmp_path / "lake", engine=f"dask://{cluster.address}")

    def listen(event: events.Event) -> None:
        if isinstance(event, events.RowsMade):
            cluster.processes["scheduler"].kill()

    with pytest.raises(EngineError, match="`engine`: the scheduler was lost; start it again"):
        generate(asked, progress=listen)
    cluster.close()
    assert list((tmp_path / "lake" / layout.MANIFESTS).rglob("*.ndjson"))
    generate(_asked(settings, tmp_path / "lake"))
    assert objects(asked.lake) == _alone(settings, tmp_path / "alone")


def test_a_scheduler_that_is_killed_before_it_is_asked_for_versions(
    settings: Asking, tmp_path: Path, cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = dask._check_workers

    def kill_and_check(client: Client) -> None:
        cluster.processes["scheduler"].kill()
        assert cluster.processes["scheduler"].wait() == -9
        check(client)

    with Client(f"tcp://{cluster.address}", set_as_default=False):
        monkeypatch.setattr(dask, "_ANSWER_S", 2)
    monkeypatch.setattr(dask, "_check_workers", kill_and_check)
    with pytest.raises(EngineError, match="`engine`: the scheduler was lost; start it again"):
        generate(_asked(settings, tmp_path / "lake", engine=f"dask://{cluster.address}"))


def test_processes_of_this_machine(settings: Asking, tmp_path: Path) -> None:
    """Which lake they make, `test_engines.py` tells. Another cluster has its dashboard where Dask puts it."""
    with socket.socket() as other:
        with contextlib.suppress(OSError):  # it is taken already
            other.bind(("", 8787))
            other.listen()
        figures = generate(_asked(settings, tmp_path / "lake", engine="dask", write_workers=2))
    assert (figures.batches, figures.readings) == (2 * 15, 2 * 60 * 1440)
    assert len(list((tmp_path / "lake" / layout.RUNS).iterdir())) == 8  # four for each of two processes


def test_an_adaptive_cluster(settings: Asking, tmp_path: Path) -> None:
    """It begins without a worker, grows, and gives up one of two while they make shards."""
    expected, counts = _alone(settings, tmp_path / "alone"), [2, 1]
    with LocalCluster(
        n_workers=0,
        threads_per_worker=1,
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        silence_logs=logging.CRITICAL,
        local_directory=str(tmp_path),
    ) as cluster:
        adaptive = cluster.adapt(minimum=0, maximum=2, interval="50ms", wait_count=1)

        def listen(event: events.Event) -> None:
            if isinstance(event, events.RowsMade) and counts:
                adaptive.minimum = adaptive.maximum = counts.pop(0)
                while len(cluster.scheduler.workers) != adaptive.minimum:
                    time.sleep(0.01)

        address = cluster.scheduler_address.replace("tcp", "dask")
        generate(_asked(settings, tmp_path / "lake", engine=address), progress=listen)
    assert objects(tmp_path / "lake") == expected
    assert not counts


def test_workers_of_another_version_are_refused_by_name(settings: Asking, tmp_path: Path, cluster: DaskCluster) -> None:
    cluster.worker(begin=IS_NEWER)
    asked = _asked(settings, tmp_path / "lake", engine=f"dask://{cluster.address}")
    with pytest.raises(EngineError, match=r"worker tcp://\S+ has wattif 99\.0, not \S+; install the same"):
        generate(asked)
    assert not (tmp_path / "lake" / layout.DATASET).exists()


def test_what_cannot_be_done(settings: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "_ANSWER_S", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        asked = _asked(settings, tmp_path / "lake", engine=f"dask://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(EngineError, match="no scheduler answers"):
            generate(asked)
    with pytest.raises(ValueError, match="unknown engine; choose from dask"):
        _asked(settings, tmp_path / "lake", engine="sun")
    with pytest.raises(ValueError, match="names no address"):
        _asked(settings, tmp_path / "lake", engine="dask://")
    with pytest.raises(ValueError, match="makes the shards by itself"):
        _asked(settings, tmp_path / "lake", engine="dask", shard="1/2")
    assert engine_names() == ("dask",)


def test_an_invalid_value_comes_through_a_pickle() -> None:
    error = pickle.loads(pickle.dumps(InvalidValue("lake", "x", "is none")))
    assert (error.field, error.value, error.reason, str(error)) == ("lake", "x", "is none", "`lake` x: is none")

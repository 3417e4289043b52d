"""Shards on a Dask cluster: a task a shard, so a worker that is lost costs one shard's last batches.

All that a task needs is the spec and the lake's address; what is committed tells it where to go on. So tasks may be
repeated, workers may come and go, and a cluster may be adaptive.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from wattif.engine import events
from wattif.engine.arrival_plan import plan_of
from wattif.engine.figures import Figures
from wattif.engine.plan import totals
from wattif.engine.run_options import RunOptions
from wattif.engine.streams import plans_of
from wattif.engine.versions import check_versions, versions
from wattif.errors import EngineError, Interrupted, InvalidValue, WattIfError
from wattif.extras import needs
from wattif.spec import Spec
from wattif.uploader.retrying import RetryPolicy

if TYPE_CHECKING:
    from distributed import Client, Future, Worker

_log = logging.getLogger("wattif.engine")
_SHARDS_A_THREAD = 4  # so that those that are done early help the others
_LEAST_SHARDS = 16  # on a cluster that is there already: an adaptive one may have no worker yet
_ANSWER_S = 20
_LOOK_S = 0.5


def run_on(
    address: str,
    spec: Spec,
    lake: object,
    options: RunOptions,
    *,
    retry: RetryPolicy | None,
    stop: Event,
    told: events.Events,
) -> Figures:
    """Make the dataset on the cluster at *address*; on processes of this machine where it is empty.

    The lake's address must mean the same to all workers. `EngineError` when no scheduler answers, workers are of
    another version, or a task lost one worker after another; errors of tasks are those of `wattif.engine.run.generate`.
    """
    if not isinstance(lake, str | Path):
        raise InvalidValue("engine", "dask", "needs the address of a lake, not a store that is open here")
    place = str(lake) if "://" in str(lake) else str(Path(lake).absolute())
    whole, figures, began = totals(plans_of(spec)), Figures(), time.monotonic()
    with _telling_what_was_lost(), _client(address, options.write_workers) as client, client.as_current():
        _check_workers(client)
        least = _LEAST_SHARDS if address else 1
        own, count = _of_shards(options, whole.batches, sum(client.nthreads().values()), least=least)
        told.tell(events.RunPlanned(rows=whole.rows, bytes=whole.bytes, batches=whole.batches))
        for made in _results(_submitted(client, spec, place, own, count, retry), stop):
            figures.add(made)
            told.tell(events.RowsMade(rows=made.readings))
            told.tell(events.FileStored(bytes=made.bytes))
    figures.seconds = time.monotonic() - began
    return figures


@contextmanager
def _telling_what_was_lost() -> Iterator[None]:
    """`EngineError` for what the client raises when the cluster is no longer what it was."""
    with needs("dask"):
        from distributed import CancelledError, KilledWorker
    log = logging.getLogger("distributed.client")
    level = log.level
    log.setLevel(logging.CRITICAL)  # it tells of lost connections by tracebacks, from threads of its own
    try:
        yield
    except KilledWorker as error:
        raise EngineError(
            f"`engine`: one worker after another was lost while it made a shard ({error.task}); see their logs for the"
            " reason, often too little memory; the same command goes on"
        ) from None
    except (CancelledError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system's, such as a full disk of a worker; those of lost connections have no number
        raise EngineError("`engine`: the scheduler was lost; start it again, then the same command goes on") from None
    finally:
        log.setLevel(level)


def _of_shards(options: RunOptions, batches: int, threads: int, *, least: int) -> tuple[dict[str, Any], int]:
    """The options of a shard but its number, and how many there are, on a cluster with so many *threads*."""
    own = options.model_dump() | {"engine": None, "write_workers": 1}  # a thread of a worker makes a shard
    if options.arrive is None:
        return own, min(batches, max(least, _SHARDS_A_THREAD * threads))
    own["arrive"] = plan_of(options.arrive).as_text()  # workers have no file of ours
    return own, min(batches, max(1, threads))  # a shard holds its thread until its last landing: none waits for another


@contextmanager
def _client(address: str, processes: int) -> Iterator[Client]:
    with needs("dask"):
        from distributed import Client, LocalCluster
    if address:
        try:
            client = Client(f"tcp://{address}", timeout=_ANSWER_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            reason = f"no scheduler answers ({error}); start one with 'dask scheduler', or correct the address"
            raise EngineError(f"`engine` dask://{address}: {reason}") from None
        with client:
            yield client
        return
    with (
        LocalCluster(
            n_workers=processes,
            threads_per_worker=1,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # else clusters at once dispute a port
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _check_workers(client: Client) -> None:
    """`EngineError` names a worker that would make other bytes, or cannot make any; one that goes meanwhile is none."""
    for worker, theirs in client.run(versions, on_error="return").items():
        process = f"`engine`: worker {worker}"
        if isinstance(theirs, OSError):
            continue  # it has just gone
        if isinstance(theirs, Exception):
            raise EngineError(f"{process} cannot tell its versions ({theirs}); install the same WattIf on all workers")
        check_versions(process, theirs, versions())


def _submitted(
    client: Client, spec: Spec, place: str, options: dict[str, Any], count: int, retry: RetryPolicy | None
) -> set[Future[Figures | WattIfError]]:
    words, policy, ours = spec.model_dump(mode="json"), asdict(retry) if retry else None, versions()

    def make(shard: str) -> Any:  # a function within another goes by value: a worker that lacks WattIf can say so
        from distributed import get_worker

        try:
            from wattif.engine.engines.dask import _make
        except ImportError as error:
            raise ImportError(f"worker {get_worker().address} cannot make it ({error})") from None
        return _make(words, place, options | {"shard": shard}, policy, ours)

    return {
        client.submit(make, f"{index}/{count}", key=f"wattif-shard-{index}-of-{count}-{time.time_ns()}", pure=False)
        for index in range(1, count + 1)
    }


def _make(
    spec: dict[str, Any], place: str, options: dict[str, Any], retry: dict[str, Any] | None, ours: dict[str, str]
) -> Figures | WattIfError:
    """In a worker: make a shard, or say why not: it was tried long enough. One that joined later checks its version."""
    from distributed import get_worker

    from wattif.engine.run import generate

    worker = get_worker()
    _stop_samples(worker)
    try:
        check_versions(f"`engine`: worker {worker.address}", versions(), ours)
        return generate(Spec(**spec), place, RunOptions(**options), retry=RetryPolicy(**retry) if retry else None)
    except WattIfError as error:
        return error


def _stop_samples(worker: Worker) -> None:
    """End a worker's statistical profile up to Python 3.11, where it may stop the process for ever (gh-106883).

    There `sys._current_frames` keeps the list of threads locked while garbage is collected. A thread that begins or
    ends meanwhile, as those of a shard do, waits for that lock and does not give the interpreter's back.
    """
    from distributed.utils import sync

    samples = worker.periodic_callbacks.get("profile")
    if sys.version_info >= (3, 12) or samples is None:
        return

    async def stop() -> None:  # in the thread of the loop that calls it
        samples.stop()

    sync(worker.loop, stop)


def _results(tasks: set[Future[Figures | WattIfError]], stop: Event) -> Iterator[Figures]:
    from distributed import wait

    waiting = set(tasks)
    try:
        while waiting:
            if stop.is_set():
                raise Interrupted("stopped")
            try:
                done = wait(waiting, timeout=_LOOK_S, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                continue
            waiting -= done
            for task in done:
                try:
                    made = task.result()
                except ImportError as error:
                    raise EngineError(f"`engine`: {error}; install the same WattIf on all workers") from None
                if isinstance(made, WattIfError):
                    raise made
                yield made
    finally:
        for task in waiting:
            task.cancel()

"""The wiring: plan -> producer threads -> staging -> uploader threads -> commit. It alone knows threads and order."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from functools import partial
from threading import Event

from wattif.engine import events
from wattif.engine.budget import Budget
from wattif.engine.figures import Figures
from wattif.engine.landings import Landings
from wattif.engine.plan import Batch, batches_of, totals
from wattif.engine.producer import MadeUnit, Producer
from wattif.engine.schedule import Schedule
from wattif.engine.shard import ALL, Shard
from wattif.engine.staging import Staging
from wattif.engine.streams import Stream
from wattif.engine.success import SuccessFiles
from wattif.engine.tables import Tables
from wattif.engine.transfer import Transfer
from wattif.errors import Interrupted
from wattif.lake import layout
from wattif.lake.manifest import Committed, read_manifest
from wattif.tables.readings import READINGS
from wattif.tables.unit import Unit
from wattif.uploader.store import SealedFile, Store, StoredObject

_log = logging.getLogger("wattif.engine")
_BATCHES_ON_THEIR_WAY = 2  # one transfers while the other is confirmed and committed
_GRACE_S = 5.0  # for what is on its way when the run is stopped
_FILES_AT_ONCE = 1000  # bounds the memory for files that are planned or wait, however small they are


class _OpenBatch:
    """A batch between its first file and its commit."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.made: dict[Unit, MadeUnit] = {}
        self.finished = Event()

    @property
    def is_sealed(self) -> bool:
        return len(self.made) == len(self.batch.units)

    @property
    def will_free_staging(self) -> bool:
        return self.is_sealed and not self.finished.is_set()


class Pipeline:
    """One run: call `run` once. Setting *stop* ends it early."""

    def __init__(
        self,
        streams: Sequence[Stream],
        store: Store,
        staging: Staging,
        *,
        stop: Event,
        staging_limit: int,
        write_workers: int,
        success_files: bool = False,
        shard: Shard = ALL,
        tables: Tables | None = None,
        schedule: Schedule | None = None,
        told: events.Events | None = None,
    ) -> None:
        """*streams* have the same days; *staging_limit*, in bytes; *success_files*: mark days that are complete;
        *shard*: which batches to make; *tables* name the files of what is committed; *schedule*: when batches are due
        (None: at once); *told* hears of what happens.
        """
        self._streams = {stream.plan.table: stream for stream in streams}
        self._plans = [stream.plan for stream in streams]
        self._store = store
        self._staging = staging
        self._shard = shard
        success = SuccessFiles(store, self._plans, shard) if success_files else None
        self._transfer = Transfer(store, self._discard, success, tables or Tables())
        self._told = told or events.Events()
        self._stop = stop
        self._landings = None if schedule is None else Landings(schedule, store, stop, self._told)
        most_files = max((2 * plan.batch_files + write_workers) * plan.faults.objects_per_file for plan in self._plans)
        limit_files = max(most_files, _FILES_AT_ONCE)
        self._budget = Budget(staging_limit, limit_files, stop, self._will_free_staging)
        self._producer = Producer(staging, self._budget, stop, self._tell_rows)
        self._producers = ThreadPoolExecutor(write_workers, thread_name_prefix="producer")
        self._uploaders = ThreadPoolExecutor(_BATCHES_ON_THEIR_WAY, thread_name_prefix="uploader")
        self._open: deque[_OpenBatch] = deque()
        self._lock = threading.Lock()
        self._tasks: set[Future[None]] = set()
        self._shutting_down = False
        self._failure: BaseException | None = None
        self.figures = Figures()

    def run(self) -> Figures:
        """Produce and commit every batch that the lake does not hold.

        Raises the first error of any thread, or `Interrupted`; whatever is sealed or committed by then stays.
        """
        began = time.monotonic()
        plans, store = self._plans, self._store
        self._told.tell(events.RunPlanned(**asdict(totals(plans, self._shard))))
        committed = {
            plan.table: Committed(store, plan.start, plan.days, plan.batches_per_day, plan.table) for plan in plans
        }
        try:
            for batch in self._batches():
                if self._streams[batch.table].plan.position_of(batch) in committed[batch.table]:
                    self._skip(batch)
                else:
                    self._begin(batch)
            self._close_batches(all_of_them=True)
        except BaseException as error:
            self._fail(error)
        finally:
            self._shut_down()
            self.figures.seconds = time.monotonic() - began
        if self._failure is not None:
            raise self._failure
        if self._staging.leftovers:
            _log.warning("staging keeps %d files of days outside this run", len(self._staging.leftovers))
        return self.figures

    def _batches(self) -> Iterator[Batch]:
        """In the order in which they are made."""
        batches = batches_of(self._plans, self._shard)
        if self._landings is None:
            return batches
        self._landings.open()
        schedule = self._landings.schedule
        first_s, last_s = schedule.span(batches_of(self._plans, self._shard)) or (0.0, 0.0)
        self._told.tell(events.LandingsPlanned(first_s=first_s, last_s=last_s))
        return schedule.in_order(batches)

    def _tell_rows(self, rows: int) -> None:
        self._told.tell(events.RowsMade(rows=rows))

    def _begin(self, batch: Batch) -> None:
        """Hand a batch's files to the producers as staging has room; the last one to be sealed sends it on."""
        opened = _OpenBatch(batch)
        with self._lock:
            self._open.append(opened)
        plan = self._streams[batch.table].plan
        for unit in batch.units:
            self._budget.acquire(plan.room_of(unit), plan.faults.objects_per_file)
            self._submit(self._producers, self._produce, opened, unit)
        self._close_batches()

    def _submit(self, pool: ThreadPoolExecutor, task: Callable[..., None], *arguments: object) -> None:
        with self._lock:
            if not self._shutting_down:
                future = pool.submit(task, *arguments)
                self._tasks.add(future)
                future.add_done_callback(self._tasks.discard)

    def _produce(self, opened: _OpenBatch, unit: Unit) -> None:
        """In a producer's thread: seal a unit's files."""
        self._budget.writer_begins()
        try:
            plan, content = self._streams[unit.table].plan, self._streams[unit.table].content
            made = self._producer.produce(unit, content)
            self._budget.give_back(plan.room_of(unit) - made.size, plan.faults.objects_per_file - len(made.files))
            rows, size = made.rows - plan.rows_of(unit), made.size - plan.size_of(unit)
            if rows or size:
                self._told.tell(events.TotalAdjusted(rows=rows, bytes=size))
            with self._lock:
                opened.made[unit] = made
                complete = opened.is_sealed
            if complete:
                go = partial(self._submit, self._uploaders, self._bring_in, opened)
                if self._landings is None:
                    go()
                else:
                    self._landings.hold(opened.batch, go)
        except BaseException as error:
            self._fail(error)
        finally:
            self._budget.writer_ends()

    def _bring_in(self, opened: _OpenBatch) -> None:
        """In an uploader's thread: bring a batch in and commit it."""
        batch = opened.batch
        try:
            done = self._transfer.commit(batch, opened.made)
            late_s = [] if self._landings is None else [self._landings.landed(batch)]
            with self._lock:
                self.figures.late_s += late_s
                self.figures.batches += 1
                self.figures.files += done.files
                self.figures.bytes += done.bytes
                self.figures.readings += done.rows if batch.table == READINGS else 0
            self._told.tell(events.BatchCommitted(**batch.identity, **asdict(done)))
        except BaseException as error:
            self._fail(error)
        finally:
            opened.finished.set()

    def _discard(self, file: SealedFile, receipt: StoredObject) -> None:
        self._staging.discard(file, receipt)
        self._told.tell(events.FileStored(bytes=file.size))
        self._budget.release(file.size)

    def _skip(self, batch: Batch) -> None:
        """A committed batch: only what an earlier run could not remove from staging is left to do."""
        self._stop_check()
        self._transfer.pass_over(batch)
        self.figures.batches_skipped += 1
        plan, content = self._streams[batch.table].plan, self._streams[batch.table].content
        rows, size = (sum(map(of, batch.units)) for of in (plan.rows_of, plan.size_of))
        self._told.tell(events.BatchSkipped(**batch.identity, rows=rows, bytes=size))
        leftovers = self._staging.leftovers
        if leftovers and any(name in leftovers for unit in batch.units for name in content.names(unit)):
            name = layout.manifest_name(batch.day, batch.index, batch.table)
            manifest = self._store.get_bytes(name) or b""
            entries = read_manifest(manifest, name, self._store.place, batch.table)
            self._staging.discard_leftovers(entry.name for entry in entries)

    def _close_batches(self, *, all_of_them: bool = False) -> None:
        """Forget the oldest batches once they are finished."""
        while self._open and (all_of_them or self._open[0].finished.is_set()):
            if self._open[0].finished.wait(0.2):
                with self._lock:
                    self._open.popleft()
            self._stop_check()

    def _will_free_staging(self) -> bool:
        with self._lock:
            return any(batch.will_free_staging for batch in self._open)

    def _stop_check(self) -> None:
        if self._stop.is_set():
            raise Interrupted("stopped")

    def _fail(self, error: BaseException) -> None:
        """Stop all threads; remember the first error, of which the other threads' `Interrupted` is only the echo."""
        with self._lock:
            if self._failure is None or (isinstance(self._failure, Interrupted) and not isinstance(error, Interrupted)):
                self._failure = error
        self._stop.set()

    def _shut_down(self) -> None:
        """Let go of what has not begun; give what has begun a few seconds."""
        with self._lock:
            self._shutting_down = True
        if self._landings is not None:
            self._landings.close()
        for pool in (self._producers, self._uploaders):
            pool.shutdown(wait=False, cancel_futures=True)
        begun = {future for future in tuple(self._tasks) if not future.cancelled()}
        wait(begun, timeout=_GRACE_S)

"""Batches that wait for their time: a thread lets each go on its way when it is due, and lateness is written down."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Condition, Event

import orjson

from wattif.engine import events
from wattif.engine.plan import Batch
from wattif.engine.schedule import Schedule
from wattif.lake import layout
from wattif.uploader.store import Store

_TICK_S = 0.1  # how soon a waiting thread notices that the run was stopped


class Landings:
    """Holds batches until they are due. Threads may share it."""

    def __init__(self, schedule: Schedule, store: Store, stop: Event, told: events.Events) -> None:
        self.schedule = schedule
        self._store = store
        self._stop = stop
        self._told = told
        self._changed = Condition()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._held = 0
        self._closed = False
        self._thread = threading.Thread(target=self._release, name="landings", daemon=True)

    def open(self) -> None:
        """Begin to let batches go."""
        self._thread.start()

    def hold(self, batch: Batch, go: Callable[[], None]) -> None:
        """Call *go*, which must not block, when *batch* is due: at once when it is overdue."""
        due = self.schedule.due(batch)
        wait_s = due - self.schedule.now()
        if wait_s > 0:
            self._told.tell(events.BatchWaits(**batch.identity, wait_s=wait_s))
        with self._changed:
            heapq.heappush(self._waiting, (due, self._held, go))
            self._held += 1
            self._changed.notify_all()

    def landed(self, batch: Batch) -> float:
        """*batch* is committed: how late, in seconds; the lake has it in writing, too."""
        due, now = self.schedule.due(batch), self.schedule.now()
        late_s = round(now - due, 6)
        record = {"due": _said(due), "landed": _said(now), "late_s": late_s}
        content = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        self._store.put_bytes(layout.landing_name(batch.day, batch.index, batch.table), content)
        self._told.tell(events.BatchLanded(**batch.identity, late_s=late_s))
        return late_s

    def close(self) -> None:
        """Let go of nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _release(self) -> None:
        with self._changed:
            while not (self._closed or self._stop.is_set()):
                wait_s = self._waiting[0][0] - self.schedule.now() if self._waiting else _TICK_S
                if wait_s > 0:
                    self._changed.wait(min(wait_s, _TICK_S))
                    continue
                heapq.heappop(self._waiting)[2]()


def _said(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")

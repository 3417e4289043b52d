"""Tells pipelines that wait for a whole day: an empty object in its partition, once every batch of it is committed."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from datetime import date

from wattif.lake import layout
from wattif.uploader.store import Store

_log = logging.getLogger("wattif.engine")


class SuccessFiles:
    """Marks the days of a run. Threads may share it; it remembers only the days that are under way."""

    def __init__(self, store: Store, batches_per_day: int) -> None:
        """*batches_per_day*: those of all tables."""
        self._store = store
        self._batches_per_day = batches_per_day
        self._committed: Counter[date] = Counter()
        self._lock = threading.Lock()

    def batch_committed(self, day: date) -> None:
        """Take notice of a batch of *day* that is committed, by this run or an earlier one; the last one marks it.

        What is there already stays, so that nothing downstream is told twice.
        """
        with self._lock:
            self._committed[day] += 1
            if self._committed[day] < self._batches_per_day:
                return
            del self._committed[day]
        name = layout.success_name(day)
        if self._store.get_bytes(name) is None:
            self._store.put_bytes(name, b"")
            _log.info("%s: all of the day is committed", name)

"""Tells pipelines that wait for a whole day: an empty object in its partition, once every batch of it is committed."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import date

from wattif.engine.plan import Plan
from wattif.engine.shard import ALL, Shard
from wattif.lake import layout
from wattif.uploader.store import Store

_log = logging.getLogger("wattif.engine")


class SuccessFiles:
    """Marks the days of a run. Threads may share it; it remembers only the days that are under way."""

    def __init__(self, store: Store, plans: Sequence[Plan], shard: Shard = ALL) -> None:
        """*plans*: those of all tables; *shard*: which of their batches the run makes, or finds made."""
        self._store = store
        self._plans = plans
        self._shard = shard
        self._a_day = sum(plan.batches_per_day for plan in plans)
        self._committed: Counter[date] = Counter()
        self._lock = threading.Lock()

    def batch_committed(self, day: date) -> None:
        """Take notice of a batch of *day* that is committed, by this run or an earlier one; the last one marks it.

        What is there already stays, so that nothing downstream is told twice. Of several shards, each looks when it has
        made its part: whichever is the last finds the manifests of all.
        """
        with self._lock:
            self._committed[day] += 1
            if self._committed[day] < self._own_batches(day):
                return
            del self._committed[day]
        name = layout.success_name(day)
        if self._store.get_bytes(name) is None and self._is_complete(day):
            self._store.put_bytes(name, b"")
            _log.info("%s: all of the day is committed", name)

    def _own_batches(self, day: date) -> int:
        first = (day - self._plans[0].start).days * self._a_day
        return len(self._shard.of(range(first, first + self._a_day)))

    def _is_complete(self, day: date) -> bool:
        if self._shard == ALL:
            return True
        return all(
            set(self._store.list(f"{layout.manifest_folder(plan.table)}{layout.partition(day)}/")).issuperset(
                layout.manifest_name(day, index, plan.table) for index in range(plan.batches_per_day)
            )
            for plan in self._plans
        )

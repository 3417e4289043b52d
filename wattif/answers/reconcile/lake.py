"""A lake against its spec: tables, manifests, objects, sizes, checksums; what the objects hold is read by `deep`.

Manifests say what a run committed, so that they find what happened to objects afterwards. Only the comparison of the
bytes finds an object and its manifest that were changed together.
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event

from wattif.answers.reconcile.delivery import ExpectedObjects
from wattif.answers.reconcile.differences import Difference, difference_of_object
from wattif.answers.reconcile.label_pairs import unequal_labels
from wattif.answers.reconcile.labels import LabelCheck
from wattif.answers.reconcile.success import SuccessCheck
from wattif.answers.reconcile.units import Seen, UnitsCheck, call
from wattif.answers.reconcile.whole_tables import WholeTables
from wattif.engine.ordered import in_order
from wattif.errors import Interrupted, LakeError
from wattif.lake import layout
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.tables.readings import READINGS
from wattif.uploader.store import Store

_CHUNK = 1 << 20
_FETCHERS = 32  # threads that wait for manifests: each is one request


class LakeCheck:
    """One comparison of the days of *spec*; *whole*: all days of the dataset that lies there."""

    def __init__(
        self,
        store: Store,
        spec: Spec,
        whole: Spec,
        *,
        deliveries: Sequence[ExpectedObjects],
        tables: WholeTables,
        stop: Event,
        deep: bool,
    ) -> None:
        self.seen = Seen()
        self._store = store
        self._spec = spec
        self._deliveries = deliveries
        self._tables = tables
        self._known = min(whole.start, spec.start), max(whole.end, spec.end)
        self._stop = stop
        self._label_check = LabelCheck(store)
        self._deep = deep

    def differences(self) -> Iterator[Difference]:
        """All of them, table by table, day by day.

        `LakeError` when nothing was committed, or the lake does not answer; `Interrupted` when the user stops it.
        """
        yield from self._whole_tables()
        yield from self._strange_tables()
        batches: Counter[date] = Counter()
        yield from self._manifests(batches)
        all_batches = sum(delivery.plan.batches_per_day for delivery in self._deliveries)
        complete = {day for day, count in batches.items() if count == all_batches}
        threads = os.cpu_count() or 1
        with ThreadPoolExecutor(_FETCHERS) as fetchers, ThreadPoolExecutor(threads) as readers:
            success = SuccessCheck.of(self._store, complete, fetchers)
            for delivery in self._deliveries:
                of_readings = delivery.plan.table == READINGS
                check = UnitsCheck(
                    self._store,
                    delivery,
                    known=self._known,
                    seen=self.seen,
                    labels=self._label_check if of_readings else None,
                    success=success if of_readings else None,
                    deep=self._deep,
                )
                tasks = check.tasks(fetchers)
                for found in in_order(readers, call, tasks, 2 * threads) if self._deep else map(call, tasks):
                    if self._stop.is_set():
                        raise Interrupted("stopped")
                    yield from found
        if self._deep:
            days = (self._spec.end - self._spec.start).days + 1
            yield from self._label_check.rest(self._spec.start + timedelta(days=n) for n in range(days))

    def _whole_tables(self) -> Iterator[Difference]:
        """Tables of the dataset that are not there, or hold something else."""
        existing = {
            name for table in catalog.lake_tables() if table.made == "whole" for name in self._store.list(table.prefix)
        }
        for name in self._tables.names():
            if name not in existing:
                yield difference_of_object(name, "missing", 0, "a table of the dataset", None)
        yield from self._tables.altered(self._store, existing)
        yield from self._tables.strange_labels(existing)
        if self._deep:
            known = ((name, content) for name, content in self._tables.meter_labels() if name in existing)
            yield from self._label_check.compare(known)
        else:
            yield from self._tables.altered_labels(self._store, existing)
            yield from unequal_labels(self._store, self._spec)

    def _strange_tables(self) -> Iterator[Difference]:
        """Objects of tables that the dataset does not have."""
        for table in catalog.lake_tables():
            if table.made in ("stream", "whole") and not table.is_in(self._spec):
                for each in self._store.list_objects(table.prefix, checksums=False):
                    yield difference_of_object(each.name, "extra", 0, None, f"{each.size} bytes")

    def _manifests(self, batches: Counter[date]) -> Iterator[Difference]:
        """Those that no batch of the dataset has; the others are counted in *batches*."""
        for name in self._store.list(layout.MANIFESTS):
            self.seen.manifests += 1
            day = self._committed_day(name)
            if day is None:
                yield difference_of_object(name, "extra", 0, None, "a manifest of no batch of the dataset")
            else:
                batches[day] += 1
        if not self.seen.manifests:
            raise LakeError(
                f"{self._store.place}: holds no manifest, so nothing of the dataset is committed; run wattif generate"
            )

    def _committed_day(self, name: str) -> date | None:
        for delivery in self._deliveries:
            parsed = layout.parse_manifest_name(name, delivery.plan.table)
            if parsed is not None and parsed[1] < delivery.plan.batches_per_day:
                return parsed[0] if self._known[0] <= parsed[0] <= self._known[1] else None
        return None


def intended_faults(store: Store) -> dict[str, int]:
    """How many labels of faults on the way lie in the lake, by kind: what went wrong on purpose."""
    counts: dict[str, int] = {}
    for name in store.list(layout.FAULT_LABELS):
        file = store.open_object(name) if name.endswith(".ndjson") else None
        if file is not None:
            kind = name.removeprefix(layout.FAULT_LABELS).partition("/")[0]
            with file:
                lines = sum(chunk.count(b"\n") for chunk in iter(functools.partial(file.read, _CHUNK), b""))
                counts[kind] = counts.get(kind, 0) + lines
    return counts

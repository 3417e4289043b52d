"""The answer key itself: label objects against the labels that the spec says."""

from __future__ import annotations

import functools
import io
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq

from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.whole_tables import read_object
from wattif.engine.plan import Batch
from wattif.lake import layout
from wattif.tables.label_objects import LABEL_FORMATS, label_tables
from wattif.tables.unit import Unit
from wattif.uploader.store import Store


class LabelCheck:
    """Compares the labels of whole batches, once those of all their units are known. Threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: dict[tuple[str, int], dict[Unit, list[pa.Table]]] = defaultdict(dict)

    def add(self, batch: Batch, unit: Unit, labels: list[pa.Table]) -> list[Difference]:
        """Take the labels of a unit; what differs in its batch, when this was the last of its units."""
        key = layout.partition(batch.day), batch.index
        with self._lock:
            known = self._known[key]
            known[unit] = labels
            if len(known) < len(batch.units):
                return []
            del self._known[key]
            existing = self._existing.pop(f"{key[0]}/{batch.index:06d}", [])
        all_labels = [label for each in batch.units for label in known[each]]
        expected = {name: (ending, table) for name, ending, table in label_tables(batch.day, batch.index, all_labels)}
        altered = (self._altered(name, *of) for name, of in expected.items())
        return [
            *(difference for difference in altered if difference is not None),
            *(_unexpected(name) for name in existing if name not in expected),
        ]

    def rest(self, days: Iterable[date]) -> Iterator[Difference]:
        """Labels of batches that *days* do not have, once all batches were seen."""
        folders = {layout.partition(day) for day in days}
        for batch, names in sorted(self._existing.items()):
            if batch.partition("/")[0] in folders:
                yield from map(_unexpected, names)

    def compare(self, expected: Iterable[tuple[str, bytes]]) -> Iterator[Difference]:
        """Label objects that are missing or hold something else; of Parquet the values count, not the bytes."""
        for name, content in expected:
            found = read_object(self._store, name)
            if found is None or (
                found != content
                and not (name.endswith(".parquet") and _holds(found, pq.ParquetFile(io.BytesIO(content)).read()))
            ):
                yield _different(name, content, found)

    def _altered(self, name: str, ending: str, table: pa.Table) -> Difference | None:
        """How a label object differs; what it must be is not written as Parquet unless it does."""
        found = read_object(self._store, name)
        if ending == "parquet" and found is not None and _holds(found, table):
            return None
        content = LABEL_FORMATS[ending](table)
        return None if found == content else _different(name, content, found)

    @functools.cached_property
    def _existing(self) -> dict[str, list[str]]:
        """The label objects of the lake by day and batch: ``dt=2024-01-01/000000``."""
        existing: dict[str, list[str]] = defaultdict(list)
        for name in self._store.list(layout.FAULT_LABELS):
            existing["/".join(name.rpartition(".")[0].split("/")[-2:])].append(name)
        return existing


def _unexpected(name: str) -> Difference:
    return Difference(name, None, None, None, "extra", 0, None, "labels of nothing that happened")


def _different(name: str, content: bytes, found: bytes | None) -> Difference:
    expected = f"{len(content)} bytes"
    if found is None:
        return Difference(name, None, None, None, "missing", 0, expected, None)
    return Difference(name, None, None, "labels", "altered", 0, expected, f"{len(found)} bytes")


def _holds(content: bytes, table: pa.Table) -> bool:
    """Whether *content* is a Parquet file of *table*."""
    try:
        return bool(pq.ParquetFile(io.BytesIO(content)).read().equals(table))
    except (pa.ArrowException, OSError):  # it is no Parquet any more
        return False

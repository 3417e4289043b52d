"""The tables that are made whole: before the first file where they are small, beside the files of a large fleet."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

from wattif.engine.shard import Shard
from wattif.engine.staging import Part, Staging
from wattif.errors import Interrupted, LakeError
from wattif.model.scenario import Scenario
from wattif.spec import Spec
from wattif.tables import arrow, catalog
from wattif.tables.table import LakeTable
from wattif.uploader.store import Store

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_PARQUET = "application/vnd.apache.parquet"


class WholeTables:
    """Those of a dataset, stored where they are not there already."""

    def __init__(self, spec: Spec, scenario: Scenario, store: Store, staging: Staging, stop: Event) -> None:
        """Setting *stop* ends the work early."""
        self._spec = spec
        self._scenario = scenario
        self._store = store
        self._staging = staging
        self._stop = stop

    @contextlib.contextmanager
    def stored(self, shard: Shard) -> Iterator[None]:
        """When it is left, the tables are there; where making them takes long, they are made meanwhile.

        Of several shards the first one begins at once, and the others look when they have made their part. What goes
        wrong sets the event that stops the work, and is raised in the end.
        """
        if self._spec.meters <= arrow.ROWS_PER_GROUP:
            self._store_all()
            yield
        elif shard.index > 1:
            yield
            self._store_all()
        else:
            with ThreadPoolExecutor(1, thread_name_prefix="tables") as pool:
                future = pool.submit(self._store_or_stop)
                try:
                    yield
                except Interrupted:
                    future.result()  # why, where it was this that went wrong
                    raise
                except BaseException:
                    self._stop.set()
                    raise
                future.result()

    def _store_or_stop(self) -> None:
        try:
            self._store_all()
        except BaseException:
            self._stop.set()
            raise

    def _store_all(self) -> None:
        for table in catalog.lake_tables_of(self._spec, "whole"):
            there = set(self._store.list(table.prefix))
            for partition in table.partitions(self._spec):
                if not there.issuperset(table.object_names(partition)):
                    self._store_partition(table, partition)

    def _store_partition(self, table: LakeTable, partition: str) -> None:
        entities = table.entities(self._spec, partition)
        if entities > arrow.ROWS_PER_GROUP and table.endings == ("parquet",):
            self._store_large(table, partition, entities)
            return
        for name, content in arrow.partition_objects(table, self._scenario, entities, partition).items():
            if self._store.get_bytes(name, 1) is None:  # no other shard has been faster
                self._store.put_bytes(name, content)

    def _store_large(self, table: LakeTable, partition: str, entities: int) -> None:
        """By way of a file in staging, so that memory does not grow with the rows."""
        (name,) = table.object_names(partition, 0, entities)
        part = self._staging.create(name, _PARQUET)
        try:
            for _ in arrow.write_parquet(_Into(part), table, self._scenario, entities, partition):
                if self._stop.is_set():
                    raise Interrupted("stopped")
            file = part.seal()
        except BaseException:
            part.abandon()
            raise
        (receipt,) = self._store.put_files([file])  # the same bytes there already, by another shard, count as these
        if isinstance(receipt, LakeError):
            raise receipt
        self._staging.discard(file, receipt)


class _Into(io.RawIOBase):
    """A file in staging as pyarrow wants one."""

    def __init__(self, part: Part) -> None:
        self._part = part

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        view = memoryview(data).cast("B")
        self._part.write(view)
        return len(view)

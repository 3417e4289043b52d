"""The objects and manifests of one table that is made in units, day by day."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from wattif.answers.reconcile.deep import DeepComparison, checksum
from wattif.answers.reconcile.delivery import ExpectedObject, ExpectedObjects
from wattif.answers.reconcile.differences import Difference, difference_of_object
from wattif.answers.reconcile.labels import LabelCheck
from wattif.answers.reconcile.manifest import FoundManifest
from wattif.answers.reconcile.success import SuccessCheck
from wattif.answers.reconcile.whole_tables import read_object
from wattif.engine.ordered import in_order
from wattif.engine.plan import Batch
from wattif.lake import layout
from wattif.lake.manifest import ManifestEntry
from wattif.tables.unit import Unit
from wattif.uploader.store import Store, StoredObject

if TYPE_CHECKING:
    import pyarrow as pa

_MANIFESTS_AHEAD = 64
Task = Callable[[], list[Difference]]


@dataclass
class Seen:
    """What was looked at."""

    manifests: int = 0
    objects: int = 0
    bytes: int = 0


def call(task: Task) -> list[Difference]:
    """What *task* finds."""
    return task()


class UnitsCheck:
    """One comparison of a table.

    *known*: first and last day of the dataset that lies there, or that is asked for. *labels* and *success*: of the
    table to which faults happen, and in whose partitions it stands that a day is complete.
    """

    def __init__(
        self,
        store: Store,
        delivery: ExpectedObjects,
        *,
        known: tuple[date, date],
        seen: Seen,
        labels: LabelCheck | None,
        success: SuccessCheck | None,
        deep: bool,
    ) -> None:
        self._store = store
        self._delivery = delivery
        self._plan = delivery.plan
        self._known = known
        self._seen = seen
        self._label_check = labels
        self._success = success
        self._deep = DeepComparison(store, delivery) if deep else None

    def tasks(self, fetchers: ThreadPoolExecutor) -> Iterator[Task]:
        """The pieces of the comparison, in order; some read objects and take their time. *fetchers* read manifests."""
        manifests = in_order(fetchers, self._read_manifest, self._plan.batches(), _MANIFESTS_AHEAD)
        for day, found in self._days():
            if day is None:
                yield functools.partial(self._unexpected, list(found.values()), {})
                continue
            if self._success is not None:
                marker = found.pop(layout.success_name(day), None)
                yield functools.partial(list, self._success.differences(day, marker))
            originals: dict[tuple[int, int], ManifestEntry] = {}
            for manifest in itertools.islice(manifests, self._plan.batches_per_day):
                expected = {unit: self._delivery.objects(unit) for unit in manifest.batch.units}
                problems = [*manifest.problems(expected, exact=self._deep is None)]
                if self._deep is None:
                    problems += self._labels(manifest)
                if problems:
                    yield functools.partial(list, problems)
                originals.update({(e.bytes, int(e.crc32c, 16)): e for e in manifest.entries.values()})
                for unit, objects in expected.items():
                    existing = {each.name: found.pop(each.name) for each in objects if each.name in found}
                    if self._deep:
                        yield functools.partial(self._compare_rows, self._deep, unit, manifest, list(existing.values()))
                    elif altered := list(_compare(objects, existing, manifest.entries)):
                        yield functools.partial(list, altered)
            if found:
                yield functools.partial(self._unexpected, list(found.values()), originals)

    def _days(self) -> Iterator[tuple[date | None, dict[str, StoredObject]]]:
        """Each day of the plan with the objects of its partition; day None: objects of no day of the dataset."""
        plan, prefix = self._plan, self._delivery.table.prefix
        day = plan.start
        listing = self._store.list_objects(prefix, checksums=self._deep is None)
        folder = self._delivery.table.folder
        for partition, objects in itertools.groupby(listing, lambda each: _partition(each.name, folder)):
            this = _day_of(partition)
            if this is not None and not plan.start <= this <= plan.end and self._known[0] <= this <= self._known[1]:
                continue
            found = {each.name: each for each in objects}
            self._seen.objects += len(found)
            self._seen.bytes += sum(each.size for each in found.values())
            if this is None or not day <= this <= plan.end:
                yield None, found
                continue
            while day < this:
                yield day, {}
                day += timedelta(days=1)
            yield day, found
            day += timedelta(days=1)
        while day <= plan.end:
            yield day, {}
            day += timedelta(days=1)

    def _read_manifest(self, batch: Batch) -> FoundManifest:
        name = layout.manifest_name(batch.day, batch.index, batch.table)
        return FoundManifest(batch, name, read_object(self._store, name), self._plan.rows_of)

    def _labels(self, manifest: FoundManifest) -> Iterator[Difference]:
        if manifest.content is not None:
            for name in self._delivery.labels(manifest.batch):
                if name not in self._label_names:
                    yield difference_of_object(name, "missing", 0, "the labels of a batch", None)

    @functools.cached_property
    def _label_names(self) -> frozenset[str]:
        return frozenset(self._store.list(layout.FAULT_LABELS))

    def _compare_rows(
        self, deep: DeepComparison, unit: Unit, manifest: FoundManifest, existing: Iterable[StoredObject]
    ) -> list[Difference]:
        differences: list[Difference] = []
        unexpected = {each.name: each for each in existing}
        labels: list[pa.Table] = []
        rows = self._plan.rows_of(unit)
        for compared in deep.compare(unit, labels):
            unexpected.pop(compared.name, None)
            entry = manifest.entries.get(compared.name)
            differences += compared.differences
            if not compared.differences and entry is not None:
                told, true = (entry.bytes, int(entry.crc32c, 16)), (compared.size, compared.crc32c)
                differences += manifest.altered(rows, "bytes", str(true[0]), str(told[0]))
                differences += manifest.altered(rows, "crc32c", f"{true[1]:08x}", f"{told[1]:08x}")
        differences += self._unexpected(unexpected.values(), {})
        if manifest.content is not None and self._label_check is not None:
            differences += self._label_check.add(manifest.batch, unit, labels)
        return differences

    def _unexpected(
        self, objects: Iterable[StoredObject], originals: Mapping[tuple[int, int], ManifestEntry]
    ) -> list[Difference]:
        """Objects that nothing expects; a copy of one of the day's is told as such."""
        sizes = {size for size, _ in originals}
        differences = []
        for each in objects:
            crc32c = each.crc32c
            if crc32c < 0 and each.size in sizes:
                crc32c = checksum(self._store, each.name)
            original = originals.get((each.size, crc32c))
            if original is not None:
                found = f"a copy of {original.name}"
                differences.append(difference_of_object(each.name, "doubled", original.rows, None, found))
            else:
                differences.append(difference_of_object(each.name, "extra", 0, None, f"{each.size} bytes"))
        return differences


def _compare(
    expected: Iterable[ExpectedObject], existing: Mapping[str, StoredObject], entries: Mapping[str, ManifestEntry]
) -> Iterator[Difference]:
    """Objects against what the plan and their manifest say of them."""
    for each in expected:
        found, entry, rows = existing.get(each.name), entries.get(each.name), each.rows
        size = each.most_bytes if each.exact else None
        if size is None and entry is not None:
            size = entry.bytes
        if found is None and entry is None and not each.certain:
            continue
        if found is None:
            yield difference_of_object(each.name, "missing", rows, None if size is None else f"{size} bytes", None)
        elif size is not None and found.size != size:
            yield difference_of_object(each.name, "altered", rows, str(size), str(found.size), column="bytes")
        elif entry is not None and found.crc32c not in (-1, int(entry.crc32c, 16)):
            yield difference_of_object(each.name, "altered", rows, entry.crc32c, f"{found.crc32c:08x}", column="crc32c")


def _partition(name: str, folder: str) -> str:
    """The folder of the partition that *name* lies in, below the table's own."""
    return name.removeprefix(f"{folder}/" if folder else "").partition("/")[0]


def _day_of(partition: str) -> date | None:
    try:
        day = date.fromisoformat(partition.removeprefix(layout.PARTITIONS))
    except ValueError:
        return None
    return day if layout.partition(day) == partition else None  # other ways to write a day are strangers'

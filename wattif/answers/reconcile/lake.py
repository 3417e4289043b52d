"""A lake against its spec: manifests, objects, sizes, checksums; what the objects hold is read by `deep`.

Manifests say what a run committed, so that they find what happened to objects afterwards. Only the comparison of the
bytes finds an object and its manifest that were changed together.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Event

from wattif.answers.reconcile.deep import DeepComparison, checksum
from wattif.answers.reconcile.delivery import Delivery, ExpectedObject
from wattif.answers.reconcile.differences import Difference, Verdict
from wattif.answers.reconcile.labels import LabelCheck
from wattif.answers.reconcile.whole_tables import read_object
from wattif.engine.ordered import in_order
from wattif.engine.plan import Batch, Plan
from wattif.errors import Interrupted, LakeError
from wattif.lake import layout
from wattif.lake.manifest import ManifestEntry, read_manifest
from wattif.tables import catalog
from wattif.tables.fault_labels import FaultLabel
from wattif.tables.unit import Unit
from wattif.uploader.store import Store, StoredObject

_CHUNK = 1 << 20
_FETCHERS = 32  # threads that wait for manifests: each is one request
_Task = Callable[[], list[Difference]]


@dataclass
class Seen:
    """What was looked at."""

    manifests: int = 0
    objects: int = 0
    bytes: int = 0


class LakeCheck:
    """One comparison of a lake. *known*: first and last day of the dataset that lies there, beside those asked for."""

    def __init__(
        self, store: Store, plan: Plan, delivery: Delivery, known: tuple[date, date], stop: Event, *, deep: bool
    ) -> None:
        self.seen = Seen()
        self._store = store
        self._plan = plan
        self._delivery = delivery
        self._known = known
        self._stop = stop
        self._label_check = LabelCheck(store)
        self._deep = DeepComparison(store, delivery, plan.rows_of) if deep else None

    def differences(self) -> Iterator[Difference]:
        """All of them, day by day.

        `LakeError` when nothing was committed, or the lake does not answer; `Interrupted` when the user stops it.
        """
        yield from self._tables()
        yield from self._manifests()
        threads = os.cpu_count() or 1
        with ThreadPoolExecutor(_FETCHERS) as fetchers, ThreadPoolExecutor(threads) as readers:
            tasks = self._tasks(fetchers)
            for found in in_order(readers, _call, tasks, 2 * threads) if self._deep else map(_call, tasks):
                if self._stop.is_set():
                    raise Interrupted("stopped")
                yield from found
        if self._deep:
            yield from self._label_check.rest(self._plan.start + timedelta(days=n) for n in range(self._plan.days))

    def _tables(self) -> Iterator[Difference]:
        """Tables of the dataset that are not there, or hold something else."""
        names = self._delivery.tables()
        there = {
            name for table in catalog.lake_tables() if table.made == "whole" for name in self._store.list(table.prefix)
        }
        for name in names:
            if name not in there:
                yield _of_object(name, "missing", 0, "a table of the dataset", None)
        yield from self._delivery.altered_tables(self._store, there)
        if self._deep:
            known = {name: content for name, content in self._delivery.meter_labels().items() if name in there}
            yield from self._label_check.compare(known)

    def _manifests(self) -> Iterator[Difference]:
        """Those that no batch of the dataset has."""
        for name in self._store.list(layout.MANIFESTS):
            self.seen.manifests += 1
            parsed = layout.parse_manifest_name(name)
            if parsed is None or parsed[1] >= self._plan.batches_per_day or not self._is_known(parsed[0]):
                yield _of_object(name, "extra", 0, None, "a manifest of no batch of the dataset")
        if not self.seen.manifests:
            raise LakeError(
                f"{self._store.place}: holds no manifest, so nothing of the dataset is committed; run wattif generate"
            )

    def _tasks(self, fetchers: ThreadPoolExecutor) -> Iterator[_Task]:
        manifests = in_order(fetchers, self._read_manifest, self._plan.batches(), 2 * _FETCHERS)
        for day, found in self._days():
            if day is None:
                yield functools.partial(self._unexpected, list(found.values()), {})
                continue
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
                    there = {each.name: found.pop(each.name) for each in objects if each.name in found}
                    if self._deep:
                        yield functools.partial(self._compare_rows, unit, manifest, list(there.values()))
                    elif altered := list(_compare(objects, there, manifest.entries)):
                        yield functools.partial(list, altered)
            if found:
                yield functools.partial(self._unexpected, list(found.values()), originals)

    def _days(self) -> Iterator[tuple[date | None, dict[str, StoredObject]]]:
        """Each day of the plan with the objects of its partition; day None: objects of no day of the dataset."""
        day = self._plan.start
        listing = self._store.list_objects(layout.PARTITIONS, checksums=self._deep is None)
        for folder, objects in itertools.groupby(listing, lambda each: each.name.partition("/")[0]):
            this = _day_of(folder)
            if this is not None and not self._plan.start <= this <= self._plan.end and self._is_known(this):
                continue
            found = {each.name: each for each in objects}
            self.seen.objects += len(found)
            self.seen.bytes += sum(each.size for each in found.values())
            if this is None or not day <= this <= self._plan.end:
                yield None, found
                continue
            while day < this:
                yield day, {}
                day += timedelta(days=1)
            yield day, found
            day += timedelta(days=1)
        while day <= self._plan.end:
            yield day, {}
            day += timedelta(days=1)

    def _is_known(self, day: date) -> bool:
        return min(self._known[0], self._plan.start) <= day <= max(self._known[1], self._plan.end)

    def _read_manifest(self, batch: Batch) -> _Manifest:
        name = layout.manifest_name(batch.day, batch.index)
        return _Manifest(batch, name, read_object(self._store, name), self._plan.rows_of)

    def _labels(self, manifest: _Manifest) -> Iterator[Difference]:
        if manifest.content is not None:
            for name in self._delivery.labels(manifest.batch):
                if name not in self._label_names:
                    yield _of_object(name, "missing", 0, "the labels of a batch", None)

    @functools.cached_property
    def _label_names(self) -> frozenset[str]:
        return frozenset(self._store.list(layout.FAULT_LABELS))

    def _compare_rows(self, unit: Unit, manifest: _Manifest, there: Iterable[StoredObject]) -> list[Difference]:
        assert self._deep is not None
        differences: list[Difference] = []
        unexpected = {each.name: each for each in there}
        labels: list[FaultLabel] = []
        rows = self._plan.rows_of(unit)
        for compared in self._deep.compare(unit, labels):
            unexpected.pop(compared.name, None)
            entry = manifest.entries.get(compared.name)
            differences += compared.differences
            if not compared.differences and entry is not None:
                told, true = (entry.bytes, int(entry.crc32c, 16)), (compared.size, compared.crc32c)
                differences += manifest.altered(rows, "bytes", str(true[0]), str(told[0]))
                differences += manifest.altered(rows, "crc32c", f"{true[1]:08x}", f"{told[1]:08x}")
        differences += self._unexpected(unexpected.values(), {})
        if manifest.content is not None:
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
                differences.append(_of_object(each.name, "doubled", original.rows, None, found))
            else:
                differences.append(_of_object(each.name, "extra", 0, None, f"{each.size} bytes"))
        return differences


@dataclass(frozen=True)
class _Manifest:
    """The manifest of a batch, whatever lies there."""

    batch: Batch
    name: str
    content: bytes | None
    rows_of: Callable[[Unit], int]

    @functools.cached_property
    def listed(self) -> list[ManifestEntry] | None:
        """What it names; None when it cannot be read."""
        try:
            return read_manifest(self.content or b"", self.name, any_names=True)
        except LakeError:
            return None

    @functools.cached_property
    def entries(self) -> dict[str, ManifestEntry]:
        """What it names, by object."""
        return {entry.name: entry for entry in self.listed or ()}

    def problems(self, expected: Mapping[Unit, Iterable[ExpectedObject]], *, exact: bool) -> Iterator[Difference]:
        """What is wrong with the manifest itself; *exact*: also compare its sizes with the plan's."""
        rows = sum(map(self.rows_of, expected))
        if self.content is None:
            yield _of_object(self.name, "missing", rows, f"{len(expected)} files", None)
            return
        if self.listed is None:
            yield _of_object(self.name, "altered", rows, f"{len(expected)} files", "not a manifest")
            return
        names = set()
        for each in (each for objects in expected.values() for each in objects):
            names.add(each.name)
            entry, unit = self.entries.get(each.name), each.unit
            unit_rows = self.rows_of(unit)
            if entry is None:
                if each.certain:
                    yield _of_object(self.name, "missing", unit_rows, each.name, None)
                continue
            meters = (unit.first, unit.last), (entry.first_meter, entry.last_meter)
            yield from self.altered(unit_rows, "meters", *(f"{first}-{last}" for first, last in meters))
            if each.exact:
                yield from self.altered(unit_rows, "rows", str(unit_rows), str(entry.rows))
            if exact and each.most_bytes is not None and (each.exact or entry.bytes > each.most_bytes):
                yield from self.altered(unit_rows, "bytes", str(each.most_bytes), str(entry.bytes))
        for name in sorted(self.entries.keys() - names):
            yield _of_object(self.name, "extra", self.entries[name].rows, None, name)
        if len(self.listed) > len(self.entries):
            yield _of_object(self.name, "doubled", 0, f"{len(self.entries)} files", f"{len(self.listed)} lines")

    def altered(self, rows: int, column: str, expected: str, found: str) -> list[Difference]:
        """That an entry says something else; empty when it says the same."""
        return [] if expected == found else [_of_object(self.name, "altered", rows, expected, found, column)]


def _compare(
    expected: Iterable[ExpectedObject], there: Mapping[str, StoredObject], entries: Mapping[str, ManifestEntry]
) -> Iterator[Difference]:
    """Objects against what the plan and their manifest say of them."""
    for each in expected:
        found, entry, rows = there.get(each.name), entries.get(each.name), each.rows
        size = each.most_bytes if each.exact else entry.bytes if entry else None
        if found is None and entry is None and not each.certain:
            continue
        if found is None:
            yield _of_object(each.name, "missing", rows, None if size is None else f"{size} bytes", None)
        elif size is not None and found.size != size:
            yield _of_object(each.name, "altered", rows, str(size), str(found.size), "bytes")
        elif entry is not None and found.crc32c not in (-1, int(entry.crc32c, 16)):
            yield _of_object(each.name, "altered", rows, entry.crc32c, f"{found.crc32c:08x}", "crc32c")


def _of_object(
    name: str, verdict: Verdict, rows: int, expected: str | None, found: str | None, column: str | None = None
) -> Difference:
    place = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")  # a stranger's may be no text
    return Difference(place, None, None, column, verdict, rows, expected, found)


def _day_of(folder: str) -> date | None:
    try:
        day = date.fromisoformat(folder.removeprefix(layout.PARTITIONS))
    except ValueError:
        return None
    return day if layout.partition(day) == folder else None  # other ways to write a day are strangers'


def _call(task: _Task) -> list[Difference]:
    return task()


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

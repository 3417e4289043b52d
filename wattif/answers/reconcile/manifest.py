"""The manifests of a lake against the batches that they commit."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from wattif.answers.reconcile.delivery import ExpectedObject
from wattif.answers.reconcile.differences import Difference, difference_of_object
from wattif.engine.plan import Batch
from wattif.errors import LakeError
from wattif.lake.manifest import ManifestEntry, read_manifest
from wattif.tables.unit import Unit


@dataclass(frozen=True)
class FoundManifest:
    """The manifest of a batch, whatever lies there."""

    batch: Batch
    name: str
    content: bytes | None
    rows_of: Callable[[Unit], int]

    @functools.cached_property
    def listed(self) -> list[ManifestEntry] | None:
        """What it names; None when it cannot be read."""
        try:
            return read_manifest(self.content or b"", self.name, table=self.batch.table, any_names=True)
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
            yield difference_of_object(self.name, "missing", rows, f"{len(expected)} files", None)
            return
        if self.listed is None:
            yield difference_of_object(self.name, "altered", rows, f"{len(expected)} files", "not a manifest")
            return
        names = set()
        for each in (each for objects in expected.values() for each in objects):
            names.add(each.name)
            entry, unit = self.entries.get(each.name), each.unit
            unit_rows = self.rows_of(unit)
            if entry is None:
                if each.certain:
                    yield difference_of_object(self.name, "missing", unit_rows, each.name, None)
                continue
            meters = (unit.first, unit.last), (entry.first_meter, entry.last_meter)
            yield from self.altered(unit_rows, "meters", *(f"{first}-{last}" for first, last in meters))
            if each.exact:
                yield from self.altered(unit_rows, "rows", str(unit_rows), str(entry.rows))
            if exact and each.most_bytes is not None and (each.exact or entry.bytes > each.most_bytes):
                yield from self.altered(unit_rows, "bytes", str(each.most_bytes), str(entry.bytes))
        for name in sorted(self.entries.keys() - names):
            yield difference_of_object(self.name, "extra", self.entries[name].rows, None, name)
        if len(self.listed) > len(self.entries):
            files, lines = f"{len(self.entries)} files", f"{len(self.listed)} lines"
            yield difference_of_object(self.name, "doubled", 0, files, lines)

    def altered(self, rows: int, column: str, expected: str, found: str) -> list[Difference]:
        """That an entry says something else; empty when it says the same."""
        return (
            []
            if expected == found
            else [difference_of_object(self.name, "altered", rows, expected, found, column=column)]
        )

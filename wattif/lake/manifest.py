"""Manifests: a batch exists once its manifest does; one line a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

import orjson

from wattif.errors import LakeError
from wattif.lake import layout
from wattif.tables.readings import READINGS
from wattif.uploader.store import Store


@dataclass(frozen=True)
class ManifestEntry:
    """One file of a committed batch."""

    name: str  # of the object, relative to the prefix
    bytes: int
    rows: int
    crc32c: str  # eight hexadecimal digits
    first_meter: int
    last_meter: int


def write_manifest(entries: Iterable[ManifestEntry]) -> bytes:
    """The content of a manifest."""
    return b"".join(orjson.dumps(asdict(entry), option=orjson.OPT_APPEND_NEWLINE) for entry in entries)


def read_manifest(content: bytes, place: str) -> list[ManifestEntry]:
    """The files that a manifest names; `LakeError` when it is damaged."""
    try:
        return [_entry(line) for line in content.splitlines()]
    except (TypeError, ValueError) as error:
        raise LakeError(f"{place}: not a manifest ({error}); remove it, then run the same command again") from None


def _entry(line: bytes) -> ManifestEntry:
    entry = ManifestEntry(**orjson.loads(line))
    wrong = [name for name, kind in _KINDS.items() if type(getattr(entry, name)) is not kind]
    if wrong:
        raise ValueError(f"{wrong[0]} is not what it should be: {getattr(entry, wrong[0])!r}")
    int(entry.crc32c, 16)
    return entry


_KINDS = {"name": str, "bytes": int, "rows": int, "crc32c": str, "first_meter": int, "last_meter": int}


class Committed:
    """Which batches of *table* in a span of days are in the lake: one listing of the manifests, one byte a batch."""

    def __init__(self, store: Store, start: date, days: int, batches_per_day: int, table: str = READINGS) -> None:
        self._flags = bytearray(days * batches_per_day)
        for name in store.list(layout.manifest_folder(table)):
            parsed = layout.parse_manifest_name(name, table)
            if parsed is None or not 0 <= (parsed[0] - start).days < days:
                continue
            if parsed[1] >= batches_per_day:
                raise LakeError(
                    f"{store.place}/{name}: a day of this dataset has only {batches_per_day} batches; remove it"
                )
            self._flags[(parsed[0] - start).days * batches_per_day + parsed[1]] = 1

    def __len__(self) -> int:
        return sum(self._flags)

    def __contains__(self, position: int) -> bool:
        """Whether batch number *position*, counted from the first day on, is committed."""
        return bool(self._flags[position])

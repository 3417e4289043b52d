"""Manifests: a batch exists once its manifest does; one line per file."""

from __future__ import annotations

import re
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


def read_manifest(
    content: bytes, name: str, place: str = "", table: str = READINGS, *, any_names: bool = False
) -> list[ManifestEntry]:
    """The files of *table* that the manifest *name* of the lake at *place* names.

    `LakeError` when it is damaged, or names what no batch of its day can have brought: a reader may follow the names.
    With *any_names* it may not: they are only compared with those that are expected.
    """
    batch = layout.parse_manifest_name(name, table)
    try:
        if batch is None:
            raise ValueError("its own name is none of a manifest's")
        entries = [_entry(line) for line in content.splitlines()]
        for entry in entries if not any_names else ():
            if not layout.is_unit_name(entry.name, table, batch[0], entry.first_meter, entry.last_meter):
                meters = f"meters {entry.first_meter} to {entry.last_meter}"
                raise ValueError(f"{_shown(entry.name)} is no file of {meters} of {table} on {batch[0]}")
        return entries
    except (TypeError, ValueError) as error:
        where = f"{place}/{name}" if place else name
        raise LakeError(f"{where}: not a manifest ({error}); remove it, then run the same command again") from None


def _entry(line: bytes) -> ManifestEntry:
    entry = ManifestEntry(**orjson.loads(line))
    for name, kind in _KINDS.items():
        value = getattr(entry, name)
        if type(value) is not kind or (isinstance(value, int) and not 0 <= value < 2**63):
            raise ValueError(f"{name} has a wrong value: {_shown(value)}")
    if not _CRC32C.fullmatch(entry.crc32c):
        raise ValueError(f"crc32c has a wrong value: {_shown(entry.crc32c)}")
    return entry


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_KINDS = {"name": str, "bytes": int, "rows": int, "crc32c": str, "first_meter": int, "last_meter": int}
_CRC32C = re.compile(r"[0-9a-f]{8}")
_LONGEST_SHOWN = 120


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

"""The days of a lake as its manifests commit them: what a reader may rely on."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from wattif.compress import file_compression, joined_name, split_name
from wattif.encode import encoder_type, format_names
from wattif.errors import InvalidValue, LakeError
from wattif.lake import layout
from wattif.lake.documents import read_document, stored_document
from wattif.lake.manifest import ManifestEntry, read_manifest
from wattif.spec import Spec
from wattif.tables.column import Column
from wattif.tables.readings import READINGS, select_fields
from wattif.uploader.store import Store


@dataclass(frozen=True, kw_only=True)
class StoredDataset:
    """What a reader must know about the dataset in a lake."""

    fingerprint: str
    fields: tuple[Column, ...]  # of a reading, in order
    interval_s: int  # between two readings
    format: str  # of the files
    compression: str


@dataclass(frozen=True)
class CommittedDay:
    """The committed files of a UTC day; the fingerprint changes with any of its manifests."""

    day: date
    files: tuple[ManifestEntry, ...]
    batches: int
    fingerprint: str  # SHA-256


def stored_dataset(store: Store) -> StoredDataset:
    """The dataset in *store*; `LakeError` when there is none."""
    document = stored_document(store)
    if document is None:
        raise LakeError(
            f"{store.place}: holds no WattIf dataset; name its `lake` or `bucket` and `prefix`,"
            " or write one with 'python -m wattif generate'"
        )
    content = read_document(document, store.place)
    format_name, compression = split_name(str(content.get("format", Spec.model_fields["format"].default)))
    _check_format(store.place, format_name, compression)
    try:
        fields = select_fields(str(content["columns"]).split(","), int(content["interval"]))
        return StoredDataset(
            fingerprint=str(content["fingerprint"]),
            fields=fields,
            interval_s=int(content["interval"]),
            format=format_name,
            compression=compression,
        )
    except (KeyError, ValueError) as error:
        raise LakeError(
            f"{store.place}/{layout.DATASET} does not say which readings the lake holds ({error});"
            " replace the dataset with 'python -m wattif generate --overwrite'"
        ) from None


def _check_format(place: str, format_name: str, compression: str) -> None:
    """`LakeError` where no format is called so, or it is not compressed so."""
    try:
        file_compression(encoder_type(format_name), compression)
    except InvalidValue:
        known = ", ".join(format_names())
        raise LakeError(
            f"{place}: its files are {joined_name(format_name, compression)}; only those of {known} can be read here"
        ) from None


def committed_days(
    store: Store, start: date | None = None, end: date | None = None, table: str = READINGS
) -> list[CommittedDay]:
    """The days from *start* to *end* of which something of *table* is there.

    Both are included; None: from the first, to the last.
    """
    manifests: dict[date, list[str]] = defaultdict(list)
    for name in store.list(layout.manifest_folder(table)):
        parsed = layout.parse_manifest_name(name, table)
        if parsed is not None and (start is None or start <= parsed[0]) and (end is None or parsed[0] <= end):
            manifests[parsed[0]].append(name)
    return [_committed(store, day, sorted(manifests[day]), table) for day in sorted(manifests)]


def _committed(store: Store, day: date, names: list[str], table: str) -> CommittedDay:
    digest = hashlib.sha256()
    files: list[ManifestEntry] = []
    for name in names:
        content = store.get_bytes(name)
        if content is None:
            raise LakeError(f"{store.place}/{name} disappeared while it was being read; run the same command again")
        digest.update(name.encode() + b"\0" + content)
        files += read_manifest(content, name, store.place, table)
    return CommittedDay(day, tuple(files), len(names), digest.hexdigest())

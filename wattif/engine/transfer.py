"""A batch's way into the lake: labels, files, manifest, table, and what tells that its day is complete."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wattif.engine.plan import Batch
from wattif.engine.producer import MadeUnit
from wattif.engine.success import SuccessFiles
from wattif.engine.tables import Tables
from wattif.lake import layout
from wattif.lake.manifest import ManifestEntry, write_manifest
from wattif.tables.label_objects import label_objects
from wattif.tables.unit import Unit
from wattif.uploader.committer import BatchCommitter
from wattif.uploader.store import SealedFile, Store, StoredObject

_log = logging.getLogger("wattif.engine")


@dataclass(frozen=True, kw_only=True)
class BroughtIn:
    """What a batch brought into the lake."""

    files: int
    rows: int
    bytes: int


class Transfer:
    """Brings batches in. Threads may share it."""

    def __init__(
        self,
        store: Store,
        discard: Callable[[SealedFile, StoredObject], None],
        success: SuccessFiles | None,
        tables: Tables,
    ) -> None:
        """*discard* takes each file that is in the lake; *success* marks days that are complete; *tables* name the
        files of what is committed.
        """
        self._store = store
        self._committer = BatchCommitter(store)
        self._discard = discard
        self._success = success
        self._tables = tables

    def commit(self, batch: Batch, made: Mapping[Unit, MadeUnit]) -> BroughtIn:
        """Bring the files *made* of *batch* in, and commit it; `LakeError` when the lake does not take them.

        Labels are written before the manifest: what is committed has its labels.
        """
        entries: list[ManifestEntry] = []
        files: list[SealedFile] = []
        for unit in batch.units:
            for each in made[unit].files:
                files.append(each.file)
                entries.append(
                    ManifestEntry(
                        name=each.file.name,
                        bytes=each.file.size,
                        rows=each.rows,
                        crc32c=f"{each.file.crc32c:08x}",
                        first_meter=unit.first,
                        last_meter=unit.last,
                    )
                )
        size = sum(file.size for file in files)
        manifest = layout.manifest_name(batch.day, batch.index, batch.table)
        _log.debug("%s: uploading %d files, %d bytes", manifest, len(files), size)
        labels = [label for unit in batch.units for label in made[unit].labels]
        for name, content in label_objects(batch.day, batch.index, labels):
            self._store.put_bytes(name, content)
        footers = self._tables.footers(batch, files)  # once they are in the lake, staging writes over them
        self._committer.commit(files, manifest, write_manifest(entries), self._discard)
        _log.info("%s: committed", manifest)
        self._tables.add(batch, entries, footers)
        self._note(batch)
        return BroughtIn(files=len(files), rows=sum(entry.rows for entry in entries), bytes=size)

    def pass_over(self, batch: Batch) -> None:
        """Take notice of a batch that an earlier run committed: a table may lack it, and its day may be complete."""
        self._tables.catch_up(batch)
        self._note(batch)

    def _note(self, batch: Batch) -> None:
        if self._success is not None:
            self._success.batch_committed(batch.day)

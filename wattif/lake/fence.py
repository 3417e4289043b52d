"""The fence around a lake: which dataset owns it, and that a run that has lost it writes nothing more.

`_wattif/dataset.json` carries the number of its claim, the *claim epoch*: 1 in a fresh lake, one more each time that
another dataset takes the place over. A claim is a conditional write, so of two runs one loses. `Fence` is asked at
each write (see `wattif.uploader.store.Guard`).
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.documents import read_document
from wattif.uploader.retrying import RetryingStore
from wattif.uploader.store import Conflict, Store

_EPOCH = "claim_epoch"
_CLEARING = "clearing"  # the former dataset's objects are being removed: nothing in the lake counts yet


def numbered(document: bytes, epoch: int, *, clearing: bool = False) -> bytes:
    """*document*, the content of a `dataset.json`, with its claim epoch."""
    content: dict[str, Any] = {**orjson.loads(document), _EPOCH: epoch}
    if clearing:
        content[_CLEARING] = True
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def epoch_of(document: bytes, place: str) -> int:
    """The claim epoch in *document*; 0 in one that was written before there were any, or cannot be read."""
    try:
        number = read_document(document, place).get(_EPOCH, 0)
    except LakeError:
        return 0
    return number if type(number) is int else 0


def is_clearing(document: bytes, place: str) -> bool:
    """Whether a run was interrupted while it removed the former dataset's objects."""
    try:
        return bool(read_document(document, place).get(_CLEARING))
    except LakeError:
        return False


def epoch_record_name(epoch: int) -> str:
    """The object that records who claimed the lake, and when."""
    return f"{layout.CLAIMS}{epoch:06d}.json"


def record_claim(store: RetryingStore, epoch: int) -> None:
    """Leave word of who claims, for the run that loses the lake."""
    record = {
        "claimed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "process": os.getpid(),
    }
    store.put_bytes(epoch_record_name(epoch), orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


@dataclass(frozen=True, kw_only=True)
class Fence:
    """Raises `Conflict` when called after another dataset has claimed the lake."""

    store: Store
    epoch: int
    fingerprint: str

    def __call__(self) -> None:
        """Look who owns the lake."""
        document = self.store.get_bytes(layout.DATASET)
        if document is None:
            raise Conflict(
                f"{self.store.place}: {layout.DATASET} was removed while this run was under way; run it again"
            )
        content = read_document(document, self.store.place)
        if (content.get(_EPOCH, 1), content.get("fingerprint")) == (self.epoch, self.fingerprint):
            return
        who, way_out = "dataset", "Use another `lake` or `prefix` to keep both"
        if content.get("fingerprint") == self.fingerprint:
            who, way_out = "run of the same dataset", "To help it, run the same command again"
        raise Conflict(
            f"{self.store.place} was taken over by another {who}{self._winner(content)}; this run stops. {way_out}"
        )

    def _winner(self, content: dict[str, Any]) -> str:
        epoch = content.get(_EPOCH)
        record = self.store.get_bytes(epoch_record_name(epoch)) if type(epoch) is int else None
        if record is None:
            return ""
        told = read_document(record, self.store.place)
        return f" at {told.get('claimed_at')} on host {told.get('host')} (process {told.get('process')})"

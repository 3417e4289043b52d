"""Claim a place in the lake for a dataset: a prefix holds only one dataset."""

from __future__ import annotations

import logging
import time

from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.documents import read_document, stored_document
from wattif.lake.fence import Fence, epoch_of, is_clearing, numbered, record_claim
from wattif.lake.identity import Identity, is_of_0_3
from wattif.tables import catalog
from wattif.uploader.retrying import RetryingStore
from wattif.uploader.store import Conflict

_log = logging.getLogger("wattif.lake")
_LOOK_AGAIN_S = 0.5


class _Claiming(Conflict):
    """Another run claims the place: at this moment, or it was killed while it did."""


class _LostClaim(_Claiming):
    """Another run has claimed the place since we looked."""


def claim(store: RetryingStore, dataset: Identity, *, overwrite: bool, wait_s: float = 0.0) -> RetryingStore:
    """Make sure that *store* holds this dataset or nothing; with *overwrite*, remove another WattIf dataset.

    The store that it returns writes only as long as the claim holds. `LakeError` names the differences, or the
    strangers' data, that stand in the way; `Conflict` says that another run claims the same place at this moment. So
    long as *wait_s* says, that is waited for: of shards that begin at once, one claims, and the others join it.
    """
    until = time.monotonic() + wait_s
    while True:
        waits = time.monotonic() < until
        try:
            return _claim(store, dataset, overwrite=overwrite, waits=waits)
        except _Claiming as error:
            if not wait_s:
                raise
            if isinstance(error, _LostClaim):
                until = time.monotonic() + wait_s  # whoever won is alive
            _log.info("%s; waiting", error)
            time.sleep(_LOOK_AGAIN_S)


def _claim(store: RetryingStore, dataset: Identity, *, overwrite: bool, waits: bool) -> RetryingStore:
    store.remove_unfinished()
    document = _stored(store, overwrite)
    if document is None:
        stranger = next((name for name in store.list(layout.PARTITIONS) if not overwrite or _is_strange(name)), None)
        if stranger is not None:
            if _stored(store, overwrite) is not None:
                raise _lost(store)
            way_out = "remove it" if _is_strange(stranger) else "replace it with `overwrite`"
            raise LakeError(
                f"{store.place} holds {stranger}, which no {layout.DATASET} claims; use another `lake` or `prefix`,"
                f" or {way_out}"
            )
        return _take(store, dataset, None, 1)
    try:
        _refuse_of_0_3(document, store.place, overwrite=overwrite)
        differences = dataset.differences(document, store.place)
    except LakeError:
        if not overwrite:
            raise
        differences = ["it cannot be read"]
    if differences and not overwrite:
        raise LakeError(
            f"{store.place} holds another dataset: {'; '.join(differences)}. To continue it, use its options; or use"
            " another `lake` or `prefix` to keep both, or `overwrite` to replace it"
        )
    epoch = epoch_of(document, store.place)
    if differences or is_of_0_3(read_document(document, store.place)):
        return _take(store, dataset, document, epoch + 1)
    if is_clearing(document, store.place):  # a claim of the same dataset, interrupted or still under way
        if waits:
            raise _Claiming(f"{store.place}: another run is clearing this place")
        return _take(store, dataset, document, epoch + 1)
    return _continue(store, dataset, document)


def _refuse_of_0_3(document: bytes, place: str, *, overwrite: bool) -> None:
    """A dataset whose time zones and holidays are unknown can be read, but not gone on with."""
    if is_of_0_3(read_document(document, place)) and not overwrite:
        raise LakeError(
            f"{place} holds a dataset that WattIf 0.3 or earlier made: it can be read, but not continued, since it does"
            " not say which time zones and holidays it follows; use another `lake` or `prefix`, or `overwrite` to"
            " replace it"
        )


def _take(store: RetryingStore, dataset: Identity, document: bytes | None, epoch: int) -> RetryingStore:
    """Claim the place from the dataset of *document*, then remove what lies there; in this order, so that whoever
    still writes is told before the removal begins, and a run that is killed meanwhile begins anew with it.

    Where nothing lies, nothing is removed: a run that is killed while it claims such a place keeps nobody waiting.
    """
    final = numbered(dataset.to_json(), epoch)
    is_empty = document is None and next(iter(store.list("")), None) is None
    clearing = final if is_empty else numbered(final, epoch, clearing=True)
    if not store.swap_bytes(layout.DATASET, document, clearing):
        raise _lost(store)
    owned = _fenced(store, dataset, epoch)
    if not is_empty:
        _remove_dataset(owned)
    record_claim(owned, epoch)
    if not is_empty and not store.swap_bytes(layout.DATASET, clearing, final):
        record_claim(owned, epoch)  # asks the fence, which says who took the place over
    return owned


def _lost(store: RetryingStore) -> _LostClaim:
    return _LostClaim(
        f"{store.place}: another run is claiming this place at the same moment; run the same command again"
    )


def _continue(store: RetryingStore, dataset: Identity, document: bytes) -> RetryingStore:
    """Go on with the dataset that lies there, in its epoch; its days may become more."""
    epoch = max(epoch_of(document, store.place), 1)
    owned = _fenced(store, dataset, epoch)
    wider = dataset.extended(document, store.place)
    while wider is not None and not store.swap_bytes(layout.DATASET, document, numbered(wider, epoch)):
        record_claim(owned, epoch)
        document = store.get_bytes(layout.DATASET) or b""  # a run of the same dataset has widened it
        wider = dataset.extended(document, store.place)
    return owned


def _fenced(store: RetryingStore, dataset: Identity, epoch: int) -> RetryingStore:
    return store.guarded_by(lambda inner: Fence(store=inner, epoch=epoch, fingerprint=dataset.fingerprint))


def _stored(store: RetryingStore, overwrite: bool) -> bytes | None:
    """The document that lies there; also one that is too large to be any, when it is to be replaced."""
    return store.get_bytes(layout.DATASET) if overwrite else stored_document(store)


def _is_strange(name: str) -> bool:
    return layout.OWN_OBJECT.fullmatch(name) is None


def _remove_dataset(store: RetryingStore) -> None:
    """Remove all objects of the dataset but its claim; what says that others are complete first: nothing half removed
    seems whole.
    """
    removed = 0
    in_units = {table.prefix: None for table in catalog.lake_tables() if table.made == "stream"}
    for name in store.list(layout.MANIFESTS):  # of tables that this catalog may not know
        table = name.removeprefix(layout.MANIFESTS).partition("/")[0]
        in_units |= {f"{table}/{layout.PARTITIONS}": None} if not table.startswith(layout.PARTITIONS) else {}
    if marked := [name for name in store.list(layout.PARTITIONS) if name.endswith(f"/{layout.SUCCESS}")]:
        store.delete(marked)
    for prefix in (layout.MANIFESTS, *in_units, "_wattif/"):
        names = [name for name in store.list(prefix) if name != layout.DATASET and not _is_strange(name)]
        store.delete(names)
        removed += len(names)
    if removed:
        _log.warning("%s: removed the %d objects of the dataset that was there", store.place, removed)

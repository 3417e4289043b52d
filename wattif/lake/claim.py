"""Claim a place in the lake for a dataset: only one dataset ever lies under a prefix."""

from __future__ import annotations

import logging

from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.dataset import Dataset
from wattif.uploader.store import Store

_log = logging.getLogger("wattif.lake")


def claim(store: Store, dataset: Dataset, *, overwrite: bool) -> None:
    """Make sure that *store* holds this dataset or nothing; with *overwrite*, remove another WattIf dataset.

    `LakeError` names the differences, or the strangers' data, that stand in the way.
    """
    document = store.get_bytes(layout.DATASET)
    if document is None:
        stranger = next((name for name in store.list(layout.PARTITIONS) if not overwrite or _is_strange(name)), None)
        if stranger is not None:
            way_out = "remove it" if _is_strange(stranger) else "replace it with --overwrite"
            raise LakeError(
                f"{store.place} holds {stranger}, which no {layout.DATASET} claims; use another --prefix or {way_out}"
            )
        _remove_dataset(store)
        if store.create_bytes(layout.DATASET, dataset.to_json()):
            return
        document = store.get_bytes(layout.DATASET) or b""  # another run was faster
    try:
        differences = dataset.differences(document, store.place)
    except LakeError:
        if not overwrite:
            raise
        differences = ["it cannot be read"]
    if not differences:
        wider = dataset.extended(document, store.place)
        if wider is not None:
            store.put_bytes(layout.DATASET, wider)
        return
    if not overwrite:
        raise LakeError(
            f"{store.place} holds another dataset: {'; '.join(differences)}. Use its settings to go on with it, another"
            " --prefix to keep both, or --overwrite to replace it"
        )
    _remove_dataset(store)
    store.put_bytes(layout.DATASET, dataset.to_json())


def _is_strange(name: str) -> bool:
    return layout.OWN_OBJECT.fullmatch(name) is None


def _remove_dataset(store: Store) -> None:
    """Remove all objects of the dataset but its claim; manifests first, so that nothing half removed seems whole."""
    removed = 0
    for prefix in (layout.MANIFESTS, layout.PARTITIONS, "_wattif/"):
        names = [name for name in store.list(prefix) if name != layout.DATASET and not _is_strange(name)]
        store.delete(names)
        removed += len(names)
    if removed:
        _log.warning("%s: removed the %d objects of the dataset that lay there", store.place, removed)

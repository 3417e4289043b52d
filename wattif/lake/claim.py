"""Claim a place in the lake for a dataset: only one dataset ever lies under a prefix."""

from __future__ import annotations

import logging

from uploader.store import Store
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.dataset import Dataset

_log = logging.getLogger("wattif.lake")


def claim(store: Store, dataset: Dataset, *, overwrite: bool) -> None:
    """Make sure that *store* holds this dataset or nothing; with *overwrite*, remove another WattIf dataset.

    `LakeError` names the differences, or the strangers' data, that stand in the way.
    """
    document = store.get_bytes(layout.DATASET)
    if document is None:
        stranger = next(store.list(layout.PARTITIONS), None)
        if stranger is not None:
            raise LakeError(
                f"{store.place} holds {stranger}, which no WattIf dataset claims; use another --prefix or remove it"
            )
        if store.create_bytes(layout.DATASET, dataset.to_json()):
            return
        document = store.get_bytes(layout.DATASET) or b""  # another run was faster
    differences = dataset.differences(document, store.place)
    if not differences:
        return
    if not overwrite:
        raise LakeError(
            f"{store.place} holds another dataset: {'; '.join(differences)}. Use its settings to go on with it, another"
            " --prefix to keep both, or --overwrite to replace it"
        )
    _remove_dataset(store)
    store.put_bytes(layout.DATASET, dataset.to_json())


def _remove_dataset(store: Store) -> None:
    """Remove all objects of the dataset but its claim; manifests first, so that nothing half removed seems whole."""
    removed = 0
    for prefix in (layout.MANIFESTS, layout.PARTITIONS, "_wattif/"):
        names = [name for name in store.list(prefix) if name != layout.DATASET and layout.OWN_OBJECT.fullmatch(name)]
        store.delete(names)
        removed += len(names)
    _log.warning("%s: removed the %d objects of the dataset that lay there", store.place, removed)

"""From the options to the lake: open it, and read from it how its dataset was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uploader.store import Store
from wattif.errors import UsageError
from wattif.lake import layout
from wattif.lake.dataset import read_document
from wattif.settings import LakePlace


def open_store(place: LakePlace, *, threads: int = 2, overwrite: bool = False) -> Store:
    """The lake at *place*; the cloud library is imported only for a bucket."""
    if place.bucket is None:
        from uploader.local import LocalStore

        return LocalStore(place.lake / place.prefix, overwrite=overwrite)
    from uploader.gcs import GcsStore

    return GcsStore(place.bucket, place.prefix, threads=threads, overwrite=overwrite)


def stored_options(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options of the dataset that lies where the options *given* say; none when nothing lies there.

    `LakeError` when the lake cannot be read.
    """
    named = {name: given[name] for name in LakePlace.model_fields if name in given and name != "config"}
    try:
        place = LakePlace.model_validate(named)
    except ValueError as error:  # the verb's own settings say which option is wrong, and how
        if isinstance(error, UsageError):
            raise
        return {}
    store = open_store(place)
    document = store.get_bytes(layout.DATASET)
    if document is None:
        return {}
    options = read_document(document, store.place).get("options")
    return options if isinstance(options, dict) else {}

"""From the options to the lake: open it, and read from it how its dataset was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wattif.errors import LakeError, UsageError
from wattif.lake import layout
from wattif.lake.dataset import read_document
from wattif.settings import LakePlace
from wattif.uploader.store import Store


def open_store(place: LakePlace, *, threads: int = 2, overwrite: bool = False) -> Store:
    """The lake at *place*; the cloud library is imported only for a bucket."""
    if place.bucket is None:
        from wattif.uploader.local import LocalStore

        return LocalStore(place.lake / place.prefix, overwrite=overwrite)
    from wattif.uploader.gcs import GcsStore

    return GcsStore(place.bucket, place.prefix, threads=threads, overwrite=overwrite)


def stored_options(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options of the dataset that lies where the options *given* say; none when nothing lies there.

    `LakeError` when the lake cannot be read, or when neither it nor *given* says which days the dataset has.
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
    options = read_document(document, store.place).get("options") if document is not None else None
    if isinstance(options, dict):
        return options
    if "start" not in given or "end" not in given:
        missing = "does not say how its dataset was asked for" if document is not None else "is not there"
        raise LakeError(
            f"{store.place}: {layout.DATASET} {missing}; name the dataset's place with --lake, --bucket, --prefix,"
            " or give its options"
        )
    return {}

"""From the options to the lake: open it, and read from it how its dataset was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from wattif.errors import LakeError, UsageError
from wattif.lake import layout
from wattif.lake.dataset import read_document
from wattif.lake.open import open_store as open_lake
from wattif.settings import LakePlace
from wattif.uploader.retrying import Attempt, RetryingStore, RetryPolicy, log_attempt


def open_store(
    place: LakePlace,
    *,
    threads: int = 2,
    overwrite: bool = False,
    retry: RetryPolicy | None = None,
    stop: Event | None = None,
    on_retry: Callable[[Attempt], None] = log_attempt,
) -> RetryingStore:
    """The lake at *place*."""
    path = place.lake / place.prefix
    url = f"file:{path}" if place.bucket is None else f"gs://{place.bucket}/{place.prefix}"
    return open_lake(url, threads=threads, overwrite=overwrite, retry=retry, stop=stop, on_retry=on_retry)


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

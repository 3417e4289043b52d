"""The options of a dataset as its lake keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from wattif.cli.place import PlaceOptions
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.documents import read_document, stored_document
from wattif.lake.open import open_store


def stored_options(given: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The options of the dataset in the place that the options *given* name, and the object that keeps them.

    Nothing if there is no dataset. `LakeError` when the lake cannot be read, or when neither it nor *given* says which
    days the dataset has.
    """
    try:
        place = PlaceOptions(**{name: given[name] for name in PlaceOptions.model_fields if name in given})
    except ValidationError:  # the verb's own options say what is wrong, and how
        return {}, ""
    store = open_store(place.url, retry=place.retry)
    where = f"{store.place}/{layout.DATASET}"
    document = stored_document(store)
    options = read_document(document, store.place).get("options") if document is not None else None
    if isinstance(options, dict):
        return options, where
    if "start" not in given or "end" not in given:
        missing = "does not contain the options of its dataset" if document is not None else "is not there"
        raise LakeError(
            f"{store.place}: {layout.DATASET} {missing}; give the place of the dataset (`lake`, or `bucket` and"
            " `prefix`), or its options"
        )
    return {}, where

"""The spec of the dataset that lies in a lake."""

from __future__ import annotations

from pydantic import ValidationError

from wattif.errors import InvalidValue, LakeError
from wattif.lake import layout
from wattif.lake.documents import read_document, stored_document
from wattif.lake.identity import Identity
from wattif.model.scenario import world_of
from wattif.spec import Spec
from wattif.uploader.store import Store


def stored_spec(store: Store) -> Spec:
    """The spec that `_wattif/dataset.json` keeps; `LakeError` where there is none, or it is none."""
    document = stored_document(store)
    if document is None:
        raise LakeError(f"{store.place}: no dataset lies here: there is no {layout.DATASET}")
    return _spec_of(document, store.place)


def same_spec(store: Store) -> Spec:
    """`stored_spec`, if this version makes the same bytes of it; `InvalidValue` names `lake` and what differs."""
    document = stored_document(store)
    if document is None:
        reason = f"no dataset lies here: there is no {layout.DATASET}; name a lake that was generated"
        raise InvalidValue("lake", store.place, reason)
    spec = _spec_of(document, store.place)
    identity = Identity.of(spec, world_of(spec).cities)
    differences = identity.differences(document, store.place)
    if not differences and read_document(document, store.place).get("fingerprint") != identity.fingerprint:
        differences = [f"{layout.DATASET} does not have the fingerprint of what it says"]
    if differences:
        reason = f"holds another dataset than this version makes of it: {'; '.join(differences)}; generate it anew"
        raise InvalidValue("lake", store.place, reason)
    return spec


def _spec_of(document: bytes, place: str) -> Spec:
    options = read_document(document, place).get("options") or {}
    try:
        return Spec(**options)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise LakeError(f"{place}/{layout.DATASET}: options.{field}: {first['msg']}") from None

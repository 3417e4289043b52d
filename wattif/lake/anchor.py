"""The moment from which the landings of a lake are counted: `_wattif/arrivals/anchor.json`, written once."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.documents import MOST_BYTES
from wattif.uploader.store import Store


class Anchor(BaseModel):
    """At *wall* of the wall clock it was *origin* in the data."""

    model_config = ConfigDict(frozen=True)

    wall: AwareDatetime
    origin: AwareDatetime
    plan: str  # by which the lake grows from then on, in one line


def join(store: Store, wanted: Anchor) -> Anchor:
    """The anchor of the lake: *wanted* itself unless another run was faster, or an earlier one began."""
    there = stored_anchor(store)
    if there is None and store.swap_bytes(layout.ANCHOR, None, wanted.model_dump_json(indent=2).encode() + b"\n"):
        return wanted
    there = there or stored_anchor(store)
    if there is None:
        raise LakeError(f"{store.place}/{layout.ANCHOR} was removed at this moment; run the same command again")
    return there


def stored_anchor(store: Store) -> Anchor | None:
    """The anchor that lies in *store*; `LakeError` when it cannot be read."""
    content = store.get_bytes(layout.ANCHOR, MOST_BYTES)
    if content is None:
        return None
    try:
        return Anchor.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise LakeError(
            f"{store.place}/{layout.ANCHOR} cannot be read ({where}: {first['msg']}); remove it to begin a new schedule"
        ) from None

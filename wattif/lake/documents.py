"""What a lake holds is not trusted: it is read bounded and typed, and named if it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from wattif.errors import LakeError
from wattif.lake import layout
from wattif.uploader.store import Store

MOST_BYTES = 2**20  # of a `dataset.json`; those that are written have about two thousand
_SHOWN = 40  # characters of a value that is wrong
_KINDS = {  # of the fields of a `dataset.json`, where it has them
    "generator": "text",
    "fingerprint": "text",
    "version": "number",
    "seed": "number",
    "epoch": "day",
    "cities": "text",
    "class_mix": "text",
    "solar_share": "share",
    "ev_share": "share",
    "meters": "number",
    "interval": "number",
    "columns": "text",
    "meters_per_file": "number",
    "batch_files": "number",
    "tzdata": "text",
    "holidays": "text",
    "anomalies": "text",
    "faults": "text",
    "options": "object",
    "claim_epoch": "number",
}
_OPTION_KINDS = {"start": "day", "end": "day", "meters": "number", "interval": "number", "seed": "number"}
_WORDS = {
    "text": "text",
    "number": "a whole number from 0 on",
    "share": "a number between 0 and 1",
    "day": "a day such as 2024-01-31",
    "object": "an object",
}


def stored_document(store: Store) -> bytes | None:
    """The `_wattif/dataset.json` of *store*; None when there is none, `LakeError` when it is too large to be one."""
    content = store.get_bytes(layout.DATASET, MOST_BYTES + 1)
    if content is not None:
        _check_size(content, store.place)
    return content


def read_document(document: bytes, place: str) -> dict[str, Any]:
    """The content of the `_wattif/dataset.json` of *place*: each field that is known has its type.

    `LakeError` names the file, and the field that is wrong.
    """
    _check_size(document, place)
    try:
        content = orjson.loads(document)
    except ValueError as error:
        raise _unreadable(place, str(error)) from None
    if not isinstance(content, dict):
        raise _unreadable(place, "it is no JSON object")
    _check(content, _KINDS, place, "")
    _check(content.get("options") or {}, _OPTION_KINDS, place, "options.")
    return content


def _check_size(document: bytes, place: str) -> None:
    if len(document) > MOST_BYTES:
        raise _unreadable(place, f"it has more than {MOST_BYTES:,} bytes")


def _check(content: Mapping[str, Any], kinds: Mapping[str, str], place: str, path: str) -> None:
    for name, kind in kinds.items():
        value = content.get(name)
        if value is not None and not _is(kind, value):
            shown = repr(value)
            shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
            raise _unreadable(place, f"{path}{name} is {shown}, not {_WORDS[kind]}")


def _is(kind: str, value: object) -> bool:
    match kind:
        case "number":
            return type(value) is int and 0 <= value < 2**63
        case "share":
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
        case "day":
            return isinstance(value, str) and _is_day(value)
        case "object":
            return isinstance(value, dict)
    return isinstance(value, str)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _unreadable(place: str, reason: str) -> LakeError:
    return LakeError(
        f"{place}/{layout.DATASET} cannot be read ({reason});"
        " replace the dataset with `overwrite`, or use another `lake` or `prefix`"
    )

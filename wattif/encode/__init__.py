"""Columns to bytes, one file a format. `register` another one, and its name is a format like any other."""

from __future__ import annotations

from wattif.encode.encoder import Encoder, RowSchema
from wattif.encode.ndjson import NdjsonEncoder
from wattif.errors import InvalidValue, choose_from

_FORMATS: dict[str, type[Encoder]] = {}


def register(encoder: type[Encoder]) -> type[Encoder]:
    """Make a format known by its name; a decorator."""
    if _FORMATS.setdefault(encoder.name, encoder) is not encoder:
        raise ValueError(f"there is a format {encoder.name} already")
    return encoder


def unregister(name: str) -> None:
    """Forget a format."""
    del _FORMATS[name]


def format_names() -> tuple[str, ...]:
    """The names of all formats."""
    return tuple(_FORMATS)


def encoder_of(name: str, schema: RowSchema) -> Encoder:
    """The encoder of rows of *schema* in the format *name*; `InvalidValue` when there is none."""
    if name not in _FORMATS:
        raise InvalidValue("format", name, f"unknown format{choose_from(name, _FORMATS)}")
    return _FORMATS[name](schema)


register(NdjsonEncoder)

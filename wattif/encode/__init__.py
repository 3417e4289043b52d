"""Columns to bytes, one file a format: the module of this package that is called like it, with its `ENCODER`.

A format of another package is made known by `register`.
"""

from __future__ import annotations

import importlib
import pkgutil

from wattif.encode.encoder import Encoder, RowSchema
from wattif.errors import InvalidValue, choose_from

_SEAM = {"encoder", "encoded_rows", "row_template"}  # the modules that are no format
_registered: dict[str, type[Encoder]] = {}


def register(encoder: type[Encoder]) -> type[Encoder]:
    """Make a format known by its name; a decorator."""
    if encoder.name in _own() or _registered.setdefault(encoder.name, encoder) is not encoder:
        raise ValueError(f"there is a format {encoder.name} already")
    return encoder


def unregister(name: str) -> None:
    """Forget a format that was registered."""
    del _registered[name]


def _own() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(__path__)} - _SEAM


def format_names() -> tuple[str, ...]:
    """The names of all formats."""
    return tuple(sorted(_own() | _registered.keys()))


def encoder_of(name: str, schema: RowSchema) -> Encoder:
    """The encoder of rows of *schema* in the format *name*, imported now; `InvalidValue` when there is none."""
    if name in _registered:
        return _registered[name](schema)
    if name not in _own():
        raise InvalidValue("format", name, f"unknown format{choose_from(name, format_names())}")
    found: type[Encoder] = importlib.import_module(f"{__name__}.{name}").ENCODER
    return found(schema)

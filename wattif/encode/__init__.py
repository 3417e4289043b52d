"""Columns to bytes, one file a format: the module of this package that is called like it, with its `ENCODER`.

A format of another package is made known by `register`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from wattif.encode.encoder import Encoder, RowSchema
from wattif.errors import InvalidValue, choose_from

_SEAM = {"columnar", "encoder", "encoded_rows", "row_template"}  # the modules that are no format
_registered: dict[str, type[Encoder]] = {}


def register(encoder: type[Encoder]) -> type[Encoder]:
    """Make a format known by its name; a decorator."""
    if encoder.name in _own() or _registered.setdefault(encoder.name, encoder) is not encoder:
        raise ValueError(f"there is a format {encoder.name} already")
    return encoder


def unregister(name: str) -> None:
    """Forget a format that was registered."""
    del _registered[name]


@cache
def _own() -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(__path__)) - _SEAM


def format_names() -> tuple[str, ...]:
    """The names of all formats."""
    return tuple(sorted(_own() | _registered.keys()))


def encoder_type(name: str) -> type[Encoder]:
    """What encodes the format *name*, imported now; `InvalidValue` when there is none."""
    if name in _registered:
        return _registered[name]
    if name not in _own():
        raise InvalidValue("format", name, f"unknown format{choose_from(name, format_names())}")
    found: type[Encoder] = importlib.import_module(f"{__name__}.{name}").ENCODER
    return found


def format_options(name: str, given: Mapping[str, int]) -> dict[str, int]:
    """The options of the format *name*: those *given*, and its defaults; `InvalidValue` for one that it has not."""
    known = encoder_type(name).options
    for option, value in given.items():
        if option not in known:
            raise InvalidValue(
                option, value, f"the `format` {name} has no such thing; leave it out, or choose another `format`"
            )
    return {**known, **given}


def encoder_of(name: str, schema: RowSchema, given: Mapping[str, int] | None = None) -> Encoder:
    """The encoder of rows of *schema* in the format *name* with the options *given*; see `format_options`."""
    return encoder_type(name)(schema, **format_options(name, given or {}))

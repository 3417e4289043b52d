"""A schema that changes from some day on: the same rows with a column more, or with a column of another name."""

from __future__ import annotations

from dataclasses import replace

from wattif.encode.encoder import RowSchema

_ADDED = ("firmware", "2.4.1")
_PREFIX = "active_"


def drifted(schema: RowSchema, drift: str) -> tuple[RowSchema, str]:
    """What *drift* makes of *schema*, and that in words.

    ``added``: a column ``firmware`` at the end. ``renamed``: ``power_w`` is called ``active_power_w``; in rows
    without it, the first number gets that prefix, or else the first column.
    """
    if drift == "added":
        return replace(schema, added=_ADDED), 'added "{}":"{}"'.format(*_ADDED)
    numbers = [column.name for column in schema.columns if column.kind == "number"]
    name = "power_w" if "power_w" in numbers else (numbers or [schema.columns[0].name])[0]
    new = f"{_PREFIX}{name}"
    return replace(schema, renamed=(name, new)), f"renamed {name} to {new}"

"""Rows of the tables, a module each: found where it lies, by its `TABLE` and what makes its rows.

`of_block` makes those of a block of incidents, `of_setting` those of a small table as a whole.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from wattif.incidents.block import Block
from wattif.incidents.setting import Setting
from wattif.tables.table import Table


@dataclass(frozen=True, kw_only=True)
class Rows:
    """How the rows of a table are made: by the block, or as a whole."""

    table: Table
    of_block: Callable[[Block], pa.Table] | None = None
    of_setting: Callable[[Setting], pa.Table] | None = None
    option: str | None = None  # the field of the spec by which it is left out


@cache
def all_rows() -> Mapping[str, Rows]:
    """By the name of the table."""
    modules = (importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__))
    found = (rows for module in modules for rows in getattr(module, "ROWS", ()))
    return {each.table.name: each for each in found}

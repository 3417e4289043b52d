"""Rows of the tables, a module for one or some of them: found where it lies, by its `ROWS`."""

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
class RowsOfSetting:
    """How the rows of a small table are made: as a whole."""

    table: Table
    make: Callable[[Setting], pa.Table]
    option: str | None = None  # the field of the spec by which it is left out


@dataclass(frozen=True, kw_only=True)
class RowsOfBlock:
    """How the rows of a table are made that grows with the incidents: by the block."""

    table: Table
    make: Callable[[Block], pa.Table]
    option: str | None = None  # the field of the spec by which it is left out


Rows = RowsOfSetting | RowsOfBlock


@cache
def all_rows() -> Mapping[str, Rows]:
    """By the name of the table."""
    modules = (importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__))
    found = (rows for module in modules for rows in getattr(module, "ROWS", ()))
    return {each.table.name: each for each in found}

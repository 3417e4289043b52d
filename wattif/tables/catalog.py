"""All tables by name. A module of this package that declares `TABLE` or `TABLES` is in the catalog.

from wattif.tables import catalog

catalog.table("weather").columns
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import wattif.tables
from wattif.errors import InvalidValue, UsageError, choose_from
from wattif.tables.table import LakeTable, Table

if TYPE_CHECKING:
    from wattif.spec import Spec

_tables: dict[str, Table] = {}
_found: set[str] = set()  # modules of this package that have been looked at


def register(table: Table) -> None:
    """Add *table*; `ValueError` when another has that name."""
    if _tables.setdefault(table.name, table) is not table:
        raise ValueError(f"there are two tables {table.name}")


def unregister(name: str) -> None:
    """Take a table out again."""
    _tables.pop(name, None)


def tables() -> tuple[Table, ...]:
    """All tables, those of the lake first."""
    _find()
    return tuple(sorted(_tables.values(), key=lambda table: not isinstance(table, LakeTable)))


def lake_tables() -> Iterator[LakeTable]:
    """Those that may lie in a lake; what a dataset has says `LakeTable.is_in`."""
    return (table for table in tables() if isinstance(table, LakeTable))


def lake_tables_of(spec: Spec, *made: str) -> Iterator[LakeTable]:
    """Those that the dataset has, of the ways in which tables are *made* or of all; see `LakeTable`.

    `InvalidValue` when it asks for an extra one that there is not.
    """
    extras = [table.name for table in lake_tables() if table.is_extra]
    for name in spec.extra_table_names:
        if name not in extras:
            raise InvalidValue("extra_tables", name, f"no such table{choose_from(name, extras)}")
    return (table for table in lake_tables() if (table.made in made or not made) and table.is_in(spec))


def table(name: str) -> Table:
    """The table called *name*; `UsageError` when there is none."""
    _find()
    if name not in _tables:
        near = difflib.get_close_matches(name, _tables, 1)
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(each.name for each in tables())}"
        raise UsageError(f"{name}: unknown table; {hint}")
    return _tables[name]


@cache
def _find() -> None:
    for module in pkgutil.iter_modules(wattif.tables.__path__):
        if module.name not in _found and module.name != __name__.rpartition(".")[2]:
            _found.add(module.name)
            declared = importlib.import_module(f"{wattif.tables.__name__}.{module.name}")
            own = [declared.TABLE] if hasattr(declared, "TABLE") else getattr(declared, "TABLES", ())
            for each in own:
                register(each)

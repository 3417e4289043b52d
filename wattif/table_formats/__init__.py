"""Tables that engines open as one: the files of a lake, named in the log of a table format; none is copied.

A format is one module of `formats`, found by its name.
"""

from __future__ import annotations

import importlib
import pkgutil

from wattif.errors import InvalidValue, choose_from
from wattif.table_formats import formats
from wattif.table_formats.table_format import TableFormat


def table_format_names() -> tuple[str, ...]:
    """The names of all table formats."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(formats.__path__)))


def table_format_of(name: str) -> type[TableFormat]:
    """The table format called *name*, imported now; `InvalidValue` when there is none."""
    if name not in table_format_names():
        reason = f"unknown table format{choose_from(name, table_format_names())}"
        raise InvalidValue("table_format", name, reason)
    found: type[TableFormat] = importlib.import_module(f"{formats.__name__}.{name}").FORMAT
    return found

"""Meter-data exchange files, as utilities send them to each other: one module of `standards` a standard.

Their unit is the local day, or the month of local days, of a meter; a lake's is the UTC day of a range of meters. So
they are no format of a lake: they are made from the columns of a dataset, by local days that lie whole in it.
"""

from __future__ import annotations

import importlib
import pkgutil

from wattif.errors import InvalidValue, choose_from
from wattif.exchange import standards
from wattif.exchange.standard import Standard


def standard_names() -> tuple[str, ...]:
    """The names of all standards."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(standards.__path__)))


def standard_of(name: str) -> type[Standard]:
    """The standard called *name*, imported now; `InvalidValue` when there is none."""
    if name not in standard_names():
        raise InvalidValue("standard", name, f"unknown standard{choose_from(name, standard_names())}")
    found: type[Standard] = importlib.import_module(f"{standards.__name__}.{name}").STANDARD
    return found

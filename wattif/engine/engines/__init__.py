"""Where a run's work is done other than in its own process, one file an engine: the module that is called like it.

Each declares ``run_on(address, spec, lake, options, *, retry, stop, told)``, which returns the figures of all that was
made. Its work are shards (`wattif.engine.shard`): an engine only starts them, and starts them again.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING

from wattif.errors import InvalidValue, choose_from

if TYPE_CHECKING:
    from wattif.engine.figures import Figures


def engine_names() -> tuple[str, ...]:
    """The names of all engines."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def engine_of(asked: str) -> tuple[str, str]:
    """Name and address of the engine that *asked* names: ``dask``, or ``dask://scheduler:8786``.

    `InvalidValue` when there is none of that name.
    """
    name, separator, address = asked.partition("://")
    if name not in engine_names():
        raise InvalidValue("engine", asked, f"unknown engine{choose_from(name, engine_names())}")
    if separator and not address:
        raise InvalidValue("engine", asked, f"names no address; write {name} for this machine, or {name}://HOST:PORT")
    return name, address


def runner_of(name: str) -> Callable[..., Figures]:
    """What does a run on the engine *name*, imported now."""
    found: Callable[..., Figures] = importlib.import_module(f"{__name__}.{name}").run_on
    return found

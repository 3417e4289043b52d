"""WattIf: a city's smart-meter readings, at the speed of the disk, with the answer key."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from wattif.version import __version__

if TYPE_CHECKING:
    from wattif.exchange.run import export
    from wattif.face.lakes import Lake, open_lake
    from wattif.face.reading import read
    from wattif.face.verbs import expect, generate, reconcile
    from wattif.incidents.spec import IncidentSpec
    from wattif.spec import Spec

    open = open_lake

__all__ = ["IncidentSpec", "Lake", "Spec", "__version__", "expect", "export", "generate", "open", "read", "reconcile"]

_PLACES = {  # of what is imported when it is first asked for: numba and pyarrow take a second
    "IncidentSpec": ("wattif.incidents.spec", "IncidentSpec"),
    "Lake": ("wattif.face.lakes", "Lake"),
    "Spec": ("wattif.spec", "Spec"),
    "expect": ("wattif.face.verbs", "expect"),
    "export": ("wattif.exchange.run", "export"),
    "generate": ("wattif.face.verbs", "generate"),
    "open": ("wattif.face.lakes", "open_lake"),
    "read": ("wattif.face.reading", "read"),
    "reconcile": ("wattif.face.verbs", "reconcile"),
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PLACES[name]
    value: object = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

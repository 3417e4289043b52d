"""What rows and bytes may follow from, and whether another process has the same of it."""

from __future__ import annotations

import importlib.metadata
import platform

from wattif.errors import EngineError
from wattif.version import __version__

_PINNED = ("numba", "numpy", "tzdata", "holidays")  # libraries


def versions() -> dict[str, str]:
    """By name, in this process."""
    return {"wattif": __version__, "python": platform.python_version()[:4]} | {
        name: importlib.metadata.version(name) for name in _PINNED
    }


def check_versions(process: str, theirs: dict[str, str], ours: dict[str, str]) -> None:
    """`EngineError` names the *process* that would make other bytes, and what it has that is of another version."""
    different = [f"{name} {theirs[name]}, not {ours[name]}" for name in ours if theirs[name] != ours[name]]
    if different:
        raise EngineError(f"{process} has {'; '.join(different)}; install the same on all of them")

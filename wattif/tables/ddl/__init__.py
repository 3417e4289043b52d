"""Schemas for engines that read the lake: one file a target. A module here that declares `TARGET` is one."""

from __future__ import annotations

import importlib
import pkgutil

from wattif.errors import InvalidValue, choose_from
from wattif.tables.ddl.target import Source, Target


def targets() -> tuple[str, ...]:
    """The names of all targets: those of their modules, with a hyphen for an underscore."""
    return tuple(
        module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__) if module.name not in _HELPERS
    )


def statement(target: str, source: Source) -> str:
    """What creates or reads *source* in the engine *target*; `InvalidValue` when there is no such, or it cannot."""
    if target not in targets():
        raise InvalidValue("target", target, f"there is no such target{choose_from(target, targets())}")
    found: Target = importlib.import_module(f"{__name__}.{target.replace('-', '_')}").TARGET
    if found.reads_files and source.objects is None:
        raise InvalidValue(
            "target",
            target,
            f"{source.name} lies in a warehouse, so there are no files to read; choose a target that declares tables,"
            " such as duckdb or bigquery",
        )
    return found.write(source)


_HELPERS = ("target", "python_code")

"""The SQL of `sql/`: GoogleSQL, translated for DuckDB; what only one of them can has it in its name."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from importlib import resources
from string import Template

Value = str | int | float | date | datetime


def read_sql(name: str, *, package: str = __package__, **values: str) -> str:
    """The file *name* in *package*'s folder `sql`, each `$key` replaced by its value, which is SQL already."""
    text = resources.files(package).joinpath("sql", name).read_text(encoding="utf-8")
    return Template(text).substitute(values)


def literal(value: Value) -> str:
    """*value* as GoogleSQL writes it; times must know their zone."""
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        if not re.fullmatch(r"[\w.:/ -]*", value):
            raise ValueError(f"{value!r} cannot stand in SQL")
        return f"'{value}'"
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot stand in SQL")
    return repr(value)


def names(columns: tuple[str, ...] | list[str]) -> str:
    """Names of columns or tables, separated by commas, quoted: some are words of SQL."""
    return ", ".join(f"`{name}`" for name in columns)

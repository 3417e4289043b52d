"""Texts and paths as SQL writes them."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from wattif.errors import UsageError

PATTERN = re.compile(r"[*?\[\]{}\\\n]")  # what engines that take a pattern of paths may take for more than itself


def sql_text(text: str) -> str:
    """*text* as a literal of standard SQL."""
    return "'" + text.replace("'", "''") + "'"


def duckdb_path(path: str) -> str:
    """*path*, as it is, in DuckDB's language of patterns; a literal.

    `UsageError` when it has both a backslash and a character of patterns: DuckDB knows no way to write that.
    """
    _check_text(path)
    if "\\" in path and glob.has_magic(path):
        raise UsageError(f"{path}: DuckDB reads no path with both a backslash and one of * ? [; rename the folder")
    return sql_text(glob.escape(path))


def duckdb_pattern(place: str, objects: str) -> str:
    """The *objects*, a pattern, in the folder or bucket *place*, which is taken as it is; a literal.

    `UsageError` when the place has a backslash, which DuckDB takes for a slash there.
    """
    _check_text(place)
    if "\\" in place:
        raise UsageError(f"{place}: DuckDB reads no pattern of paths with a backslash; rename the folder")
    if place.startswith("~"):  # DuckDB would look at home
        place = str(Path(place).absolute())
    return sql_text(f"{glob.escape(place)}/{objects}")


def duckdb_file(path: Path) -> Path:
    """A database's file, as DuckDB finds it; `UsageError` when it has a backslash, which DuckDB takes for a slash."""
    _check_text(str(path))
    if "\\" in str(path):
        raise UsageError(f"{path}: DuckDB takes the backslash for a slash; name another `database`")
    return path.absolute()


def _check_text(path: str) -> None:
    """`UsageError` when *path* is no text: names of files are bytes, and those of other programs are UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        raise UsageError(f"{shown}: DuckDB reads no path that is not UTF-8; rename it") from None

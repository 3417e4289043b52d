"""What stagings of files of any format in DuckDB share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wattif.lake.manifest import ManifestEntry
from wattif.tables.sql_text import duckdb_path

_BYTES_AT_ONCE = 2**30  # of files that are copied out of a bucket together
IS_BAD = "mac IS NULL OR \"timestamp\" IS NULL OR NOT \"timestamp\" BETWEEN '1970-01-01' AND '2200-01-01'"


def groups(files: Sequence[ManifestEntry]) -> Iterator[list[ManifestEntry]]:
    """*files* in order, as many together as are copied out of a bucket at once."""
    group: list[ManifestEntry] = []
    size = 0
    for file in files:
        group.append(file)
        size += file.bytes
        if size >= _BYTES_AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group


def too_short(place: str, file: ManifestEntry, found: int) -> str:
    """What to say of a file that has only *found* rows."""
    return (
        f"{place}/{file.name} has {found:,} of the {file.rows:,} lines in its manifest;"
        " to see what else is lost, run 'python -m wattif reconcile'; restore it, then run the same command again"
    )


def unreadable(missing: Sequence[str]) -> str:
    """What to say of a row that is no reading, though it has fields: it may lack the *missing* ones."""
    return f"no {' and no '.join(missing)}" if missing else "mac or timestamp cannot be read"


def quoted(name: str) -> str:
    """*name* as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def listed(paths: Sequence[str]) -> str:
    """*paths* as DuckDB's functions take them."""
    return "[" + ", ".join(map(duckdb_path, paths)) + "]"

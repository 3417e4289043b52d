"""Parquet files into a table of DuckDB: as they are, without a look at any row."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from wattif.errors import LakeError
from wattif.lake.days import CommittedDay
from wattif.lake.manifest import ManifestEntry
from wattif.tables.sql_text import duckdb_path
from wattif.uploader.store import Store
from wattif.warehouse.duckdb_readings import groups, quoted, too_short
from wattif.warehouse.tables import Table
from wattif.warehouse.warehouse import Staged

if TYPE_CHECKING:
    import duckdb


def stage_parquet(connection: duckdb.DuckDBPyConnection, store: Store, day: CommittedDay, table: Table) -> Staged:
    """Append the files of *day* to *table*, by the names of columns; how many rows have others.

    `LakeError` when a file has fewer rows than its manifest says, or is no Parquet file.
    """
    unknown: Counter[str] = Counter()
    for files in groups(day.files):
        with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
            paths = [str(store.fetch(file.name, Path(folder)).absolute()) for file in files]
            there = [_columns(path, file, store.place) for path, file in zip(paths, files, strict=True)]
            for names, file in zip(there, files, strict=True):
                unknown.update(dict.fromkeys(names - set(table.column_names), file.rows))
            known = [name for name in table.column_names if any(name in names for names in there)]
            listed, sources = ", ".join(map(quoted, known)), ", ".join(map(duckdb_path, paths))
            connection.execute(
                f"INSERT INTO {quoted(table.name)} BY NAME SELECT {listed}"
                f" FROM read_parquet([{sources}], union_by_name = true, hive_partitioning = false)"
            )
    return Staged(unknown_fields=+unknown)


def _columns(path: str, file: ManifestEntry, place: str) -> set[str]:
    """The columns of a file, which has all of its rows."""
    try:
        metadata = pq.read_metadata(path)
    except pa.ArrowInvalid as error:
        raise LakeError(
            f"{place}/{file.name} is no Parquet file ({error}); restore it, then run the same command again"
        ) from None
    if metadata.num_rows < file.rows:
        raise LakeError(too_short(place, file, metadata.num_rows))
    return set(metadata.schema.to_arrow_schema().names)

"""The days whose readings were archived: they lie in files instead of the warehouse."""

from __future__ import annotations

from wattif.tables.column import Column
from wattif.tables.loaded_readings import DAY
from wattif.tables.table import Table

TABLE = Table(
    name="wattif_archives",
    description="the days that are archived, one row each: their readings lie in a file instead",
    columns=(
        DAY,
        Column("place", "text", "address of the archive"),
        Column("object", "text", "Parquet file of the day, relative to the archive's address"),
        Column("bytes", "number", "its size"),
        Column("crc32c", "number", "its CRC32C"),
        Column("rows", "number", "readings in it"),
        Column("archived_at", "timestamp", "when"),
    ),
    key=(DAY.name,),
)

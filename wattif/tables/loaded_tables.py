"""The tables that were loaded whole into a warehouse."""

from __future__ import annotations

from wattif.tables.column import Column
from wattif.tables.table import Table

TABLE = Table(
    name="wattif_tables",
    description="the tables that are loaded whole, one row each",
    columns=(
        Column("name", "text", "the table"),
        Column("fingerprint", "text", "size and CRC32C of its file"),
        Column("rows", "number", "rows that were loaded"),
        Column("loaded_at", "timestamp", "when"),
    ),
    key=("name",),
)

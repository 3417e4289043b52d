"""The days that were loaded into a warehouse."""

from __future__ import annotations

from wattif.tables.column import Column
from wattif.tables.loaded_readings import DAY
from wattif.tables.table import Table

TABLE = Table(
    name="wattif_loads",
    description="the days that are loaded, one row each",
    columns=(
        DAY,
        Column("load_id", "text", "of the load that brought it"),
        Column("dataset", "text", "fingerprint of the lake's dataset"),
        Column("fingerprint", "text", "SHA-256 of the day's manifests"),
        Column("files", "number", "files that were read"),
        Column("rows", "number", "readings that were loaded"),
        Column("bad_records", "number", "lines that were no readings"),
        Column("first_time", "timestamp", "earliest timestamp that the day has ever held"),
        Column("last_time", "timestamp", "latest timestamp that the day has ever held"),
        Column("loaded_at", "timestamp", "when"),
        Column("rolled_up", "boolean", "whether the hours and months hold it"),
    ),
    key=(DAY.name,),
)

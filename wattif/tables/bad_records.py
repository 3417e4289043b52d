"""Lines of the lake that are no readings, as `load` found them."""

from __future__ import annotations

from wattif.tables.column import Column
from wattif.tables.loaded_readings import DAY
from wattif.tables.table import Table

TABLE = Table(
    name="smart_meter_bad_records",
    description="lines of the lake that are no readings",
    columns=(
        DAY,
        Column("file", "text", "object, relative to the lake's prefix"),
        Column("line", "number", "its line in the file, from 1", nullable=True),
        Column("error", "text", "what is wrong with it"),
        Column("content", "text", "its first 200 characters"),
    ),
)

"""The readings as a warehouse holds them: as they were delivered, duplicates and all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wattif.tables.column import Column
from wattif.tables.readings import reading_fields
from wattif.tables.table import Table

DAY = Column("dt", "date", "the partition (UTC day) of the lake that it came from")
TABLE = Table(
    name="smart_meter_readings",
    description="readings as delivered",
    columns=(*reading_fields(3600).values(), DAY),
    day_column=DAY.name,
    cluster_column="mac",
)


def readings_table(fields: Sequence[Column]) -> Table:
    """The table of readings of *fields*."""
    return replace(TABLE, columns=(*fields, DAY))

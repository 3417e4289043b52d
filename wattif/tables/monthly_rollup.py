"""The months that `rollup` makes of loaded readings."""

from __future__ import annotations

from wattif.tables.expected import MONTHLY
from wattif.tables.table import Table

TABLE = Table(
    name="smart_meter_consumption_monthly",
    description="consumption by meter and month",
    columns=MONTHLY.columns,
    key=MONTHLY.key,
)

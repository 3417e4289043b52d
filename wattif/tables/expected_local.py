"""The expected tables by local day and month, `wattif expect --time-zone`; see `wattif.tables.expected`."""

from __future__ import annotations

from wattif.tables.column import MAC, Column
from wattif.tables.expected import ENERGY, Daily, Monthly

_ZONE = Column("time_zone", "text", "the time zone whose day it is, an IANA name")
LOCAL_DAILY = Daily(
    name="expected_local_daily",
    description="energy by meter and local day",
    columns=(
        MAC,
        _ZONE,
        Column("day", "date", "the local day, by the meter's own clock"),
        Column("length_s", "number", "length of the local day: 86,400, or else where the clock is set", unit="s"),
        ENERGY,
        Column("readings", "number", "how many readings the day has"),
    ),
    key=("mac", "day"),
    partition="a local month in a view",
    path="_wattif/expected/{view}/local_daily/{month}",
    endings=("parquet",),
    made="request",
    by_month=True,
)
LOCAL_MONTHLY = Monthly(
    name="expected_local_monthly",
    description="energy by meter and local month",
    columns=(
        MAC,
        _ZONE,
        Column("month", "date", "first day of the local month, by the meter's own clock"),
        ENERGY,
        Column("readings", "number", "how many readings the month has"),
    ),
    key=("mac", "month"),
    partition="a view",
    path="_wattif/expected/{view}/local_monthly",
    endings=("parquet",),
    made="request",
    by_month=False,
)
TABLES = (LOCAL_DAILY, LOCAL_MONTHLY)

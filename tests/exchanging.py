"""Exchange files of small datasets, and what must be in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

import wattif
from wattif.answers.expect import expect
from wattif.spec import Spec

# kinds that set each flag and take rows away; those of clocks put rows elsewhere than they were measured
KINDS = "missing,missing_at_random,dead,outage=9,estimated,sag,exchange,register_zero,theft_mean,spike,reversed_ct"


def damaged(**changes: Any) -> Spec:
    """A dataset in which every meter has something wrong, on the meter's own clock."""
    own = {
        "start": "2024-01-01",
        "end": "2024-02-03",
        "meters": 24,
        "interval": 900,
        "city": "sydney",
        "anomaly_rate": 1.0,
        "anomalies": KINDS,
        "solar_share": 0.5,
        "columns": "mac,timestamp,consumption_wh,export_wh,register_kwh,export_register_kwh,status",
    }
    return Spec(**{**own, **changes})


def rows_of(spec: Spec, meter: int) -> dict[datetime, dict[str, Any]]:
    """The rows of a meter by their time, numbers in units of the last digit."""
    names = ["mac", "timestamp", "consumption_wh", "export_wh", "register_kwh", "export_register_kwh", "status"]
    rows = wattif.read(spec, "readings", meters=[meter], columns=names, numbers="scaled").read_all().to_pylist()
    return {row["timestamp"].astimezone(UTC): row for row in rows}


def expected_days(spec: Spec, time_zone: str, folder: Path) -> dict[tuple[str, date], tuple[Decimal, int]]:
    """Energy in Wh and number of readings by MAC and local day, of whole days, as `wattif expect` says."""
    expect(spec, folder / "no lake", out=folder, time_zone=time_zone)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT mac, day, consumption_wh, readings FROM '{folder}/measured/local_daily/*.parquet'"
        ).fetchall()
    return {(mac, day): (energy, readings) for mac, day, energy, readings in found}


def intervals(start: datetime, end: datetime, seconds: int) -> Iterator[datetime]:
    """Moments from *start* until before *end*."""
    while start < end:
        yield start
        start += timedelta(seconds=seconds)

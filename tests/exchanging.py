"""Exchange files of small datasets, and what must be in them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

import wattif
from wattif.answers.expect import expect
from wattif.model.cities import load_cities
from wattif.numeric.calendar import zone
from wattif.spec import Spec

# kinds that set each flag and take rows away; those of clocks put rows elsewhere than they were measured
KINDS = "missing,missing_at_random,dead,outage=9,estimated,sag,exchange,register_zero,theft_mean,spike,reversed_ct"

YEAR = 2024  # whose changes of the clock are tested


def _changes() -> list[tuple[str, datetime]]:
    """City and hour (UTC), by asking `zoneinfo` each hour of the year."""
    found = []
    for city in load_cities().values():
        hours = [datetime(YEAR, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(366 * 24)]
        offsets = [hour.astimezone(zone(city.time_zone)).utcoffset() for hour in hours]
        moments = zip(hours[1:], offsets, offsets[1:], strict=False)
        found += [(city.id, hour) for hour, before, after in moments if before != after]
    return found


CHANGES = _changes()
every_change = pytest.mark.parametrize(("city", "moment"), CHANGES, ids=[f"{c}-{m:%m-%d}" for c, m in CHANGES])


def around(city: str, moment: datetime) -> Spec:
    """Five days of a meter around a change of its clock."""
    day = moment.date()
    days = {"start": day - timedelta(days=2), "end": day + timedelta(days=2)}
    return Spec(**days, meters=1, city=city, interval=1800, columns="mac,timestamp,consumption_wh,export_wh,status")


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


@lru_cache(maxsize=1)  # tests ask for both registers of a meter
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

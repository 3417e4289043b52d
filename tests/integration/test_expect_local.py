"""Expected local days and months against the readings themselves: added up by hand with zoneinfo, and by DuckDB."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import orjson
import pyarrow.parquet as pq
import pytest

from tests.asking import Asked, Asking
from tests.rows import ALL_COLUMNS, PatternPlan, clean_lines, load
from wattif.answers.expect import expect
from wattif.errors import UsageError
from wattif.faults.plan import FaultPlan

Days = dict[tuple[str, date], tuple[Decimal, int]]
YEAR = 2024
SHIPPED = tomllib.loads(Path("wattif/model/data/cities.toml").read_text(encoding="utf-8"))["city"]
ZONES = {city["id"]: city["time_zone"] for city in SHIPPED}


def _changes(zone: str, year: int) -> Iterator[date]:
    """The UTC days of *year* on which the clocks of *zone* are set."""
    moment = datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        after = moment + timedelta(hours=1)
        if moment.astimezone(ZoneInfo(zone)).utcoffset() != after.astimezone(ZoneInfo(zone)).utcoffset():
            yield moment.date()
        moment = after


CHANGES = [(city, day) for city, zone in ZONES.items() for day in _changes(zone, YEAR)]
UNUSUAL = [
    ("Asia/Kolkata", date(2024, 1, 31)),  # half an hour off
    ("Asia/Kathmandu", date(2024, 1, 31)),  # a quarter of one
    ("Australia/Adelaide", date(2024, 4, 6)),  # half an hour off, and both clock changes
    ("Australia/Adelaide", date(2024, 10, 5)),
    ("Australia/Lord_Howe", date(2024, 4, 6)),  # set by half an hour
    ("America/St_Johns", date(2007, 11, 4)),  # set back at 00:01: the day before goes on for an hour
    ("Pacific/Apia", date(2011, 12, 30)),  # a day that there never was
    ("Africa/Monrovia", date(1972, 1, 7)),  # 44 min and 30 s off
    ("Pacific/Kiritimati", date(2024, 2, 29)),  # 14 hours ahead
    ("Etc/GMT+12", date(2024, 3, 1)),  # 12 hours behind
]


def _expect(asked: Asked, time_zone: str, faults: FaultPlan | None = None) -> Path:
    out = asked.lake.parent / "expected"
    expect(asked.spec, asked.place, out=out, time_zone=time_zone, faults=faults)
    return out


def _days_around(settings: Asking, day: date, **changes: Any) -> Asked:
    return settings(start=day - timedelta(days=2), end=day + timedelta(days=2), meters=3, interval=900, **changes)


def _by_hand(lines: Iterable[tuple[date, bytes]], zone: str) -> Days:
    sums: Days = {}
    for _, line in lines:
        row = orjson.loads(line)
        moment = datetime.strptime(row["timestamp"], "%Y-%m-%dT%H:%M:%S%z")
        key = row["mac"], moment.astimezone(ZoneInfo(zone)).date()
        energy, readings = sums.get(key, (Decimal(0), 0))
        sums[key] = energy + Decimal(str(row["consumption_wh"])), readings + 1
    return sums


def _found(view: Path, table: str, day: str) -> Days:
    rows = pq.read_table(view / table).to_pylist()
    sums = {(row["mac"], row[day]): (row["consumption_wh"], row["readings"]) for row in rows}
    assert len(sums) == len(rows)
    return sums


def _months(days: Days) -> Days:
    sums: Days = {}
    for (mac, day), (energy, readings) in days.items():
        key = mac, day.replace(day=1)
        before = sums.get(key, (Decimal(0), 0))
        sums[key] = before[0] + energy, before[1] + readings
    return sums


def _hold(view: Path, wanted: Days) -> None:
    assert _found(view, "local_daily", "day") == wanted
    assert _found(view, "local_monthly.parquet", "month") == _months(wanted)


def _lengths(view: Path) -> dict[date, int]:
    return {row["day"]: row["length_s"] for row in pq.read_table(view / "local_daily").to_pylist()}


def _length_by_hand(zone: str, day: date) -> int:
    """By counting the seconds, half a minute at a time."""
    moment, count = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15), 0
    for _ in range(54 * 120):
        count += moment.astimezone(ZoneInfo(zone)).date() == day
        moment += timedelta(seconds=30)
    return 30 * count


def test_most_cities_set_their_clocks_twice_a_year() -> None:
    assert len(CHANGES) == 2 * len([zone for zone in ZONES.values() if zone not in ("Asia/Manila", "Asia/Tokyo")])


@pytest.mark.parametrize(("city", "day"), [*CHANGES, ("manila", date(2024, 1, 31)), ("tokyo", date(2024, 1, 31))])
def test_local_days_of_every_city_when_its_clocks_are_set(settings: Asking, city: str, day: date) -> None:
    asked = _days_around(settings, day, city=city)
    expected = _expect(asked, "local")
    _hold(expected / "measured", _by_hand(clean_lines(asked), ZONES[city]))
    lengths = _lengths(expected / "measured")
    assert sorted(set(lengths.values())) in ([82_800, 86_400], [86_400, 90_000], [86_400])
    assert (len(set(lengths.values())) == 2) == ((city, day) in CHANGES)


@pytest.mark.parametrize(("zone", "day"), UNUSUAL)
def test_zones_whose_hours_are_not_those_of_utc(settings: Asking, zone: str, day: date) -> None:
    asked = _days_around(settings, day)
    expected = _expect(asked, zone)
    _hold(expected / "measured", _by_hand(clean_lines(asked), zone))
    for local, length_s in _lengths(expected / "measured").items():
        assert length_s == _length_by_hand(zone, local), local


def test_each_city_has_its_own_day(settings: Asking, tmp_path: Path) -> None:
    """Adelaide by a file of cities, Kolkata likewise, and London."""
    own = "".join(
        f"""[[city]]
id = "{zone.partition("/")[2].lower()}"
name = "Mine"
country = "AU"
time_zone = "{zone}"
latitude = -34.9
longitude = 138.6
population = 1_000_000
climate = "south"
nominal_v = 230
nominal_hz = 50
frequency_spread_mhz = 20
temperature_c = [23, 23, 20, 17, 14, 12, 11, 12, 14, 17, 19, 21]
temperature_day_sd_k = 2
daily_range_k = 9
cooling_per_k = 0.02
heating_per_k = 0.02
season = "temperature"
mean_kwh = {{ residential = 300, commercial = 800, industrial = 2500 }}

"""
        for zone in ("Australia/Adelaide", "Asia/Kolkata")
    )
    (tmp_path / "cities.toml").write_text(own, encoding="utf-8")
    zones = {"adelaide": "Australia/Adelaide", "kolkata": "Asia/Kolkata", "london": "Europe/London"}
    asked = settings(
        start="2024-03-30",
        end="2024-04-07",
        meters=65,
        interval=1800,
        city=",".join(zones),
        cities=tmp_path / "cities.toml",
        columns="mac,timestamp,consumption_wh,city_id",
    )
    expected = _expect(asked, "local")
    wanted: Days = {}
    for city, zone in zones.items():
        wanted |= _by_hand((line for line in clean_lines(asked) if city.encode() in line[1]), zone)
    _hold(expected / "measured", wanted)


@pytest.mark.parametrize("zone", ["Australia/Adelaide", "America/New_York"])
def test_each_view_has_what_arrives_by_whatever_clock(settings: Asking, tmp_path: Path, zone: str) -> None:
    asked = settings(
        start="2024-01-30", end="2024-02-02", meters=25, columns=ALL_COLUMNS, anomaly_rate=1, interval=600, seed=38
    )
    faults = PatternPlan(asked)
    expected = _expect(asked, zone, faults)
    with duckdb.connect() as connection:
        load(connection, "measured", tmp_path / "measured", clean_lines(asked))
        load(connection, "delivered", tmp_path / "delivered", faults.deliver())
        connection.execute("CREATE TABLE deduplicated AS SELECT DISTINCT ON (mac, timestamp) * FROM delivered")
        for view in ("measured", "delivered", "deduplicated"):
            ours = (
                f"SELECT mac, timezone('{zone}', timestamp AT TIME ZONE 'UTC')::DATE,"
                f" sum(consumption_wh)::DECIMAL(18,3), count(*) FROM {view} GROUP BY ALL"
            )
            theirs = f"SELECT mac, day, consumption_wh, readings FROM '{expected}/{view}/local_daily/*.parquet'"
            for more, less in ((ours, theirs), (theirs, ours)):
                assert connection.sql(f"{more} EXCEPT ALL {less}").fetchall()[:3] == []


def test_days_in_utc_are_no_other_tables(settings: Asking) -> None:
    expected = _expect(settings(), "UTC")
    assert not list(expected.rglob("local*"))


def test_a_zone_that_is_none_is_refused(settings: Asking) -> None:
    with pytest.raises(UsageError, match="did you mean Asia/Calcutta"):
        _expect(settings(), "Asia/Calcuta")

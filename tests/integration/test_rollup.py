"""`wattif rollup` with DuckDB: hours and months, computed by pandas from the lines of the lake."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import hypothesis
import pandas as pd
import pytest
from hypothesis import strategies as st

from tests.asking import Asking, generate
from tests.warehouses import FILE_A, FILE_B, HandLake, load, parsed, reading, rollup, rows
from wattif.errors import WarehouseError

DAY = date(2024, 1, 31)
MACS = [f"02:00:00:00:00:{n:02X}" for n in range(3)]
HOURLY = """SELECT mac, time_hour_rolled, consumption_hour_rolled, consumption_avg, consumption_max, readings
            FROM smart_meter_readings_hour_rolled ORDER BY ALL"""
MONTHLY = "SELECT mac, month, consumption_wh, readings FROM smart_meter_consumption_monthly ORDER BY ALL"


def _by_pandas(lines: list[dict[str, Any]]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Hours and months of rows as parsed, in whole milliwatt-hours."""
    frame = pd.DataFrame(
        {
            "mac": [line["mac"] for line in lines],
            "time": pd.to_datetime([line["timestamp"] for line in lines], utc=True),
            "mwh": [round(line["consumption_wh"] * 1000) for line in lines],
        }
    ).drop_duplicates(["mac", "time"])
    frame["hour"] = frame["time"].dt.floor("h")
    frame["month"] = [moment.date().replace(day=1) for moment in frame["time"]]

    def exact(mwh: int) -> Decimal:
        return Decimal(int(mwh)) / 1000

    hours = [
        (
            mac,
            hour.to_pydatetime(),
            exact(group.sum()),
            pytest.approx(group.mean() / 1000, rel=1e-12),
            exact(group.max()),
            len(group),
        )
        for (mac, hour), group in frame.groupby(["mac", "hour"])["mwh"]
    ]
    months = [
        (mac, month, exact(group.sum()), len(group)) for (mac, month), group in frame.groupby(["mac", "month"])["mwh"]
    ]
    return hours, months


def _check(lake: Path) -> None:
    hours, months = _by_pandas(parsed(sorted(lake.glob("dt=*/*.json"))))
    assert rows(lake / "wattif.duckdb", HOURLY) == hours
    assert rows(lake / "wattif.duckdb", MONTHLY) == months


def test_a_generated_lake(settings: Asking) -> None:
    asked = settings(start="2024-01-30", end="2024-02-01", interval=600)
    generate(asked, Event())
    load(lake=asked.lake)
    report = rollup(lake=asked.lake)
    assert (report.days, report.hours, report.readings, report.delivered) == (3, 720, 4320, 4320)
    _check(asked.lake)


# A reading: meter, day from 0, second of the day, how far its clock is off, mWh, how often it is delivered
_readings = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 86_399),
        st.sampled_from([0, 0, 0, 900, -900, 90_000]),
        st.integers(0, 10**9),
        st.sampled_from([1, 1, 2, 4]),
    ),
    min_size=1,
    unique_by=lambda each: (each[0], each[1] * 86_400 + each[2] + each[3]),  # no two that differ have the same time
)


@hypothesis.settings(max_examples=8)
@hypothesis.given(_readings, st.randoms(use_true_random=False))
def test_hours_and_months_are_those_of_the_deduplicated_rows(
    readings: list[tuple[int, int, int, int, int, int]], random: Any
) -> None:
    """Wrong clocks write hours of other days; days come in any order, some of them twice with other rows."""
    with tempfile.TemporaryDirectory() as folder:
        lake = HandLake(Path(folder))
        lines: dict[date, list[bytes]] = {}
        for meter, day, second, ahead_s, mwh, times in readings:
            dt = DAY + timedelta(days=day)
            moment = datetime(dt.year, dt.month, dt.day, tzinfo=UTC) + timedelta(seconds=second + ahead_s)
            line = reading(MACS[meter], f"{moment:%Y-%m-%dT%H:%M:%SZ}", f"{mwh // 1000}.{mwh % 1000:03}")
            lines.setdefault(dt, []).extend([line] * times)
        for dt in random.sample(sorted(lines), len(lines)):
            if random.random() < 0.5:  # first another content, which is replaced
                lake.write(dt, {FILE_B: [reading(MACS[0], f"{dt - timedelta(days=1)}T23:30:00Z", "7")]})
                lake.load()
                lake.rollup()
            lake.write(
                dt,
                {
                    FILE_B: b"",
                    FILE_A: random.sample(lines[dt], len(lines[dt])),
                },
            )
            lake.load()
            lake.rollup()
        _check(lake.folder)


def test_only_new_and_changed_days_are_rolled_up(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    days = [DAY, DAY + timedelta(days=1)]
    for day in days:
        lake.write(day, {FILE_A: [reading(MACS[0], f"{day}T12:00:00Z", "1")]})
    lake.load()
    assert (lake.rollup().days, lake.rollup().days) == (2, 0)
    lake.write(days[1], {FILE_A: [reading(MACS[0], f"{days[1]}T13:00:00Z", "2")] * 3})
    lake.load()
    report = lake.rollup()
    assert (report.days, report.days_skipped, report.hours, report.readings, report.delivered) == (1, 1, 2, 2, 4)
    _check(tmp_path)


def test_a_clock_that_was_reset_has_no_days_between_rolled_up_again(tmp_path: Path) -> None:
    """What lies between the years is not touched: hours whose readings are no longer kept stay as they are."""
    lake = HandLake(tmp_path)
    days = [DAY + timedelta(days=n) for n in range(9)]
    resets = [reading(MACS[1], "2000-01-01T00:00:07Z", "2"), reading(MACS[1], "1970-01-02T09:00:03Z", "4")]
    for day in days[:-1]:
        files = {FILE_A: [reading(MACS[0], f"{day}T12:00:00Z", "1")]}
        lake.write(day, files | {FILE_B: resets} if day == days[1] else files)
    lake.load()
    lake.rollup()
    _check(tmp_path)
    before = lake.rows(HOURLY)
    with duckdb.connect(str(tmp_path / "wattif.duckdb")) as connection:
        connection.execute("DELETE FROM smart_meter_readings WHERE dt BETWEEN ? AND ?", [days[2], days[3]])
    lake.write(
        days[-1],
        {FILE_A: [reading(MACS[0], "2000-01-01T00:00:01Z", "8"), reading(MACS[0], f"{days[-1]}T12:00:00Z", "16")]},
    )
    lake.load()
    lake.rollup()
    _check(tmp_path)
    after = lake.rows(HOURLY)
    assert len(after) == len(before) + 2
    assert set(before) <= set(after)


def test_hours_of_readings_without_consumption_are_there_without_a_value(tmp_path: Path) -> None:
    """A field that was renamed on the way must not look like an hour without readings."""
    lake = HandLake(tmp_path)
    line = reading(MACS[0], f"{DAY}T12:00:00Z", "1").replace(b"consumption_wh", b"energy_wh")
    lake.write(DAY, {FILE_A: line})
    lake.load()
    lake.rollup()
    assert lake.rows(HOURLY) == [(MACS[0], datetime(2024, 1, 31, 12, tzinfo=UTC), None, None, None, 1)]


def test_nothing_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no such database; run 'python -m wattif load' first"):
        rollup(lake=tmp_path)
    database = tmp_path / "empty.duckdb"
    rows(database, "SELECT 1")
    with pytest.raises(WarehouseError, match=r"wattif_loads does not exist.*run 'python -m wattif load'"):
        rollup(database=database)

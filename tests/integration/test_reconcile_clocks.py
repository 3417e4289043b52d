"""Readings of meters whose clock is wrong on purpose: exactly so wrong, and no other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from tests.asking import Asking
from tests.rows import PatternPlan, clean_lines, load
from tests.tables import Table


def _delivered(settings: Asking, folder: Path, kind: str, columns: str) -> Table:
    """Every clock goes wrong at some time; the table ``delivered`` has what PatternPlan leaves of the readings."""
    asked = settings(start="2024-01-29", end="2024-02-02", columns=columns, anomaly_rate=1, anomalies=kind)
    table = Table(asked, folder)
    with duckdb.connect(table.path) as connection:
        load(connection, "delivered", folder / "delivered", PatternPlan(asked).deliver())
    return table


@pytest.fixture
def skewed(settings: Asking, tmp_path: Path) -> Table:
    """Clocks that are ahead or behind."""
    return _delivered(settings, tmp_path, "clock_skew", "mac,timestamp,consumption_wh,power_w,seq")


@pytest.fixture
def reset(settings: Asking, tmp_path: Path) -> Table:
    """Clocks that begin anew."""
    return _delivered(settings, tmp_path, "clock_reset", "mac,timestamp,consumption_wh,power_w,status,seq")


def test_clocks_that_began_anew_are_no_alarm(reset: Table) -> None:
    assert reset.reconcile()[0] == []
    assert reset.reconcile(PatternPlan(reset.asked), table="delivered")[0] == []
    with duckdb.connect(reset.path) as connection:
        counts = connection.sql(
            "SELECT year(timestamp) AS y, count(*) > 100, min(status), max(status), min(timestamp) < make_date(y, 1, 1)"
            " + INTERVAL 5 MINUTE, count(DISTINCT (mac, timestamp)) = count(*) FROM readings GROUP BY y ORDER BY y"
        ).fetchall()
    assert counts == [(1970, True, 8, 12, True, True), (2000, True, 8, 12, True, True), (2024, True, 0, 0, False, True)]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ("UPDATE readings SET timestamp = timestamp + INTERVAL 1 SECOND WHERE {}", "altered"),
        ("UPDATE readings SET consumption_wh = consumption_wh + 1 WHERE {}", "altered"),
        ("DELETE FROM readings WHERE {}", "missing"),
        ("INSERT INTO readings FROM readings WHERE {}", "doubled"),
        ("UPDATE readings SET dt = timestamp::DATE WHERE {}", "altered"),
    ],
)
@pytest.mark.parametrize("year", [1970, 2000])
def test_a_reading_of_a_clock_that_began_anew_is_compared(reset: Table, year: int, change: str, verdict: str) -> None:
    at = _row(reset, f"year(timestamp) = {year}")
    reset.change(change.format(at))
    (difference,) = reset.reconcile()[0]
    assert difference.verdict == verdict
    assert f"mac = '{difference.mac}'" in at
    assert difference.hour is not None
    assert difference.hour.year == year


def _row(table: Table, where: str) -> str:
    """The condition of one reading of a wrong clock."""
    with duckdb.connect(table.path) as connection:
        mac, timestamp = connection.sql(
            f"SELECT mac, timestamp FROM readings WHERE epoch(timestamp) % 300 <> 0 AND {where} ORDER BY ALL"
            " LIMIT 1 OFFSET 2"
        ).fetchall()[0]
    return f"mac = '{mac}' AND timestamp = '{timestamp}'"


def test_wrong_clocks_are_no_alarm(skewed: Table) -> None:
    assert skewed.reconcile()[0] == []
    assert skewed.reconcile(PatternPlan(skewed.asked), table="delivered")[0] == []
    with duckdb.connect(skewed.path) as connection:
        (within, elsewhere) = connection.sql(
            "SELECT count_if(epoch(timestamp) % 300 <> 0), count_if(dt <> timestamp::DATE) FROM readings"
        ).fetchall()[0]
    assert within > 100
    assert elsewhere > 0
    assert sum(1 for _ in clean_lines(skewed.asked)) > within


@pytest.mark.parametrize("moved", [timedelta(seconds=1), timedelta(seconds=-1), timedelta(milliseconds=1)])
def test_a_timestamp_of_a_wrong_clock_that_was_moved(skewed: Table, moved: timedelta) -> None:
    at = _row(skewed, "epoch(timestamp) % 300 BETWEEN 2 AND 297")
    microseconds = moved // timedelta(microseconds=1)
    skewed.change(f"UPDATE readings SET timestamp = timestamp + to_microseconds({microseconds}) WHERE {at}")
    (difference,) = skewed.reconcile()[0]
    assert difference.verdict == "altered"
    assert f"mac = '{difference.mac}'" in at


def test_timestamps_alone_are_compared_to_the_second(skewed: Table) -> None:
    """Of a table without any number."""
    skewed.change("CREATE TABLE times AS SELECT mac, timestamp FROM readings")
    assert skewed.reconcile(table="times")[0] == []
    at = _row(skewed, "epoch(timestamp) % 300 BETWEEN 2 AND 297")
    skewed.change(f"UPDATE times SET timestamp = timestamp + INTERVAL 1 SECOND WHERE {at}")
    (difference,) = skewed.reconcile(table="times")[0]
    assert (difference.verdict, difference.found) == ("altered", "other values or timestamps with the same sums")


def test_a_clock_that_was_corrected_is_not_what_was_sent(skewed: Table) -> None:
    at = _row(skewed, "minute(timestamp) BETWEEN 5 AND 54")
    skewed.change(f"UPDATE readings SET timestamp = time_bucket(INTERVAL 5 MINUTE, timestamp) WHERE {at}")
    (difference,) = skewed.reconcile()[0]
    assert (difference.verdict, difference.column, difference.readings) == ("altered", "timestamp", 1)


@pytest.mark.parametrize("where", ["dt = timestamp::DATE", "dt <> timestamp::DATE"])
def test_a_partition_of_a_wrong_clock_that_was_changed(skewed: Table, where: str) -> None:
    at = _row(skewed, where)
    skewed.change(
        "UPDATE readings SET dt = CASE WHEN dt = timestamp::DATE THEN DATE '2024-01-01' ELSE timestamp::DATE END"
        f" WHERE {at}"
    )
    (difference,) = skewed.reconcile()[0]
    assert (difference.verdict, difference.column, difference.readings) == ("altered", "dt", 1)

"""The hourly table and Parquet files held against the expectation, and what is no such table."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.rows import PatternPlan
from tests.tables import Table
from wattif.answers.reconcile.sources import DuckDbSource
from wattif.answers.reconcile.table_reconciliation import TableReconciliation
from wattif.engine.plan import Plan
from wattif.errors import UsageError

HOUR = datetime(2024, 1, 31, 5, tzinfo=UTC)
ROLLED = """CREATE TABLE rolled AS SELECT mac, date_trunc('hour', timestamp)::TIMESTAMPTZ AS time_hour_rolled,
    sum(consumption_wh) AS consumption_hour_rolled, avg(consumption_wh) AS consumption_avg,
    max(consumption_wh) AS consumption_max, count(*) AS readings FROM {} GROUP BY ALL"""
AT = "time_hour_rolled = '2024-01-31 05:00:00+00'"


@pytest.mark.parametrize("kind", ["DECIMAL(18,3)", "DOUBLE"])
def test_a_clean_hourly_table_gives_no_alarm(table: Table, kind: str) -> None:
    table.change(
        ROLLED.format(f"(SELECT * REPLACE (consumption_wh::{kind} AS consumption_wh) FROM readings)"),
        "CREATE TABLE narrow AS SELECT mac, time_hour_rolled::VARCHAR AS time_hour_rolled, consumption_hour_rolled"
        " FROM rolled",
    )
    assert table.reconcile(table="rolled")[0] == []
    assert table.reconcile(table="narrow")[0] == []


@pytest.mark.parametrize(
    ("damage", "wanted"),
    [
        ("DELETE FROM rolled WHERE {}", {("missing", None, 12)}),
        ("INSERT INTO rolled SELECT * FROM rolled WHERE {}", {("doubled", None, 12)}),
        (
            "UPDATE rolled SET readings = readings * 2, consumption_hour_rolled = consumption_hour_rolled * 2 WHERE {}",
            {("doubled", None, 12)},
        ),
        ("UPDATE rolled SET readings = 11 WHERE {}", {("missing", None, 1)}),
        (
            "UPDATE rolled SET consumption_hour_rolled = consumption_hour_rolled + 0.001 WHERE {}",
            {("altered", "consumption_hour_rolled", 12)},
        ),
        ("UPDATE rolled SET consumption_max = consumption_max + 0.001 WHERE {}", {("altered", "consumption_max", 12)}),
        ("UPDATE rolled SET consumption_avg = consumption_avg + 0.001 WHERE {}", {("altered", "consumption_avg", 12)}),
        ("UPDATE rolled SET consumption_max = NULL WHERE {}", {("altered", "consumption_max", 12)}),
    ],
)
def test_damages_of_the_hourly_table(table: Table, damage: str, wanted: set[Any]) -> None:
    table.change(ROLLED.format("readings"), damage.format(f"{table.of_meter(3)} AND {AT}"))
    differences, _ = table.reconcile(table="rolled")
    assert {(each.verdict, each.column, each.readings) for each in differences} == wanted
    assert {(each.mac, each.hour) for each in differences} == {(table.macs[3], HOUR)}


@pytest.mark.parametrize("column", ["consumption_hour_rolled", "consumption_max"])
@pytest.mark.parametrize("kind", ["DOUBLE", "DECIMAL(18, 6)", "VARCHAR"])
def test_an_hour_changed_by_less_than_half_a_milliwatt_hour(table: Table, column: str, kind: str) -> None:
    table.change(
        ROLLED.format("readings"),
        f"CREATE TABLE other AS SELECT * REPLACE ({column}::{kind} AS {column}) FROM rolled",
    )
    differences, counts = table.reconcile(table="other")
    assert differences == []
    assert counts.inexact == ({column: "64-bit floating point"} if kind == "DOUBLE" else {})
    table.change(
        f"UPDATE other SET {column} = ({column}::DECIMAL(18, 6) + 0.0004)::{kind} WHERE {table.of_meter(3)} AND {AT}"
    )
    (difference,) = table.reconcile(table="other")[0]
    assert (difference.mac, difference.hour, difference.verdict) == (table.macs[3], HOUR, "altered")
    assert (difference.column, difference.expected, difference.found) == (column, "3 decimals", "more decimals")


@pytest.mark.parametrize(
    "text",
    [
        "strftime(time_hour_rolled::TIMESTAMP + INTERVAL 8 HOUR, '%Y-%m-%dT%H:%M:%S+08:00')",
        "strftime(time_hour_rolled::TIMESTAMP - INTERVAL 210 MINUTE, '%Y-%m-%d %H:%M:%S-03:30')",
    ],
)
def test_hours_as_text_with_an_offset(table: Table, text: str) -> None:
    table.change(
        ROLLED.format("readings"),
        f"CREATE TABLE other AS SELECT * REPLACE ({text} AS time_hour_rolled) FROM rolled",
        f"CREATE TABLE later AS SELECT * REPLACE ({text.replace('INTERVAL 8 HOUR', 'INTERVAL 9 HOUR')}"
        " AS time_hour_rolled) FROM rolled",
    )
    assert table.reconcile(table="other")[0] == []
    if "+08:00" in text:
        assert {each.verdict for each in table.reconcile(table="later")[0]} >= {"missing", "extra"}


def test_hours_in_types_that_lose_digits(table: Table) -> None:
    table.change(
        ROLLED.format("readings"),
        "CREATE TABLE other AS SELECT * REPLACE (consumption_hour_rolled::FLOAT AS consumption_hour_rolled,"
        " consumption_max::FLOAT AS consumption_max, consumption_avg::DECIMAL(18, 3) AS consumption_avg) FROM rolled",
    )
    differences, counts = table.reconcile(table="other")
    assert differences == []
    assert counts.inexact == dict.fromkeys(("consumption_hour_rolled", "consumption_max"), "32-bit floating point")
    table.change(
        "UPDATE other SET consumption_hour_rolled = consumption_hour_rolled * 1.00001, consumption_avg ="
        f" consumption_avg + 0.002 WHERE {table.of_meter(3)} AND {AT}"
    )
    assert {each.column for each in table.reconcile(table="other")[0]} == {"consumption_hour_rolled", "consumption_avg"}


def test_the_hourly_table_of_what_was_delivered(faulty: tuple[Table, PatternPlan]) -> None:
    table, faults = faulty
    table.change(ROLLED.format("delivered"))
    assert table.reconcile(faults, table="rolled")[0] == []
    table.change("DROP TABLE rolled", ROLLED.format("(SELECT DISTINCT ON (mac, timestamp) * FROM delivered)"))
    assert table.reconcile(faults, table="rolled")[0] == []


def test_parquet_files(table: Table) -> None:
    table.change(f"COPY readings TO '{table.folder}/parquet' (FORMAT parquet, PARTITION_BY (dt))")
    source = DuckDbSource.of_parquet(f"{table.folder}/parquet/*/*.parquet")
    with TableReconciliation(table.scenario, Plan.of(table.asked), None, source) as held:
        held.run()
        assert list(held.differences()) == []
    with TableReconciliation(table.scenario, Plan.of(table.asked), PatternPlan(table.asked), source) as held:
        held.run()
        assert "extra" in Counter(each.verdict for each in held.differences())
    source.close()


def test_what_is_no_table(table: Table) -> None:
    with pytest.raises(UsageError, match=r"`table` nothing: .* its tables: readings"):
        table.reconcile(table="nothing")
    with pytest.raises(UsageError, match="there is no such file"):
        DuckDbSource.of_table(table.folder / "nothing.duckdb", "readings")
    with pytest.raises(UsageError, match="`parquet`"):
        DuckDbSource.of_parquet(f"{table.folder}/nothing/*.parquet")
    table.change("CREATE TABLE strange AS SELECT 1 AS x")
    with pytest.raises(UsageError, match="no column mac"):
        table.reconcile(table="strange")

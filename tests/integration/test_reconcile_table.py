"""Tables that were damaged on purpose: each damage is found and named, and nothing else is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import duckdb
import pytest

from tests.rows import PatternPlan
from tests.tables import Table
from wattif.answers.hour_parts import Renamed
from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.sources import DuckDbSource
from wattif.answers.reconcile.table_reconciliation import TableReconciliation
from wattif.engine.plan import Plan

NUMBERS = [
    "consumption_wh",
    "power_w",
    "voltage_v",
    "current_a",
    "power_factor",
    "frequency_hz",
    "register_kwh",
    "status",
]
HOUR = datetime(2024, 1, 31, 5, tzinfo=UTC)
IN_HOUR = "timestamp >= '2024-01-31 05:00:00' AND timestamp < '2024-01-31 06:00:00'"


def _one(differences: list[Difference]) -> Difference:
    assert len(differences) == 1, differences
    return differences[0]


def test_a_clean_table_gives_no_alarm(table: Table) -> None:
    differences, counts = table.reconcile()
    assert differences == []
    assert counts.hours == 3 * 24 * 10
    assert not counts.causes


@pytest.mark.parametrize(
    "kinds",
    [
        "CAST(timestamp AS VARCHAR) AS timestamp",
        "strftime(timestamp, '%Y-%m-%dT%H:%M:%SZ') AS timestamp",
        "timestamp::TIMESTAMPTZ AS timestamp, register_kwh::DOUBLE AS register_kwh, voltage_v::DOUBLE AS voltage_v",
        "consumption_wh::FLOAT8 AS consumption_wh, status::VARCHAR AS status",
    ],
)
def test_types_do_not_matter(table: Table, kinds: str) -> None:
    table.change(f"CREATE TABLE other AS SELECT * REPLACE ({kinds}) FROM readings ORDER BY random()")
    assert table.reconcile(table="other")[0] == []


@pytest.mark.parametrize(
    "kinds",
    [
        "strftime(timestamp + INTERVAL 8 HOUR, '%Y-%m-%dT%H:%M:%S+08:00') AS timestamp",
        "strftime(timestamp - INTERVAL 210 MINUTE, '%Y-%m-%d %H:%M:%S-03:30') AS timestamp",
        "register_kwh::FLOAT4 AS register_kwh, consumption_wh::FLOAT4 AS consumption_wh",
    ],
)
def test_other_offsets_and_what_a_type_loses_are_no_alarm(table: Table, kinds: str) -> None:
    table.change(f"CREATE TABLE other AS SELECT * REPLACE ({kinds}) FROM readings")
    differences, counts = table.reconcile(table="other")
    assert differences == []
    floats = dict.fromkeys(("consumption_wh", "register_kwh"), "32-bit floating point")
    assert counts.inexact == (floats if "FLOAT4" in kinds else {})


def test_what_a_type_loses_hides_no_more_than_that(table: Table) -> None:
    table.change(
        "CREATE TABLE other AS SELECT * REPLACE (register_kwh::FLOAT4 AS register_kwh) FROM readings",
        "UPDATE other SET register_kwh = register_kwh + 1"
        f" WHERE {table.of_meter(3)} AND timestamp = '2024-01-31 05:10:00'",
    )
    assert _one(table.reconcile(table="other")[0]).column == "register_kwh"


@pytest.mark.parametrize("moved", ["INTERVAL 1 SECOND", "INTERVAL 1 MILLISECOND", "INTERVAL 9 MINUTE"])
def test_a_timestamp_moved_by_less_than_an_interval(table: Table, moved: str) -> None:
    table.change(
        f"UPDATE readings SET timestamp = timestamp + {moved}"
        f" WHERE {table.of_meter(3)} AND timestamp = '2024-01-31 05:10:00'"
    )
    difference = _one(table.reconcile()[0])
    assert (difference.column, difference.verdict, difference.hour, difference.readings) == (
        "timestamp",
        "altered",
        HOUR,
        1,
    )


@pytest.mark.parametrize("partition", ["DATE '2024-02-01'", "NULL"])
def test_rows_in_the_wrong_partition(table: Table, partition: str) -> None:
    table.change(f"UPDATE readings SET dt = {partition} WHERE {table.of_meter(3)} AND {IN_HOUR}")
    difference = _one(table.reconcile()[0])
    assert (difference.column, difference.verdict, difference.hour, difference.readings) == ("dt", "altered", HOUR, 12)


@pytest.mark.parametrize("kind", ["DOUBLE", "DECIMAL(18, 6)", "VARCHAR"])
def test_a_change_of_less_than_half_a_milliwatt_hour(table: Table, kind: str) -> None:
    table.change(
        f"CREATE TABLE other AS SELECT * REPLACE (consumption_wh::{kind} AS consumption_wh) FROM readings",
        f"UPDATE other SET consumption_wh = (consumption_wh::DECIMAL(18, 6) + 0.0004)::{kind}"
        f" WHERE {table.of_meter(3)} AND timestamp = '2024-01-31 05:10:00'",
    )
    difference = _one(table.reconcile(table="other")[0])
    assert (difference.column, difference.verdict, difference.hour) == ("consumption_wh", "altered", HOUR)
    assert (difference.expected, difference.found, difference.readings) == ("3 decimals", "more decimals", 1)


def test_a_table_with_fewer_columns_is_held_by_those(table: Table) -> None:
    table.change("CREATE TABLE narrow AS SELECT timestamp, mac, power_w FROM readings")
    assert table.reconcile(table="narrow")[0] == []
    table.change(
        f"UPDATE narrow SET power_w = power_w + 1 WHERE {table.of_meter(3)} AND timestamp = '2024-01-31 05:10:00'"
    )
    assert _one(table.reconcile(table="narrow")[0]).column == "power_w"


def test_deleted_rows_are_missing(table: Table) -> None:
    table.change(f"DELETE FROM readings WHERE {table.of_meter(3)} AND {IN_HOUR} AND minute(timestamp) < 15")
    found = _one(table.reconcile()[0])
    assert (found.mac, found.hour, found.verdict, found.readings) == (table.macs[3], HOUR, "missing", 3)
    assert (found.expected, found.found, found.cause) == ("12", "9", None)


def test_a_deleted_hour_is_missing(table: Table) -> None:
    table.change(f"DELETE FROM readings WHERE {table.of_meter(3)} AND {IN_HOUR}")
    found = _one(table.reconcile()[0])
    assert (found.mac, found.hour, found.verdict, found.readings) == (table.macs[3], HOUR, "missing", 12)


def test_repeated_rows_are_doubled(table: Table) -> None:
    table.change(
        f"INSERT INTO readings FROM readings WHERE {table.of_meter(3)} AND {IN_HOUR} AND minute(timestamp) < 10"
    )
    found = _one(table.reconcile()[0])
    assert (found.mac, found.hour, found.verdict, found.readings) == (table.macs[3], HOUR, "doubled", 2)


@pytest.mark.parametrize("column", NUMBERS)
def test_one_digit_is_found_in_any_column(table: Table, column: str) -> None:
    """The last digit of one reading of one meter."""
    digit = {"power_w": 1, "status": 1, "voltage_v": 0.1, "current_a": 0.01}.get(column, 0.001)
    change = f"UPDATE readings SET {column} = {column} {{}} {digit} WHERE {table.of_meter(3)} AND timestamp ="
    table.change(change.format("+") + " '2024-01-31 05:10:00'")
    found = _one(table.reconcile()[0])
    assert (found.mac, found.hour, found.verdict, found.column) == (table.macs[3], HOUR, "altered", column)
    assert found.expected is not None
    assert found.found is not None
    assert float(found.found) - float(found.expected) == pytest.approx(digit, rel=1e-3)
    # and once more the other way at another moment of that hour: the sum is right again
    table.change(change.format("-") + " '2024-01-31 05:25:00'")
    found = _one(table.reconcile()[0])
    assert (found.mac, found.hour, found.verdict, found.column) == (table.macs[3], HOUR, "altered", column)


@pytest.mark.parametrize("column", NUMBERS)
def test_changes_that_cancel_within_an_hour(table: Table, column: str) -> None:
    """In the sum and in the moment: more, twice less and more again, in three readings that follow one another."""
    digit = {"power_w": 1, "status": 1, "voltage_v": 0.1, "current_a": 0.01}.get(column, 0.001)
    table.change(
        *(
            f"UPDATE readings SET {column} = {column} + {step * digit}"
            f" WHERE {table.of_meter(3)} AND timestamp = '2024-01-31 05:{minute}:00'"
            for minute, step in ((10, 1), (15, -2), (20, 1))
        )
    )
    difference = _one(table.reconcile()[0])
    assert (difference.mac, difference.hour, difference.verdict) == (table.macs[3], HOUR, "altered")
    assert (difference.column, difference.found) == (None, "other values or timestamps with the same sums")


def test_changes_that_cancel_in_every_hour(table: Table) -> None:
    """Powers and registers trade a unit, each so that its sum and its moment stay."""
    step = "CASE minute(timestamp) WHEN 10 THEN 1 WHEN 15 THEN -1 WHEN 40 THEN -1 WHEN 45 THEN 1 ELSE 0 END"
    table.change(
        f"CREATE TABLE other AS SELECT * REPLACE (power_w + {step} AS power_w,"
        f" register_kwh - 0.001 * {step} AS register_kwh) FROM readings"
    )
    differences, counts = table.reconcile(table="other")
    assert len(differences) == counts.hours
    assert {(each.verdict, each.column) for each in differences} == {("altered", None)}


def test_a_value_that_is_gone_is_altered(table: Table) -> None:
    """Even one that was zero."""
    table.change(f"UPDATE readings SET status = NULL WHERE {table.of_meter(3)} AND timestamp = '2024-01-31 05:10:00'")
    found = _one(table.reconcile()[0])
    assert (found.mac, found.hour, found.verdict, found.column) == (table.macs[3], HOUR, "altered", "status")


def test_a_wrong_timestamp_is_altered_or_in_another_hour(table: Table) -> None:
    at = f"WHERE {table.of_meter(3)} AND timestamp = '2024-01-31 05:10:00'"
    table.change(f"UPDATE readings SET timestamp = '2024-01-31 05:12:00' {at}")
    assert _one(table.reconcile()[0]).column == "timestamp"  # the same interval still
    table.change(
        "UPDATE readings SET timestamp = '2024-01-31 05:18:00' WHERE"
        f" {table.of_meter(3)} AND timestamp = '2024-01-31 05:12:00'"
    )
    found = _one(table.reconcile()[0])
    assert (found.hour, found.verdict, found.column) == (HOUR, "altered", "timestamp")
    table.change(
        "UPDATE readings SET timestamp = '2025-06-01 00:00:00' WHERE"
        f" {table.of_meter(3)} AND timestamp = '2024-01-31 05:18:00'"
    )
    gone, stranger = table.reconcile()[0]
    assert (gone.hour, gone.verdict, gone.readings) == (HOUR, "missing", 1)
    assert (stranger.hour, stranger.verdict) == (datetime(2025, 6, 1, tzinfo=UTC), "extra")


def test_a_day_loaded_twice_is_doubled_and_no_other(table: Table) -> None:
    table.change("INSERT INTO readings SELECT * FROM readings WHERE dt = '2024-01-31'")
    differences, _ = table.reconcile()
    assert len(differences) == 24 * 10
    assert {(each.verdict, each.readings, each.column) for each in differences} == {("doubled", 12, None)}
    assert {each.hour.date() for each in differences if each.hour} == {date(2024, 1, 31)}


def test_small_queries_find_the_same(table: Table) -> None:
    """Of one hour at a time; a row may also lie before the first and after the last one."""
    table.change(
        f"UPDATE readings SET timestamp = '2020-01-01 00:00:00' WHERE {table.of_meter(3)} AND {IN_HOUR}",
        f"UPDATE readings SET timestamp = '2030-01-01 00:00:00' WHERE {table.of_meter(4)} AND {IN_HOUR}",
        f"UPDATE readings SET timestamp = NULL WHERE {table.of_meter(5)} AND {IN_HOUR}",
    )
    source = DuckDbSource.of_table(table.path, "readings")
    source.largest_query = 1
    with TableReconciliation(table.scenario, Plan.of(table.asked), None, source) as held:
        held.run()
        found = list(held.differences())
    source.close()
    assert found == table.reconcile()[0]
    assert Counter(each.verdict for each in found) == {"missing": 3, "extra": 3}


def test_a_removed_meter_is_missing_in_every_hour(table: Table) -> None:
    table.change(f"DELETE FROM readings WHERE {table.of_meter(7)}")
    differences, _ = table.reconcile()
    assert len(differences) == 3 * 24
    assert {(each.mac, each.verdict) for each in differences} == {(table.macs[7], "missing")}


def test_a_foreign_meter_is_extra(table: Table) -> None:
    table.change(
        "INSERT INTO readings SELECT * REPLACE ('02:00:00:00:00:00' AS mac) FROM readings"
        f" WHERE {table.of_meter(7)} AND {IN_HOUR}",
        "INSERT INTO readings (mac, timestamp) VALUES (NULL, '2024-01-31 05:00:00'), ('02:00:00:00:00:01', NULL)",
    )
    found = {(each.mac, each.hour, each.verdict, each.readings) for each in table.reconcile()[0]}
    assert found == {
        ("02:00:00:00:00:00", HOUR, "extra", 12),
        (None, HOUR, "extra", 1),
        ("02:00:00:00:00:01", None, "extra", 1),
    }


def test_several_damages_are_told_apart(table: Table) -> None:
    table.change(
        f"DELETE FROM readings WHERE {table.of_meter(1)} AND timestamp = '2024-01-31 05:10:00'",
        f"INSERT INTO readings SELECT * FROM readings WHERE {table.of_meter(1)} AND timestamp = '2024-01-31 05:15:00'",
        f"UPDATE readings SET power_w = 1e15 WHERE {table.of_meter(2)} AND timestamp = '2024-01-30 00:00:00'",
    )
    found = {(each.mac, each.verdict, each.column, each.readings) for each in table.reconcile()[0]}
    assert found == {
        (table.macs[1], "missing", None, 1),
        (table.macs[1], "doubled", None, 1),
        (table.macs[2], "altered", "power_w", 1),
    }


def test_an_empty_table_lacks_everything(table: Table) -> None:
    table.change("DELETE FROM readings")
    differences, counts = table.reconcile()
    assert len(differences) == counts.hours == 720
    assert {each.verdict for each in differences} == {"missing"}


def test_a_renamed_column_is_null_from_that_day_on(table: Table) -> None:
    renamed = Renamed("voltage_v", date(2024, 1, 31))
    table.change("UPDATE readings SET voltage_v = NULL WHERE dt >= '2024-01-31'")
    assert table.reconcile(renamed=renamed)[0] == []
    assert {each.column for each in table.reconcile()[0]} == {"voltage_v"}
    table.change(f"UPDATE readings SET voltage_v = 0 WHERE {table.of_meter(3)} AND timestamp = '2024-01-31 05:10:00'")
    found = _one(table.reconcile(renamed=renamed)[0])
    assert (found.mac, found.hour, found.verdict, found.column) == (table.macs[3], HOUR, "altered", "voltage_v")


# --- What goes wrong at meters and on the way is no difference


def test_what_was_meant_to_go_wrong_is_no_alarm(faulty: tuple[Table, PatternPlan]) -> None:
    table, faults = faulty
    differences, counts = table.reconcile(faults, table="delivered")
    assert differences == []
    table.change("CREATE TABLE once AS SELECT DISTINCT ON (mac, timestamp) * FROM delivered")
    assert table.reconcile(faults, table="once")[0] == []
    with duckdb.connect(table.path) as connection:
        measured, delivered = (
            connection.sql(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in ("readings", "delivered")
        )
    causes = counts.causes
    assert min(causes[cause] for cause in ("drop", "corrupt", "partial_line", "file_missing")) > 0
    lost = causes["drop"] + causes["corrupt"] + causes["partial_line"] + causes["file_missing"]
    assert measured - lost + causes["duplicate"] + causes["batch_twice"] == delivered


def test_losses_are_found_among_intended_faults(faulty: tuple[Table, PatternPlan]) -> None:
    table, faults = faulty
    table.change(
        f"DELETE FROM delivered WHERE {table.of_meter(3)} AND timestamp = (SELECT min(timestamp) FROM delivered"
        f" WHERE {table.of_meter(3)} AND {IN_HOUR})"
    )
    found = _one(table.reconcile(faults, table="delivered")[0])
    assert (found.mac, found.hour, found.verdict) == (table.macs[3], HOUR, "missing")


def test_the_clean_readings_are_not_what_was_delivered(faulty: tuple[Table, PatternPlan]) -> None:
    """Rows that cannot have arrived are extra."""
    table, faults = faulty
    assert "extra" in {each.verdict for each in table.reconcile(faults)[0]}

"""The warehouse's options, its tables' types, its SQL, and what BigQuery's words mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from tests.warehouses import FILE_A, HandLake
from wattif.cli.load import LoadOptions
from wattif.cli.options import read_options
from wattif.cli.place import WarehouseOptions
from wattif.cli.rollup import RollupOptions
from wattif.cli.scan import ScanOptions
from wattif.errors import UsageError
from wattif.lake.days import committed_days
from wattif.tables.readings import reading_fields
from wattif.verdict.scan import window_of
from wattif.warehouse import bigquery_answers as answers
from wattif.warehouse.statements import literal, read_sql
from wattif.warehouse.tables import readings_table

DAY = date(2024, 1, 1)


def _days(count: int) -> list[date]:
    return [DAY + timedelta(days=number) for number in range(count)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--threshold", "1"], "--threshold 1: must be less than 1"),
        (["--threshold", "-0.1"], "--threshold -0.1: must be greater than or equal to 0"),
        (["--threshold", "nan"], "--threshold nan"),
        (["--metrics", "AVG,MIN"], "--metrics AVG,MIN: name each of AVG, MAX at most once"),
        (["--metrics", ""], "--metrics : name each of AVG, MAX"),
        (["--train-until", "2024-01-10", "--scan-from", "2024-01-10"], "is not after --train-until 2024-01-10"),
        (["--warehouse", "bigquery", "--dataset", "d"], "--warehouse bigquery: needs --project; give it"),
        (["--warehouse", "bigquery", "--project", "some-project"], "--warehouse bigquery: needs --dataset; give it"),
        (["--warehouse", "snowflake"], "--warehouse snowflake: must be 'duckdb', 'bigquery' or 'postgres'"),
        (["--project", "some-project"], "--project some-project: is for BigQuery; add --warehouse bigquery"),
        (["--warehouse", "bigquery", "--project", "p-1", "--dataset", "p.d"], "--dataset p.d: not a dataset name"),
        (["--warehouse", "bigquery", "--project", "P 1", "--dataset", "d"], "--project P 1: not a project ID"),
    ],
)
def test_wrong_options_are_one_line_each(arguments: list[str], said: str) -> None:
    with pytest.raises(UsageError) as failure:
        read_options(ScanOptions, arguments, "wattif scan")
    assert said in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_file_may_be_shared_with_generate(tmp_path: Path) -> None:
    file = tmp_path / "wattif.toml"
    file.write_text('start = "2024-01-01"\nend = "2024-01-14"\nmeters = 500\nlake = "city"\nstaging-dir = "/x"\n')
    assert read_options(LoadOptions, ["--config", str(file)], "wattif load").start == DAY
    assert read_options(RollupOptions, ["--config", str(file)], "wattif").lake == "city"
    assert read_options(ScanOptions, ["--config", str(file)], "wattif").lake == "city"


def test_the_database_lies_in_the_lake_unless_that_is_a_bucket() -> None:
    local = WarehouseOptions(lake=Path("x"), prefix="raw/a")
    assert local.warehouse_place.database_file == Path("x/raw/a/wattif.duckdb")
    assert WarehouseOptions(bucket="my-lake").warehouse_place.database_file == Path("wattif.duckdb")
    assert WarehouseOptions(database=Path("y.duckdb")).warehouse_place.database_file == Path("y.duckdb")


@pytest.mark.parametrize(
    ("days", "options", "train_until", "scan_from"),
    [
        (14, {}, 7, 8),
        (8, {}, 7, 8),
        (30, {}, 15, 16),
        (90, {}, 28, 29),
        (30, {"train_until": "2024-01-21"}, 21, 22),
        (30, {"scan_from": "2024-01-25"}, 24, 25),
        (30, {"train_until": "2024-01-10", "scan_from": "2024-01-25"}, 10, 25),
    ],
)
def test_the_days_that_are_learnt_from_and_judged(
    days: int, options: dict[str, Any], train_until: int, scan_from: int
) -> None:
    window = window_of(ScanOptions(**options), _days(days))
    assert (window.train_from, window.train_until) == (DAY, date(2024, 1, train_until))
    assert (window.scan_from, window.scan_until) == (date(2024, 1, scan_from), _days(days)[-1])
    assert window.horizon_hours == (days - train_until) * 24


def test_every_field_has_an_exact_type_in_both_warehouses() -> None:
    table = readings_table(tuple(reading_fields(10).values()))
    types = {column.name: (column.bigquery_type, column.duckdb_type) for column in table.columns}
    assert types == {
        "mac": ("STRING", "VARCHAR"),
        "timestamp": ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
        "consumption_wh": ("NUMERIC", "DECIMAL(18,3)"),
        "power_w": ("INT64", "BIGINT"),
        "voltage_v": ("NUMERIC", "DECIMAL(18,1)"),
        "current_a": ("NUMERIC", "DECIMAL(18,2)"),
        "power_factor": ("NUMERIC", "DECIMAL(18,3)"),
        "frequency_hz": ("NUMERIC", "DECIMAL(18,3)"),
        "register_kwh": ("NUMERIC", "DECIMAL(18,3)"),
        "status": ("INT64", "BIGINT"),
        "city_id": ("STRING", "VARCHAR"),
        "export_wh": ("NUMERIC", "DECIMAL(18,3)"),
        "export_register_kwh": ("NUMERIC", "DECIMAL(18,3)"),
        "seq": ("INT64", "BIGINT"),
        "dt": ("DATE", "DATE"),
    }


def test_values_become_literals() -> None:
    assert literal(DAY) == "DATE '2024-01-01'"
    east = datetime(2024, 1, 1, 8, 30, tzinfo=timezone(timedelta(hours=8)))
    assert literal(east) == "TIMESTAMP '2024-01-01 00:30:00.000000+00'"
    assert (literal("a.b/c-1"), literal(3), literal(0.99)) == ("'a.b/c-1'", "3", "0.99")
    for wrong in ("it's", "a\\", float("nan")):
        with pytest.raises(ValueError, match="cannot stand in SQL"):
            literal(wrong)


def test_sql_for_both_warehouses_is_sql_in_both() -> None:
    """What stands in files without a warehouse in their name is translated whole."""
    packages = ("wattif.warehouse", "wattif.verdict")
    names = [(each, file.name) for each in packages for file in resources.files(each).joinpath("sql").iterdir()]
    shared = [(package, name) for package, name in names if name.count(".") == 1]
    assert len(shared) >= 4
    for package, name in shared:
        text = resources.files(package).joinpath("sql", name).read_text(encoding="utf-8")
        plain = {word.strip("$,;)("): "x" for word in text.replace("(", " ").split() if word.startswith("$")}
        script = read_sql(name, package=package, **{key.rstrip(",;)"): value for key, value in plain.items()})
        for statement in sqlglot.transpile(
            script, read="bigquery", write="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE
        ):
            sqlglot.parse_one(statement, read="duckdb")


def test_a_day_has_another_fingerprint_when_any_of_its_manifests_changes(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    lake.write(DAY, {FILE_A: b"x\n"})
    first = committed_days(lake.store)[0]
    lake.write(DAY, {FILE_A: b"x\n"})
    assert committed_days(lake.store)[0] == first
    lake.write(DAY, {FILE_A: b"xyz\n"})
    assert committed_days(lake.store)[0].fingerprint != first.fingerprint
    assert committed_days(lake.store, start=date(2024, 1, 2)) == []


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (
            {
                "message": "parsing error in row starting at position 17: x",
                "location": "gs://b/raw/dt=1/readings-00000000000A.json",
            },
            ("dt=1/readings-00000000000A.json", 17),
        ),
        (
            {"message": "row starting at position: 5 is bad; File: gs://b/raw/dt=1/readings-00000000000A.json"},
            ("dt=1/readings-00000000000A.json", 5),
        ),
        (
            {"message": "Missing field in gs://b/raw/dt=1/readings-00000000000A.json."},
            ("dt=1/readings-00000000000A.json", None),
        ),
        (
            {
                "message": "Could not parse 'much' as NUMERIC for field consumption_wh (position 2) starting at"
                " location 117  with message 'Invalid NUMERIC value: much'",
                "location": "gs://b/raw/dt=1/readings-00000000000A.csv",
            },
            ("dt=1/readings-00000000000A.csv", 117),
        ),
        ({"message": "Too many errors"}, None),
    ],
)
def test_where_a_load_job_met_a_bad_record(error: dict[str, str], wanted: tuple[str, int | None] | None) -> None:
    found = answers.position_of(error, "gs://b/raw", None)
    assert (None if found is None else (found.file, found.position)) == wanted


def test_the_request_is_not_part_of_what_the_service_said() -> None:
    assert answers.words_of("POST https://bigquery/x?y: Not found: Table\nmore") == "Not found: Table"
    assert answers.words_of("Not found: Table") == "Not found: Table"


def test_times_of_a_window_are_utc() -> None:
    window = window_of(ScanOptions(), _days(14))
    assert window.start_of(DAY) == datetime(2024, 1, 1, tzinfo=UTC)
    assert window.end_of(DAY) == datetime(2024, 1, 2, tzinfo=UTC)

"""PostgreSQL as a warehouse: its schema, partitions, roles and refusals, asked over connections of the tests' own."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from tests.commands import run_wattif
from tests.postgres import PASSWORD, Database
from tests.warehouses import FILE_A, HandLake, reading, rollup
from wattif.cli.place import WarehouseOptions
from wattif.errors import InvalidValue, WarehouseError
from wattif.tables import catalog
from wattif.tables.incidents import LOOKUPS
from wattif.warehouse.postgres import schema
from wattif.warehouse.postgres.migrations import migrations

DAY, NEXT = date(2024, 1, 1), date(2024, 1, 2)
A, B = "02:00:00:00:00:0A", "02:00:00:00:00:0B"
READINGS = "smart_meter_readings"


@pytest.fixture
def lake(tmp_path: Path) -> HandLake:
    """A day of two readings and a line that is none, and one of a single reading."""
    lake = HandLake(tmp_path / "lake")
    lines = [reading(A, f"{DAY}T00:00:00Z", "1.5"), b'{"mac":"02:\n', reading(A, f"{DAY}T00:10:00Z", "2.125")]
    lake.write(DAY, {FILE_A: lines})
    lake.write(NEXT, {FILE_A: [reading(B, f"{NEXT}T05:00:00Z", "9.000")]})
    return lake


def test_bad_lines_are_kept_with_file_line_and_reason(lake: HandLake, database: Database) -> None:
    assert lake.load(**database.options()).bad_record_count == 1
    assert database.rows(
        "SELECT dt, file, line, split_part(error, ':', 1), content FROM wattif.smart_meter_bad_records"
    ) == [(DAY, f"dt={DAY}/{FILE_A}", 2, "not JSON", '{"mac":"02:')]
    assert database.rows("SELECT sum(consumption_wh) FROM wattif.smart_meter_readings") == [(Decimal("12.625"),)]


def test_a_second_load_brings_nothing_and_a_changed_day_is_replaced(lake: HandLake, database: Database) -> None:
    assert lake.load(**database.options()).rows == 3
    assert (again := lake.load(**database.options())).days_skipped == 2
    assert again.rows == 0
    lake.write(NEXT, {FILE_A: [reading(A, f"{NEXT}T06:00:00Z", "14.000")]})
    assert lake.load(**database.options()).days_loaded == 1
    assert database.rows("SELECT dt, consumption_wh FROM wattif.smart_meter_readings ORDER BY timestamp") == [
        (DAY, Decimal("1.500")),
        (DAY, Decimal("2.125")),
        (NEXT, Decimal("14.000")),
    ]


def test_readings_lie_in_a_partition_a_day_with_a_range_index_of_times(lake: HandLake, database: Database) -> None:
    lake.load(**database.options())
    assert database.rows(
        "SELECT relid::text, indexdef FROM pg_partition_tree('wattif.smart_meter_readings')"
        " JOIN pg_indexes ON tablename = split_part(relid::text, '.', 2) WHERE isleaf ORDER BY 1"
    ) == [
        (
            f"wattif.{READINGS}_{day:%Y%m%d}",
            f"CREATE INDEX {READINGS}_{day:%Y%m%d}_timestamp_idx ON wattif.{READINGS}_{day:%Y%m%d}"
            ' USING brin ("timestamp")',
        )
        for day in (DAY, NEXT)
    ]


def test_the_schema_is_that_of_the_catalog(lake: HandLake, database: Database) -> None:
    """Every table has a migration, and its columns are described."""
    lake.load(**database.options())
    found = database.rows(
        "SELECT relname, attname, col_description(attrelid, attnum) FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE relnamespace = 'wattif'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
        " AND attnum > 0 AND attgenerated = '' AND relname <> 'schema_versions'"
    )
    wanted = [
        (table.name, schema.kept_as(column).name, column.meaning)
        for table in schema.kept_tables()
        for column in table.columns
    ]
    assert sorted(row for row in found if row[1] != schema.ID) == sorted(wanted)
    assert {name for name, column, _ in found if column == schema.ID} == {table.name for table in LOOKUPS}
    assert {table.name for table in schema.kept_tables()} <= {table.name for table in catalog.tables()}
    assert database.rows("SELECT version FROM wattif.schema_versions ORDER BY 1") == [(each,) for each in migrations()]


def test_without_postgis_one_line_says_so(lake: HandLake, database: Database) -> None:
    database.rows("CREATE ROLE plain LOGIN" if not _role(database, "plain") else "SELECT 1")
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO plain")
    report = lake.load(**database.options("plain"))
    (line,) = [line for line in report.summary.splitlines() if "PostGIS" in line]
    assert line.startswith("PostGIS is not installed in this database")
    assert database.rows("SELECT count(*) FROM wattif.smart_meter_readings", "plain") == [(3,)]


def _role(database: Database, name: str) -> bool:
    return bool(database.rows(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'"))


def test_first_loads_of_two_databases_may_make_the_roles_at_once(
    lake: HandLake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one waits until the role of the first is there, which it has not seen before."""
    roles = {f"wattif_{each}": f"first_{each}" for each in ("loader", "reader")}  # nobody has made them yet
    known = {version: _replaced(text, roles) for version, text in migrations().items()}
    monkeypatch.setattr("wattif.warehouse.postgres.migrations.migrations", lambda: known)
    with psycopg.connect(database.url()) as first, ThreadPoolExecutor(1) as pool:
        first.execute("CREATE ROLE first_loader NOLOGIN")
        loading = pool.submit(lake.load, **database.options())
        while not loading.done() and not database.rows("SELECT pid FROM pg_locks WHERE NOT granted"):
            time.sleep(0.01)
        assert not loading.done()
        first.commit()
        assert loading.result().rows == 3
    for role in roles.values():
        asked = f"SELECT has_table_privilege('{role}', 'wattif.smart_meter_readings', 'SELECT')"
        assert database.rows(asked) == [(True,)]


def _replaced(text: str, words: dict[str, str]) -> str:
    for word, other in words.items():
        text = text.replace(word, other)
    return text


def test_one_role_only_loads_and_one_only_reads(lake: HandLake, database: Database) -> None:
    lake.load(end=DAY, **database.options())
    for name in ("loads", "reads"):
        if not _role(database, name):
            database.rows(f"CREATE ROLE {name} LOGIN IN ROLE wattif_{'loader' if name == 'loads' else 'reader'}")
    assert lake.load(**database.options("loads")).days_loaded == 1
    assert rollup(lake=lake.folder, **database.options("loads")).readings == 3
    assert database.rows("SELECT count(*) FROM wattif.smart_meter_readings", "reads") == [(3,)]
    lake.write(NEXT, {FILE_A: [reading(A, f"{NEXT}T06:00:00Z", "14.000")]})
    with pytest.raises(WarehouseError, match=r"permission denied for .*; GRANT wattif_loader to this role"):
        lake.load(**database.options("reads"))
    assert database.rows("SELECT count(*) FROM wattif.smart_meter_readings") == [(3,)]


def _refused(lake: HandLake, place: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        lake.load(**place)


def test_a_newer_schema_and_one_of_somebody_else_are_refused(lake: HandLake, database: Database) -> None:
    database.rows("CREATE SCHEMA wattif; CREATE TABLE wattif.theirs ()")
    _refused(lake, database.options(), "its schema wattif is not WattIf's; rename it, or name another database")
    assert database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'wattif'") == [("theirs",)]
    database.rows("DROP SCHEMA wattif CASCADE")
    lake.load(end=DAY, **database.options())
    database.rows("INSERT INTO wattif.schema_versions VALUES (999)")
    _refused(lake, database.options(), "has version 999, this program knows")
    assert database.rows("SELECT count(*) FROM wattif.smart_meter_readings") == [(2,)]


def test_what_the_server_refuses_is_one_line_and_exit_code_2(
    lake: HandLake, database: Database, tmp_path: Path
) -> None:
    for name in ("asked", "weak"):
        if not _role(database, name):
            database.rows(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    (tmp_path / "home").mkdir()
    for url, said in [
        (database.remote_url("asked", "wr0ng-w0rd"), "the password is missing or wrong"),
        (database.remote_url("asked"), "the password is missing or wrong"),
        ("postgresql://asked:s3cret@127.0.0.1:1/x", "no server answers"),
        ("postgresql://asked:s3@cret@127.0.0.1:1/x", "not an address such as"),
        ("postgresql://asked:s3/cret@127.0.0.1:1/x", "no server answers"),
        ("mysql://asked:s3cret@host/x", "not an address such as"),
        (database.remote_url("weak", PASSWORD), "GRANT CREATE ON DATABASE to this role"),
        (database.remote_url("asked", PASSWORD).replace(database.name, "nowhere"), "there is no such database"),
        (f"postgresql://nobody@/x?host={database.server.folder}&port={database.server.port}", "there is no such role"),
    ]:
        place = ("--warehouse", "postgres", "--database-url", url)
        done = run_wattif(tmp_path / "home", "load", "--lake", str(lake.folder), *place)
        assert done.returncode == 2, done.stderr
        (line,) = done.stderr.splitlines()
        assert line.startswith("wattif load: error: --database-url "), line
        assert said in line
        for secret in (PASSWORD, "wr0ng-w0rd", "s3cret", "cret@", "s3/"):
            assert secret not in done.stdout + done.stderr
    assert database.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'wattif'") == [(0,)]


def test_the_password_comes_from_the_usual_places_and_is_never_printed(
    lake: HandLake, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not _role(database, "asked"):
        database.rows(f"CREATE ROLE asked LOGIN PASSWORD '{PASSWORD}'")
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO asked")
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:*:*:asked:{PASSWORD}\n")
    file.chmod(0o600)
    place = {"warehouse": "postgres", "database_url": database.remote_url("asked")}
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert lake.load(**place).rows == 3
    monkeypatch.delenv("PGPASSFILE")
    with_password = ("--warehouse", "postgres", "--database-url", database.remote_url("asked", PASSWORD))
    for verb in (("load", "--json"), ("rollup",), ("scan",), ("reconcile",)):  # the last two are refused
        done = run_wattif(tmp_path, verb[0], "--lake", str(lake.folder), *with_password, *verb[1:])
        assert done.stdout + done.stderr
        assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"warehouse": "postgres"}, "`warehouse` postgres: needs `database_url`"),
        ({"database_url": "postgresql://a:b4d@h/x"}, r"a:\*\*\*@h/x: is for PostgreSQL; add `warehouse` postgres"),
        (
            {"warehouse": "postgres", "database_url": "postgresql://h/x", "database": "x"},
            "`database` x: names a DuckDB file; leave it out with PostgreSQL",
        ),
    ],
)
def test_options_of_other_warehouses_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        WarehouseOptions(**options)
    assert "b4d" not in str(refused.value)

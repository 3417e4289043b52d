"""The warehouse in PostgreSQL: what is in its tables afterwards, asked over connections of the tests' own."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from tests.asking import Asking, generate
from tests.commands import run_wattif
from tests.grids import write_grid
from tests.postgres import PASSWORD, Database
from tests.warehouses import FILE_A, HandLake, load, reading, rollup, rows, scan, score
from wattif.answers.reconcile.comparison import Comparison
from wattif.answers.reconcile.run import compare
from wattif.cli.place import WarehouseOptions
from wattif.errors import InvalidValue, WarehouseError
from wattif.grid import GridSpec, generate_grid
from wattif.grid.load import load_grid
from wattif.incidents.load import load_incidents
from wattif.incidents.of_lake import setting_of_dataset
from wattif.incidents.spec import IncidentSpec
from wattif.incidents.write import write_incidents, write_setting
from wattif.tables import catalog
from wattif.tables import incidents as incident_tables
from wattif.tables.incidents import LOOKUPS
from wattif.warehouse.postgres import schema
from wattif.warehouse.postgres.migrations import migrations

DAY, NEXT = date(2024, 1, 1), date(2024, 1, 2)
A, B = "02:00:00:00:00:0A", "02:00:00:00:00:0B"
READINGS, HOURLY = "smart_meter_readings", "smart_meter_readings_hour_rolled"
RECORDED_AT = ("loaded_at", "scanned_at", "load_id")  # differ from load to load


def _of(database: Database, user: str = "postgres") -> dict[str, Any]:
    return {"warehouse": "postgres", "database_url": database.url(user)}


@pytest.fixture
def lake(tmp_path: Path) -> HandLake:
    """A day of two readings and a line that is none, and one of a single reading."""
    lake = HandLake(tmp_path / "lake")
    lines = [reading(A, f"{DAY}T00:00:00Z", "1.5"), b'{"mac":"02:\n', reading(A, f"{DAY}T00:10:00Z", "2.125")]
    lake.write(DAY, {FILE_A: lines})
    lake.write(NEXT, {FILE_A: [reading(B, f"{NEXT}T05:00:00Z", "9.000")]})
    return lake


def test_all_tables_are_equal_to_those_of_duckdb(settings: Asking, database: Database) -> None:
    asked = settings(
        start="2024-01-01",
        end="2024-01-09",
        interval=1800,
        meters=5,
        anomaly_rate=0.3,
        faults="duplicate=0.02,late=0.01:6h,drop=0.01,corrupt=0.03",
        columns="seq,mac,timestamp,consumption_wh,power_w,voltage_v,register_kwh,status,city_id",
    )
    generate(asked, Event())
    places: tuple[dict[str, Any], ...] = ({}, _of(database))
    loads = [load(lake=asked.lake, **place) for place in places]
    assert [(each.rows, each.bad_record_count, each.tables) for each in loads[1:]] == [
        (loads[0].rows, loads[0].bad_record_count, loads[0].tables)
    ]
    assert loads[0].bad_record_count
    rolled = [rollup(lake=asked.lake, **place) for place in places]
    assert (rolled[0].hours, rolled[0].readings, rolled[0].delivered) == (
        rolled[1].hours,
        rolled[1].readings,
        rolled[1].delivered,
    )
    assert scan(lake=asked.lake).metrics == scan(lake=asked.lake, **places[1]).metrics
    assert score(lake=asked.lake).metrics == score(lake=asked.lake, **places[1]).metrics
    there = {name for (name,) in rows(asked.lake / "wattif.duckdb", "SELECT table_name FROM duckdb_tables()")}
    assert {READINGS, HOURLY, "meters", "transformers", "smart_meter_anomalies", "smart_meter_bad_records"} <= there
    for name in there:
        columns = _columns_of(asked.lake / "wattif.duckdb", name)
        wanted = rows(asked.lake / "wattif.duckdb", f'SELECT {columns} FROM "{name}"')
        found = database.rows(f'SELECT {columns} FROM wattif."{name}"')
        assert wanted, name
        assert sorted(map(_rounded, found), key=repr) == sorted(map(_rounded, wanted), key=repr), name
    for table in (READINGS, HOURLY):
        whole = WarehouseOptions(lake=asked.lake, **places[1]).warehouse_place
        report = compare(asked.spec, asked.lake, Comparison(table=table), place=whole)
        assert report.ok, report.summary
        assert "no difference" in report.summary


def _rounded(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Threads of DuckDB add floating-point numbers in any order; moments in one spelling of UTC."""
    values = (f"{each:.9e}" if isinstance(each, float) else each for each in row)
    return tuple(each.isoformat() if isinstance(each, datetime) else each for each in values)


def _columns_of(file: Path, table: str) -> str:
    found = rows(file, f"SELECT column_name FROM duckdb_columns() WHERE table_name = '{table}' ORDER BY column_index")
    return ", ".join(f'"{name}"' for (name,) in found if name not in RECORDED_AT)


@pytest.mark.parametrize("format_name", ["csv", "parquet", "avro"])
def test_other_formats_bring_the_same(settings: Asking, database: Database, format_name: str) -> None:
    asked = settings(end="2024-01-01", format=format_name)
    generate(asked, Event())
    assert load(lake=asked.lake, **_of(database)).rows == 10 * 288
    load(lake=asked.lake)
    sql = "SELECT mac, timestamp, consumption_wh, register_kwh, dt FROM {}smart_meter_readings ORDER BY mac, timestamp"
    assert database.rows(sql.format("wattif.")) == rows(asked.lake / "wattif.duckdb", sql.format(""))


def test_bad_lines_are_kept_with_file_line_and_reason(lake: HandLake, database: Database) -> None:
    assert lake.load(**_of(database)).bad_record_count == 1
    assert database.rows(
        "SELECT dt, file, line, split_part(error, ':', 1), content FROM wattif.smart_meter_bad_records"
    ) == [(DAY, f"dt={DAY}/{FILE_A}", 2, "not JSON", '{"mac":"02:')]
    assert database.rows("SELECT sum(consumption_wh) FROM wattif.smart_meter_readings") == [(Decimal("12.625"),)]


def test_a_second_load_brings_nothing_and_a_changed_day_is_replaced(lake: HandLake, database: Database) -> None:
    assert lake.load(**_of(database)).rows == 3
    assert (again := lake.load(**_of(database))).days_skipped == 2
    assert again.rows == 0
    lake.write(NEXT, {FILE_A: [reading(A, f"{NEXT}T06:00:00Z", "14.000")]})
    assert lake.load(**_of(database)).days_loaded == 1
    assert database.rows("SELECT dt, consumption_wh FROM wattif.smart_meter_readings ORDER BY timestamp") == [
        (DAY, Decimal("1.500")),
        (DAY, Decimal("2.125")),
        (NEXT, Decimal("14.000")),
    ]


def test_readings_lie_in_a_partition_a_day_with_a_range_index_of_times(lake: HandLake, database: Database) -> None:
    lake.load(**_of(database))
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
    lake.load(**_of(database))
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


def test_places_are_points_where_postgis_is(settings: Asking, database: Database) -> None:
    available = _has_postgis(database)
    asked = settings(end="2024-01-01")
    generate(asked, Event())
    report = load(lake=asked.lake, **_of(database))
    wkt = "SELECT count(*) FROM wattif.meters WHERE location_wkt = 'POINT(' || longitude || ' ' || latitude || ')'"
    assert database.rows(wkt) == [(10,)]
    assert any("PostGIS is not installed" in line for line in report.summary.splitlines()) is not available
    if not available:
        pytest.skip("PostGIS is not installed")
    same = "ST_X(location) = longitude AND ST_Y(location) = latitude AND ST_SRID(location) = 4326"
    assert database.rows(f"SELECT count(*) FROM wattif.meters WHERE {same}") == [(10,)]
    assert database.rows(
        "SELECT count(*) FROM pg_indexes"
        " WHERE schemaname = 'wattif' AND tablename = 'meters' AND indexdef LIKE '%gist%'"
    ) == [(1,)]


def test_a_grid_data_set_arrives_with_its_points(database: Database, tmp_path: Path) -> None:
    """Each row as the files have it; what refers to another table does so in the database, too."""
    spec = GridSpec(num_transformers=4, num_meters=50, num_months=2, num_zones=2, anomaly_rate=0.3)
    folder = write_grid(generate_grid(spec), tmp_path / "data", "parquet")
    place = WarehouseOptions(**_of(database)).warehouse_place
    report = load_grid(folder, place)
    assert {name: report.tables[name] for name in ("grid_transformers", "meter_consumption")} == {
        "grid_transformers": 4,
        "meter_consumption": 50,
    }
    for name, file in (("grid_transformers", "transformers"), ("meter_consumption", "meter_consumption")):
        wanted = pq.read_table(folder / f"{file}.parquet")
        columns = ", ".join(f'"{each}"' for each in wanted.column_names)
        found = database.rows(f'SELECT {columns} FROM wattif."{name}"')
        assert sorted(found) == sorted(tuple(row.values()) for row in wanted.to_pylist())
        assert database.rows(
            f"SELECT count(*) FROM wattif.{name} WHERE location_wkt = 'POINT(' || longitude || ' ' || latitude || ')'"
        ) == [(wanted.num_rows,)]
        if _has_postgis(database):
            same = "ST_X(location) = longitude AND ST_Y(location) = latitude AND ST_SRID(location) = 4326"
            assert database.rows(f"SELECT count(*) FROM wattif.{name} WHERE {same}") == [(wanted.num_rows,)]
    assert load_grid(folder, place).tables_skipped == 3
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.rows("DELETE FROM wattif.grid_transformers")


CODES = {"type": "incident_types", "severity": "severities", "status": "statuses", "source": "sources"}


def test_incidents_refer_to_look_ups_by_number(database: Database, tmp_path: Path) -> None:
    """Joined with the look-ups, they are the file's; when a look-up changes, what refers to it is loaded again."""
    spec = IncidentSpec(incident_count=200, station_count=4, seed=5, window_end="2024-07-01")
    write_incidents(spec, tmp_path / "data", output_format="parquet")
    place = WarehouseOptions(**_of(database)).warehouse_place

    def load_them() -> set[str]:
        return set(load_incidents(tmp_path / "data", place).tables)

    assert load_them() == {table.name for table in incident_tables.TABLES}
    file = pq.read_table(
        tmp_path / "data" / "incidents.parquet", columns=["incident_number", *map("{}_code".format, CODES)]
    )
    joins = " ".join(f"JOIN wattif.{table} AS {name} ON {name}.id = {name}_id" for name, table in CODES.items())
    asked = f"SELECT incident_number, {', '.join(f'{name}.code' for name in CODES)} FROM wattif.incidents {joins}"
    assert sorted(database.rows(asked)) == sorted(tuple(row.values()) for row in file.to_pylist())
    facts = pq.read_table(tmp_path / "data" / "incidents.parquet", columns=["incident_number", "metadata"])
    wanted = [(row["incident_number"], json.loads(row["metadata"])) for row in facts.to_pylist()]
    of_transformers = [(number, fact["transformer_id"]) for number, fact in wanted if "transformer_id" in fact]
    assert of_transformers
    assert sorted(database.rows("SELECT incident_number, metadata FROM wattif.incidents")) == wanted
    fact = "metadata ->> 'transformer_id'"
    answer = f"SELECT incident_number, {fact} FROM wattif.incidents WHERE {fact} IS NOT NULL ORDER BY 1"
    assert database.rows(answer) == of_transformers
    places = "location_wkt = 'POINT(' || location_lng || ' ' || location_lat || ')'"
    if _has_postgis(database):
        places += " OR ST_Equals(location, ST_SetSRID(ST_GeomFromText(location_wkt), 4326))"
    assert database.rows(f"SELECT count(*) FROM wattif.incidents WHERE {places}") == [(200,)]
    assert load_them() == set()
    severities = pq.read_table(tmp_path / "data" / "severities.parquet")
    pq.write_table(severities.take([3, 2, 1, 0]), tmp_path / "data" / "severities.parquet")
    assert load_them() == {
        "severities",
        "incidents",
        *(f"incident_{name}" for name in ("units", "assets", "notes", "events")),
    }
    assert sorted(database.rows(asked)) == sorted(tuple(row.values()) for row in file.to_pylist())
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.rows("DELETE FROM wattif.severities")
    for change in (
        "incidents SET arrival_at = dispatch_at - interval '1 s'",
        "incidents SET casualty_count = -1",
        "incident_units SET cleared_at = dispatched_at - interval '1 s'",
        "stations SET location_lat = 91",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            database.rows(f"UPDATE wattif.{change}")


def test_incidents_that_refer_to_nothing_leave_all_as_it_was(database: Database, tmp_path: Path) -> None:
    spec = IncidentSpec(incident_count=50, station_count=4, seed=5, window_end="2024-07-01")
    write_incidents(spec, tmp_path / "data")
    place = WarehouseOptions(**_of(database)).warehouse_place
    for name, value, wrong, said in (
        ("incident_units", "INC-", "INK-", "incident_number"),
        (
            "incidents",
            '"MEDICAL"',
            '"MEDICINE"',
            r"incidents has a row whose type_id .*\(Failing row .*INC-.*; correct",
        ),
        (
            "incidents",
            '"{""zone_id""',
            '"{zone_id',
            r"type json \(COPY .*_incidents, line 1, column metadata\); correct",
        ),
    ):
        file = tmp_path / "data" / f"{name}.csv"
        whole = file.read_text()
        file.write_text(whole.replace(value, wrong, 1))
        with pytest.raises(WarehouseError, match=said):
            load_incidents(tmp_path / "data", place)
        file.write_text(whole)
    assert database.rows("SELECT count(*) FROM wattif.incidents") == [(0,)]
    assert database.rows("SELECT count(*) FROM wattif.severities") == [(0,)]


def test_other_incidents_without_notes_take_the_place_of_those_with_them(database: Database, tmp_path: Path) -> None:
    place = WarehouseOptions(**_of(database)).warehouse_place
    for seed, has_notes in ((1, True), (2, False)):
        spec = IncidentSpec(incident_count=30, seed=seed, window_end="2024-07-01", include_notes=has_notes)
        write_incidents(spec, tmp_path / str(seed))
        load_incidents(tmp_path / str(seed), place)
        ((notes,),) = database.rows("SELECT count(*) FROM wattif.incident_notes")
        assert bool(notes) == has_notes
    assert load_incidents(tmp_path / "2", place).tables == {}


def test_readings_and_incidents_agree_on_customers_without_power(
    settings: Asking, database: Database, tmp_path: Path
) -> None:
    """By hour, as the example asks for it; the readings as their labels have it."""
    asked = settings(end="2024-01-03", meters=60, interval=900, anomaly_rate=0.5, anomalies="outage")
    generate(asked, Event())
    load(lake=asked.lake, **_of(database))
    setting = setting_of_dataset(asked.spec, {"incident_count": 50, "seed": 2})
    write_setting(setting, {}, tmp_path / "data", output_format="csv", overwrite=False, progress=lambda count: None)
    load_incidents(tmp_path / "data", WarehouseOptions(**_of(database)).warehouse_place)
    question = Path("examples/postgres.sql").read_text(encoding="utf-8").partition("\nWITH ")[2]
    database.rows(f"ALTER DATABASE {database.name} SET search_path = wattif, public")
    found = database.rows(f"WITH {question}")
    assert all(customers == told for _, customers, told in found), found
    labels = [pq.read_table(path) for path in asked.lake.glob("_wattif/labels/anomalies/*.parquet")]
    starts = [start.replace(minute=0, second=0) for table in labels for start in table["start"].to_pylist()]
    assert starts
    assert set(starts) <= {hour for hour, *_ in found}


def _has_postgis(database: Database) -> bool:
    return database.rows("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'") == [(1,)]


def test_without_postgis_one_line_says_so(lake: HandLake, database: Database) -> None:
    database.rows("CREATE ROLE plain LOGIN" if not _role(database, "plain") else "SELECT 1")
    database.rows(f"GRANT CREATE ON DATABASE {database.name} TO plain")
    report = lake.load(**_of(database, "plain"))
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
        loading = pool.submit(lake.load, **_of(database))
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
    lake.load(end=DAY, **_of(database))
    for name in ("loads", "reads"):
        if not _role(database, name):
            database.rows(f"CREATE ROLE {name} LOGIN IN ROLE wattif_{'loader' if name == 'loads' else 'reader'}")
    assert lake.load(**_of(database, "loads")).days_loaded == 1
    assert rollup(lake=lake.folder, **_of(database, "loads")).readings == 3
    assert database.rows("SELECT count(*) FROM wattif.smart_meter_readings", "reads") == [(3,)]
    lake.write(NEXT, {FILE_A: [reading(A, f"{NEXT}T06:00:00Z", "14.000")]})
    with pytest.raises(WarehouseError, match=r"permission denied for .*; GRANT wattif_loader to this role"):
        lake.load(**_of(database, "reads"))
    assert database.rows("SELECT count(*) FROM wattif.smart_meter_readings") == [(3,)]


def _refused(lake: HandLake, place: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        lake.load(**place)


def test_a_newer_schema_and_one_of_somebody_else_are_refused(lake: HandLake, database: Database) -> None:
    database.rows("CREATE SCHEMA wattif; CREATE TABLE wattif.theirs ()")
    _refused(lake, _of(database), "its schema wattif is not WattIf's; rename it, or name another database")
    assert database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'wattif'") == [("theirs",)]
    database.rows("DROP SCHEMA wattif CASCADE")
    lake.load(end=DAY, **_of(database))
    database.rows("INSERT INTO wattif.schema_versions VALUES (999)")
    _refused(lake, _of(database), "has version 999, this program knows")
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

"""The tables in PostgreSQL against those that the files hold, and against DuckDB's."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from tests.asking import Asking, generate
from tests.grids import write_grid
from tests.postgres import Database
from tests.warehouses import load, rollup, rows, scan, score
from wattif.answers.reconcile.comparison import Comparison
from wattif.answers.reconcile.run import compare
from wattif.cli.place import WarehouseOptions
from wattif.grid import GridSpec, generate_grid
from wattif.grid.load import load_grid

READINGS, HOURLY = "smart_meter_readings", "smart_meter_readings_hour_rolled"
RECORDED_AT = ("loaded_at", "scanned_at", "load_id")  # differ from load to load


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
    places: tuple[dict[str, Any], ...] = ({}, database.options())
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
    assert load(lake=asked.lake, **database.options()).rows == 10 * 288
    load(lake=asked.lake)
    sql = "SELECT mac, timestamp, consumption_wh, register_kwh, dt FROM {}smart_meter_readings ORDER BY mac, timestamp"
    assert database.rows(sql.format("wattif.")) == rows(asked.lake / "wattif.duckdb", sql.format(""))


def test_places_are_points_where_postgis_is(settings: Asking, database: Database) -> None:
    available = database.has_postgis
    asked = settings(end="2024-01-01")
    generate(asked, Event())
    report = load(lake=asked.lake, **database.options())
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
    place = WarehouseOptions(**database.options()).warehouse_place
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
        if database.has_postgis:
            same = "ST_X(location) = longitude AND ST_Y(location) = latitude AND ST_SRID(location) = 4326"
            assert database.rows(f"SELECT count(*) FROM wattif.{name} WHERE {same}") == [(wanted.num_rows,)]
    assert load_grid(folder, place).tables_skipped == 3
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.rows("DELETE FROM wattif.grid_transformers")

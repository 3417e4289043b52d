"""Incidents in PostgreSQL: whole or not at all, with numbers for codes, and in agreement with the readings."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import psycopg
import pyarrow.parquet as pq
import pytest

from tests.asking import Asking, generate
from tests.postgres import Database
from tests.warehouses import load
from wattif.cli.place import WarehouseOptions
from wattif.errors import WarehouseError
from wattif.incidents.load import load_incidents
from wattif.incidents.of_lake import setting_of_dataset
from wattif.incidents.spec import IncidentSpec
from wattif.incidents.write import write_incidents, write_setting
from wattif.tables import incidents as incident_tables

CODES = {"type": "incident_types", "severity": "severities", "status": "statuses", "source": "sources"}


def test_incidents_refer_to_look_ups_by_number(database: Database, tmp_path: Path) -> None:
    """Joined with the look-ups, they are the file's; when a look-up changes, what refers to it is loaded again."""
    spec = IncidentSpec(incident_count=200, station_count=4, seed=5, window_end="2024-07-01")
    write_incidents(spec, tmp_path / "data", output_format="parquet")
    place = WarehouseOptions(**database.options()).warehouse_place

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
    if database.has_postgis:
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
    place = WarehouseOptions(**database.options()).warehouse_place
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
    place = WarehouseOptions(**database.options()).warehouse_place
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
    load(lake=asked.lake, **database.options())
    setting = setting_of_dataset(asked.spec, {"incident_count": 50, "seed": 2})
    write_setting(setting, {}, tmp_path / "data", output_format="csv", overwrite=False, progress=lambda count: None)
    load_incidents(tmp_path / "data", WarehouseOptions(**database.options()).warehouse_place)
    question = Path("examples/postgres.sql").read_text(encoding="utf-8").partition("\nWITH ")[2]
    database.rows(f"ALTER DATABASE {database.name} SET search_path = wattif, public")
    found = database.rows(f"WITH {question}")
    assert all(customers == told for _, customers, told in found), found
    labels = [pq.read_table(path) for path in asked.lake.glob("_wattif/labels/anomalies/*.parquet")]
    starts = [start.replace(minute=0, second=0) for table in labels for start in table["start"].to_pylist()]
    assert starts
    assert set(starts) <= {hour for hour, *_ in found}

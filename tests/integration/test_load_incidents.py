"""Incidents in a warehouse: each row as the files have it, all tables or none."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import wattif
from wattif.errors import UsageError
from wattif.incidents.load import load_incidents
from wattif.incidents.rows import all_rows
from wattif.incidents.write import write_incidents
from wattif.warehouse.place import WarehousePlace

SPEC = wattif.IncidentSpec(incident_count=200, seed=9, window_end="2024-07-01", city="berlin")


@pytest.mark.parametrize("ending", ["csv", "parquet", "ndjson"])
def test_every_row_arrives_whatever_the_format(tmp_path: Path, ending: str) -> None:
    write_incidents(SPEC, tmp_path / "data", output_format=ending)
    place = WarehousePlace(database=tmp_path / "w.duckdb")
    report = load_incidents(tmp_path / "data", place)
    assert set(report.tables) == set(all_rows())
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in all_rows():
            connection.register("expected", wattif.read(SPEC, name).read_all())
            different = f'(FROM "{name}" EXCEPT ALL FROM expected) UNION ALL (FROM expected EXCEPT ALL FROM "{name}")'
            assert connection.sql(different).fetchall() == [], name
    assert load_incidents(tmp_path / "data", place).tables_skipped == len(all_rows())


def test_other_incidents_take_the_place_of_those(tmp_path: Path) -> None:
    place = WarehousePlace(database=tmp_path / "w.duckdb")
    for count in (50, 20):
        write_incidents(SPEC.model_copy(update={"incident_count": count}), tmp_path / "data", overwrite=True)
        assert load_incidents(tmp_path / "data", place).tables["incidents"] == count
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        assert connection.sql("SELECT count(*) FROM incidents").fetchall() == [(20,)]


@pytest.mark.parametrize("left_out", ["notes", "units", "assets"])
def test_a_table_that_is_left_out_is_empty_afterwards(tmp_path: Path, left_out: str) -> None:
    place = WarehousePlace(database=tmp_path / "w.duckdb")
    write_incidents(SPEC, tmp_path / "data")
    assert load_incidents(tmp_path / "data", place).tables[f"incident_{left_out}"] > 0
    write_incidents(SPEC.model_copy(update={f"include_{left_out}": False}), tmp_path / "less")
    assert load_incidents(tmp_path / "less", place).tables == {f"incident_{left_out}": 0}
    assert load_incidents(tmp_path / "less", place).tables == {}
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        assert connection.sql(f"SELECT count(*) FROM incident_{left_out}").fetchall() == [(0,)]


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_rows_that_the_report_tells_of_are_missed(tmp_path: Path, ending: str) -> None:
    """A line, and a whole table; whoever wants it so removes the report."""
    place = WarehousePlace(database=tmp_path / "w.duckdb")
    write_incidents(SPEC, tmp_path / "data", output_format=ending)
    incidents, notes = (tmp_path / "data" / f"{name}.{ending}" for name in ("incidents", "incident_notes"))
    whole = incidents.read_bytes()
    incidents.write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 1])
    said = rf"incidents\.{ending}: has 199 rows, and generation_report\.txt says 200; write the data set again, or remo"
    with pytest.raises(UsageError, match=said):
        load_incidents(tmp_path / "data", place)
    incidents.write_bytes(whole)
    notes.unlink()
    with pytest.raises(UsageError, match=r"incident_notes\.\*: no such file"):
        load_incidents(tmp_path / "data", place)
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        assert connection.sql("FROM wattif_tables").fetchall() == []
    (tmp_path / "data" / "generation_report.txt").unlink()
    assert load_incidents(tmp_path / "data", place).tables["incident_notes"] == 0


def test_what_is_missing_or_wrong_is_named_and_nothing_is_loaded(tmp_path: Path) -> None:
    place = WarehousePlace(database=tmp_path / "w.duckdb")
    write_incidents(SPEC, tmp_path / "data")
    stations = tmp_path / "data" / "stations.csv"
    whole = stations.read_text()
    for text, said in (
        (whole.replace("station_code", "station", 1), "has no column station_code"),
        (whole.replace("true", "perhaps", 1), "cannot be read"),
    ):
        stations.write_text(text)
        with pytest.raises(UsageError, match=said):
            load_incidents(tmp_path / "data", place)
    stations.write_text(whole)
    incidents = tmp_path / "data" / "incidents.csv"
    text = incidents.read_text()
    incidents.write_text(text[: text.index('"', len(text) // 2) + 1] + "cut off")
    with pytest.raises(UsageError, match=r"incidents\.csv: cannot be read"):
        load_incidents(tmp_path / "data", place)
    stations.unlink()
    with pytest.raises(UsageError, match=r"stations\.\*: no such file"):
        load_incidents(tmp_path / "data", place)
    with pytest.raises(UsageError, match=r"`incidents` .*: no such folder"):
        load_incidents(tmp_path / "none", place)
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        assert ("stations", 0) not in connection.sql("SELECT name, 0 FROM wattif_tables").fetchall()

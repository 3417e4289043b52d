"""`wattif incidents` as users run it: its folder, its report, what it refuses, and the incidents of a lake."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import wattif
from tests.commands import run_wattif
from wattif.incidents.read import read_incidents
from wattif.incidents.rows import all_rows

Run = Callable[..., tuple[int, str, str]]
COMMON = ["--incident-count", "300", "--window-end", "2024-07-01", "--seed", "7", "--no-verbose"]


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The verb, from a folder of its own."""
    folder = tmp_path_factory.mktemp("home")
    return lambda *words: _run(folder, *words)


def _run(folder: Path, *words: str) -> tuple[int, str, str]:
    done = run_wattif(folder, "incidents", *words)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("ending", ["csv", "parquet", "ndjson"])
def test_all_formats_hold_the_same_rows(tmp_path: Path, ending: str, run: Run) -> None:
    code, out, err = run(*COMMON, "--output-dir", str(tmp_path / "out"), "--output-format", ending)
    assert code == 0, err
    assert "seed 7, window 2024-04-02T00:00:00Z to 2024-07-01T00:00:00Z" in out
    spec = wattif.IncidentSpec(incident_count=300, window_end="2024-07-01", seed=7)
    scan = {
        "csv": "read_csv('{}', header=true, all_varchar=true, allow_quoted_nulls=false)",
        "parquet": "read_parquet('{}')",
        "ndjson": "read_json('{}', format='newline_delimited', records=true, sample_size=-1)",
    }[ending]
    for name, rows in all_rows().items():
        expected = wattif.read(spec, name).read_all()
        wanted = ", ".join(f'CAST("{column.name}" AS {column.duckdb_type})' for column in rows.table.columns)
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.register("expected", expected)
            file = scan.format(tmp_path / "out" / f"{name}.{ending}")
            own, theirs = f"SELECT {wanted} FROM {file}", f"SELECT {wanted} FROM expected"
            assert connection.sql(f"({own} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {own})").fetchall() == []


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    words = ["--incident-count", "45000", "--window-end", "2024-07-01", "--seed", "7", "--no-verbose"]
    assert run(*words, "--output-dir", str(tmp_path / "one"))[0] == 0
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert run(*words, "--output-dir", str(tmp_path / "two"))[0] == 0
    files = sorted(each.name for each in (tmp_path / "one").iterdir())
    assert len(files) == len(all_rows()) + 1
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_what_was_drawn_is_told_and_makes_it_again(tmp_path: Path, run: Run) -> None:
    code, out, _ = run("--incident-count", "20", "--output-dir", str(tmp_path / "one"), "--no-verbose")
    assert code == 0
    report = (tmp_path / "one" / "generation_report.txt").read_text()
    told = dict(
        line.strip().split(": ", 1) for line in report.partition("Settings\n")[2].partition("\n\n")[0].splitlines()
    )
    assert f"seed {told['seed']}," in out
    again = ["--seed", told["seed"], "--start-datetime", told["window_end"], "--incident-count", "20", "--no-verbose"]
    assert run(*again, "--output-dir", str(tmp_path / "two"))[0] == 0
    assert (tmp_path / "one" / "incidents.csv").read_bytes() == (tmp_path / "two" / "incidents.csv").read_bytes()


def test_tables_are_left_out_when_told(tmp_path: Path, run: Run) -> None:
    words = ["--no-include-units", "--no-include-assets", "--no-include-notes"]
    assert run(*COMMON, *words, "--output-dir", str(tmp_path / "out"))[0] == 0
    names = {each.stem for each in (tmp_path / "out").iterdir()}
    assert names.isdisjoint({"incident_units", "incident_assets", "incident_notes"})
    assert {"incidents", "incident_events", "stations"} <= names


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--incident-count", "0"], "--incident-count 0: must be greater than or equal to 1"),
        (["--station-count", "0"], "--station-count 0: must be"),
        (["--units-min", "4"], "--units-min 4: is more than --units-max 3"),
        (["--assets-probability", "1.5"], "--assets-probability 1.5: must be less than or equal to 1"),
        (["--notes-probability", "-0.1"], "--notes-probability -0.1: must be greater than or equal to 0"),
        (["--geohash-precision", "2"], "--geohash-precision 2: must be greater than or equal to 3"),
        (["--geohash-precision", "13"], "--geohash-precision 13: must be less than or equal to 12"),
        (["--window-days", "0"], "--window-days 0: must be greater than or equal to 1"),
        (["--window-end", "yesterday"], "--window-end yesterday: not a date or time of ISO 8601"),
        (["--start-datetime", "10000-01-01"], "10000-01-01: not a date or time of ISO 8601"),
        (["--output-format", "xlsx"], "--output-format xlsx: unknown format"),
        (["--workflow", "none.toml"], "--workflow none.toml: cannot be read: No such file"),
        (["--city", "atlantis"], "--city atlantis: unknown city"),
        (["--city", "manila,london"], "--city manila,london: name one city"),
        (["--window-end", "1971-01-05"], "--window-days 90: reach back beyond 1971-01-01"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, words: list[str], said: str, run: Run) -> None:
    code, out, err = run(*words, "--output-dir", str(tmp_path / "out"), "--no-verbose")
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, run: Run) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    code, _, err = run(*COMMON, "--output-dir", str(tmp_path))
    assert code == 2
    assert "holds mine.txt" in err
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of meters at a third of which something goes wrong."""
    folder = tmp_path_factory.mktemp("incidents") / "lake"
    spec = wattif.Spec(
        start="2024-01-01",
        end="2024-01-03",
        meters=1_000,
        interval=300,
        anomaly_rate=0.4,
        anomalies="outage=2,sag=1,swell=1,dead=1",
    )
    wattif.generate(spec, folder, staging_dir=folder.parent)
    return folder


def test_every_labelled_outage_is_an_incident_with_a_crew(tmp_path: Path, lake: Path, run: Run) -> None:
    words = ["--lake", str(lake), "--seed", "5", "--incident-count", "200", "--no-verbose"]
    code, out, err = run(*words, "--output-dir", str(tmp_path / "out"))
    assert code == 0, err
    assert "window 2024-01-01T00:00:00Z to 2024-01-04T00:00:00Z" in out
    labels = (
        duckdb.connect()
        .execute(
            f"""SELECT DISTINCT event_id, kind, transformer_id, min("start") OVER w "begin",
            coalesce(to_timestamp((parameters::JSON->>'restored_s')::DOUBLE), max("end") OVER w) finish
        FROM '{lake}/_wattif/labels/anomalies/*.parquet' JOIN '{lake}/_wattif/transformers.parquet' USING (transformer)
        WHERE kind IN ('outage', 'sag', 'swell') WINDOW w AS (PARTITION BY event_id)"""
        )
        .fetchall()
    )
    assert len(labels) > 3
    found = {}
    with (tmp_path / "out" / "incidents.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            facts = json.loads(row["metadata"])
            if "event_id" in facts:
                found[facts["event_id"]] = (row, facts)
            else:  # what shows in readings occurs nowhere else
                assert "customers_without_power" not in facts
                assert row["source_code"] != "METER"
    assert set(found) == {label[0] for label in labels}
    types = {"outage": {"OUTAGE", "TRANSFORMER_FIRE", "WIRES_DOWN"}, "sag": {"VOLTAGE_SAG"}, "swell": {"VOLTAGE_SWELL"}}
    for event_id, kind, transformer_id, begin, end in labels:
        row, facts = found[event_id]
        assert facts["transformer_id"] == transformer_id
        assert row["type_code"] in types[kind]
        assert (row["source_code"] == "METER") == (row["type_code"] not in ("TRANSFORMER_FIRE", "WIRES_DOWN"))
        assert row["occurrence_at"] == f"{begin:%Y-%m-%dT%H:%M:%SZ}"
        if row["status_code"] in ("RESOLVED", "CLOSED"):
            assert row["resolved_at"] == f"{end:%Y-%m-%dT%H:%M:%SZ}"
        else:
            assert f"{end:%Y-%m-%dT%H:%M:%SZ}" >= "2024-01-04T00:00:00Z"
        assert row["status_code"] != "CANCELLED"


def test_a_window_beyond_the_lake_is_warned_of(
    tmp_path: Path, lake: Path, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    words = ["--lake", str(lake), "--incident-count", "200", "--output-dir", str(tmp_path), "--no-verbose"]
    for window, told in (
        (["--window-end", "2024-07-01"], "2024-06-28T00:00:00Z to 2024-07-01T00:00:00Z"),
        (["--window-days", "4"], "2023-12-31T00:00:00Z to 2024-01-04T00:00:00Z"),
        (["--window-days", "2"], None),
        ([], None),
    ):
        caplog.clear()
        assert run(*words, *window, "--overwrite")[0] == 0
        assert [each.levelname for each in caplog.records] == ["WARNING"] * (told is not None)
        if told is not None:
            (line,) = caplog.messages
            for said in (str(lake), "2024-01-01T00:00:00Z to 2024-01-04T00:00:00Z", told, "leave out --window-end"):
                assert said in line


def test_too_few_incidents_for_the_labels_are_refused(tmp_path: Path, lake: Path, run: Run) -> None:
    words = ["--lake", str(lake), "--output-dir", str(tmp_path / "out"), "--no-verbose"]
    code, _, err = run(*words, "--incident-count", "1")
    assert code == 2
    assert "--incident-count 1: the lake has" in err
    code, _, err = run(*words, "--city", "london")
    assert code == 2
    assert "--city london: is not in the lake" in err
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def two_cities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second week of a month in two cities, with outages and sags at a rate in calendar time."""
    folder = tmp_path_factory.mktemp("incidents") / "lake"
    spec = wattif.Spec(
        start="2024-01-08",
        end="2024-01-14",
        meters=480,
        interval=3600,
        city="manila,london",
        anomaly_rate="2/month",
        anomalies="outage,sag",
        columns="mac,timestamp,consumption_wh",
    )
    wattif.generate(spec, folder, staging_dir=folder.parent)
    return folder


def test_a_lake_of_several_cities_wants_one_of_them(tmp_path: Path, two_cities: Path, run: Run) -> None:
    code, out, err = run("--lake", str(two_cities), "--output-dir", str(tmp_path / "out"), "--no-verbose")
    assert (code, out) == (2, "")
    assert "--city: the lake has several; name one of manila, london, and run once for each" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("city", ["manila", "london"])
def test_events_at_a_rate_are_incidents_of_their_city(tmp_path: Path, two_cities: Path, city: str, run: Run) -> None:
    words = ["--lake", str(two_cities), "--city", city, "--seed", "5", "--incident-count", "400", "--no-verbose"]
    code, _, err = run(*words, "--output-dir", str(tmp_path / "out"))
    assert code == 0, err
    with duckdb.connect() as connection:
        labels = connection.execute(
            f"""SELECT DISTINCT event_id FROM '{two_cities}/_wattif/labels/anomalies/*.parquet'
            WHERE city_id = ?""",
            [city],
        ).fetchall()
        incidents = connection.execute(
            f"""SELECT metadata::JSON->>'event_id', metadata::JSON->>'transformer_id' FROM read_csv(
            '{tmp_path}/out/incidents.csv', all_varchar=true) WHERE metadata LIKE '%"event_id"%'"""
        ).fetchall()
    assert len(labels) > 5
    assert sorted(row[0] for row in incidents) == sorted(row[0] for row in labels)
    assert {row[1][:3] for row in incidents} == {{"manila": "MNL", "london": "LON"}[city]}


def test_ranges_and_names_that_are_not_there_are_refused() -> None:
    spec = wattif.IncidentSpec(incident_count=10, seed=1, window_end="2024-07-01")
    for faults, said in (
        ({"table": "incident"}, "did you mean incidents"),
        ({"columns": ["titel"]}, "did you mean title"),
        ({"first": 11, "count": 3}, "from 0 to 9"),
    ):
        with pytest.raises(ValueError, match=said):
            read_incidents(spec, **faults)
    with pytest.raises(ValueError, match="incidents are made by number"):
        wattif.read(spec, "incidents", meters=[1])

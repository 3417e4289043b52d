"""The air in a lake: all that a table says of itself holds there, and DuckDB finds the same index in its rows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import wattif
from tests.asking import Asked
from tests.lakes import objects
from tests.reconciling import SMALL, make_lake, report_of
from wattif.cli.main import exit_code
from wattif.errors import LakeError
from wattif.tables import catalog
from wattif.tables.air_quality import TABLE
from wattif.tables.ddl import targets

ROOT = Path(__file__).resolve().parent.parent.parent
CITIES = "new-york,berlin"
OBJECTS = tuple(TABLE.object_name(f"{city}-2024-{month}") for city in CITIES.split(",") for month in ("01", "02"))
SPAN = {"start": "2024-01-31", "end": "2024-02-01", "city": CITIES, "extra_tables": TABLE.name}

# 40 CFR part 58, appendix G, table 2, written down by itself: the unit of a step, and both ends of each category
INDEX = """
WITH breakpoints(pollutant, low, high, index_low, index_high) AS (VALUES
    ('pm2_5', 0.0, 9.0, 0, 50), ('pm2_5', 9.1, 35.4, 51, 100), ('pm2_5', 35.5, 55.4, 101, 150),
    ('pm2_5', 55.5, 125.4, 151, 200), ('pm2_5', 125.5, 225.4, 201, 300), ('pm2_5', 225.5, 325.4, 301, 500),
    ('pm10', 0, 54, 0, 50), ('pm10', 55, 154, 51, 100), ('pm10', 155, 254, 101, 150),
    ('pm10', 255, 354, 151, 200), ('pm10', 355, 424, 201, 300), ('pm10', 425, 604, 301, 500),
    ('no2', 0, 53, 0, 50), ('no2', 54, 100, 51, 100), ('no2', 101, 360, 101, 150), ('no2', 361, 649, 151, 200),
    ('no2', 650, 1249, 201, 300), ('no2', 1250, 2049, 301, 500),
    ('o3', 0, 54, 0, 50), ('o3', 55, 70, 51, 100), ('o3', 71, 85, 101, 150), ('o3', 86, 105, 151, 200),
    ('o3', 106, 200, 201, 300),
    ('o3 of an hour', 125, 164, 101, 150), ('o3 of an hour', 165, 204, 151, 200),
    ('o3 of an hour', 205, 404, 201, 300), ('o3 of an hour', 405, 604, 301, 500),
    ('co', 0.0, 4.4, 0, 50), ('co', 4.5, 9.4, 51, 100), ('co', 9.5, 12.4, 101, 150), ('co', 12.5, 15.4, 151, 200),
    ('co', 15.5, 30.4, 201, 300), ('co', 30.5, 50.4, 301, 500)),
means AS (
    SELECT zone_id, time, us_aqi, critical_pollutant, row_number() OVER day AS hours,
        floor(sum((pm2_5_ug_m3 * 10)::BIGINT) OVER day / 24) / 10 AS pm2_5,
        floor(sum((pm10_ug_m3 * 10)::BIGINT) OVER day / 240) AS pm10,
        floor(no2_ppb)::DOUBLE AS no2,
        floor(sum((o3_ppb * 10)::BIGINT) OVER eight / 80) AS o3,
        floor(o3_ppb)::DOUBLE AS "o3 of an hour",
        floor(sum((co_ppm * 1000)::BIGINT) OVER eight / 800) / 10 AS co
    FROM air
    WINDOW day AS (PARTITION BY zone_id ORDER BY time ROWS 23 PRECEDING),
        eight AS (PARTITION BY zone_id ORDER BY time ROWS 7 PRECEDING)),
of_pollutants AS (
    UNPIVOT (FROM means WHERE hours >= 24)
    ON pm2_5, pm10, no2, o3, "o3 of an hour", co INTO NAME pollutant VALUE concentration),
indices AS (
    SELECT zone_id, time, us_aqi, critical_pollutant, split_part(pollutant, ' ', 1) AS pollutant,
        round(index_low + (index_high - index_low) * (concentration - low) / (high - low))::INTEGER AS index
    FROM of_pollutants JOIN breakpoints USING (pollutant)
    WHERE concentration BETWEEN low - 1e-9 AND high + 1e-9)
SELECT zone_id, time, any_value(us_aqi) AS told, any_value(critical_pollutant) AS named, max(index) AS found,
    list(pollutant) FILTER (index = highest) AS worst
FROM (SELECT *, max(index) OVER (PARTITION BY zone_id, time) AS highest FROM indices)
GROUP BY zone_id, time
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lake(tmp_path_factory.mktemp("air"), **SPAN)


def test_a_run_stores_what_it_said_it_would(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = [path.relative_to(lake).as_posix() for path in lake.rglob("*") if path.is_file()]
    assert {name for name in there if "air_quality" in name} == set(OBJECTS)
    options = {**SMALL, **SPAN}
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    assert exit_code(["generate", *arguments, f"--lake={lake}", "--dry-run"]) == 0
    (line,) = [each for each in capsys.readouterr().out.splitlines() if each.startswith("objects:")]
    assert "air_quality" in line
    assert int(line.split()[1]) == len(there)


def test_what_is_read_is_what_lies_there(lake: Path) -> None:
    opened = wattif.open(lake)
    assert TABLE.name in opened.tables
    read = wattif.read(opened.spec, TABLE.name, numbers="decimal").read_all()
    stored = [row for name in OBJECTS for row in pq.read_table(lake / name).to_pylist()]
    assert len(stored) == (5 + 12) * (31 + 29) * 24
    assert read.to_pylist() == stored


def test_duckdb_finds_the_same_index_in_the_published_concentrations(lake: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 2")
        connection.execute(f"CREATE TABLE air AS FROM read_parquet('{lake}/_wattif/air_quality/*.parquet')")
        connection.execute(f"CREATE TABLE found AS {INDEX}")
        count, equal, named = connection.sql(
            "SELECT count(*), count(*) FILTER (told = found), count(*) FILTER (list_contains(worst, named)) FROM found"
        ).fetchall()[0]
        ties = connection.sql("SELECT count(*) FROM found WHERE len(worst) > 1").fetchall()[0][0]
        critical = dict(connection.sql("SELECT named, count(*) FROM found GROUP BY ALL").fetchall())
    assert count == (5 + 12) * ((31 + 29) * 24 - 23)
    assert equal == named == count
    assert ties < count / 20  # two pollutants of the same index
    assert set(critical) >= {"pm2_5", "o3"}


def test_a_lake_that_grows_is_the_lake_made_at_once(lake: Path, tmp_path: Path) -> None:
    """Neither the days of a run nor its meters matter: months of zones are whole."""
    make_lake(tmp_path, **{**SPAN, "end": "2024-01-31"})
    there = {name: (tmp_path / "lake" / name).exists() for name in OBJECTS}
    assert there == {name: "-01." in name for name in OBJECTS}
    make_lake(tmp_path / "more", **{**SPAN, "lake": tmp_path / "lake"})
    assert {name: (tmp_path / "lake" / name).read_bytes() for name in OBJECTS} == {
        name: (lake / name).read_bytes() for name in OBJECTS
    }
    (tmp_path / "lake" / OBJECTS[0]).unlink()  # a run makes what is not there
    make_lake(tmp_path / "again", **{**SPAN, "lake": tmp_path / "lake"})
    assert objects(tmp_path / "lake") == objects(lake)
    for arguments in ([], ["--deep"]):
        assert report_of("--lake", str(tmp_path / "lake"), *arguments).explained


def test_load_and_air_are_joined_by_the_zone_of_the_meter(tmp_path: Path) -> None:
    """As docs/air_quality.md has it, in a DuckDB that the lake was loaded into."""
    lake = make_lake(tmp_path, **{**SPAN, "extra_tables": "air_quality", "meters": 90})
    database = tmp_path / "readings.duckdb"
    assert exit_code(["load", "--lake", str(lake), "--database", str(database)]) == 0
    (statement,) = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "air_quality.md").read_text("utf-8"), re.DOTALL)
    with duckdb.connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.sql(statement.replace("lake/", f"{lake}/")).fetchall()
        zones, hours = (len({row[n] for row in rows}) for n in (0, 1))
        used = sum(row[2] for row in rows)
        (total,) = connection.sql("SELECT sum(consumption_wh) / 1000 FROM smart_meter_readings").fetchall()[0]
    assert zones > 2  # of both cities
    assert hours == 48
    assert len(rows) == zones * hours
    assert float(used) == pytest.approx(float(total))


def test_reconcile_tells_the_row_and_the_column_that_differ(lake: Path) -> None:
    assert report_of("--lake", str(lake)).explained
    path = lake / OBJECTS[1]
    content = path.read_bytes()
    try:
        with duckdb.connect() as connection:
            connection.execute(f"SET TimeZone = 'UTC'; CREATE TABLE t AS FROM '{path}'")
            connection.execute("UPDATE t SET us_aqi = us_aqi + 1 WHERE zone_id = 'NYC_Z_003' AND hour(time) = 5")
            changed = connection.sql("FROM t").to_arrow_table()
        pq.write_table(changed.cast(pq.read_schema(path)), path)
        report = report_of("--lake", str(lake))
        assert report.told("verdict", "place", "column", "readings") == [("altered", OBJECTS[1], "us_aqi", 29)]
        path.unlink()
        assert report_of("--lake", str(lake)).told("verdict", "place") == [("missing", OBJECTS[1])]
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("target", targets())
def test_every_engine_is_told_of_it(lake: Path, target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["schema", TABLE.name, "--for", target, "--lake", str(lake)]) == 0
    text = capsys.readouterr().out
    assert "air_quality" in text or target == "json-schema"
    if target == "json-schema":
        assert set(json.loads(text)["properties"]) == set(TABLE.column_names)
    if target == "duckdb":
        with duckdb.connect() as connection:
            connection.execute(text.replace("${", "$ {"))
            mean = connection.sql("SELECT avg(pm2_5_ug_m3) FROM air_quality WHERE city_id = 'berlin'").fetchall()[0][0]
        assert 3 < mean < 40


def test_a_lake_without_it_has_none_and_does_not_take_it_later(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, **{**SPAN, "extra_tables": ""})
    assert not (lake / TABLE.folder).exists()
    assert TABLE.name not in wattif.open(lake).tables
    with pytest.raises(LakeError, match="extra_tables is '' there and 'air_quality' here"):
        make_lake(tmp_path / "more", **{**SPAN, "lake": lake})
    with pytest.raises(ValueError, match="the dataset has none"):
        wattif.read(wattif.open(lake).spec, TABLE.name)


def test_what_lies_there_unasked_is_told(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, **{**SPAN, "extra_tables": ""})
    stray = lake / OBJECTS[0]
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"left over")
    assert report_of("--lake", str(lake)).told("verdict", "place") == [("extra", OBJECTS[0])]


def test_one_file_declares_it() -> None:
    """Nothing beside its own file, and the model's, knows the name."""
    root = Path(wattif.__file__).parent
    asked = Asked(**{**SMALL, **SPAN})
    assert TABLE in catalog.lake_tables_of(asked.spec, "whole")
    known = {
        path.relative_to(root).as_posix() for path in root.rglob("*.py") if "air_quality" in path.read_text("utf-8")
    }
    assert known == {
        "tables/air_quality.py",
        "model/air_quality.py",
        "model/air_quality_index.py",
        "spec/spec.py",  # an example in the words of the option
    }

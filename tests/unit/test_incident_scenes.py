"""What happens is what its type allows: who reports it, flats, people hurt, damage, assets, roles of units."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import wattif
import wattif.incidents
from wattif.incidents.kinds import Scene

TYPES = {
    content["code"]: content
    for content in (
        tomllib.loads(file.read_text(encoding="utf-8"))
        for file in (Path(wattif.incidents.__file__).parent / "types").glob("*.toml")
    )
}
SPEC = wattif.IncidentSpec(
    incident_count=20_000, seed=11, window_end="2024-07-01", window_days=365, city="chicago", units_max=6
)
SCENES = ("indoors", "outdoors")
COLUMNS = [
    "incident_number", "type_code", "severity_code", "status_code", "source_code", "narrative", "address_line_2",
    "casualty_count", "responder_injuries", "estimated_damage_amount",
]  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        incidents = wattif.read(SPEC, "incidents", columns=COLUMNS).read_all()
        assets, units = (wattif.read(SPEC, f"incident_{name}").read_all() for name in ("assets", "units"))
        for name, rows in (("incidents", incidents), ("assets", assets), ("units", units)):
            connection.register(name, rows)
        yield connection


def _shares(code: str, key: str) -> dict[str, float]:
    """Of each code named in the scenes of a type, by the share of the scenes."""
    scenes = [TYPES[code][name] for name in SCENES if name in TYPES[code]]
    whole = sum(scene.get("share", 1.0) for scene in scenes)
    found: dict[str, float] = {}
    for scene in scenes:
        own = sum(scene[key].values())
        for name, weight in scene[key].items():
            found[name] = found.get(name, 0.0) + weight / own * scene.get("share", 1.0) / whole
    return found


def test_each_type_is_reported_by_whom_it_names(made: duckdb.DuckDBPyConnection) -> None:
    counts = made.sql("SELECT type_code, source_code, count(*) FROM incidents GROUP BY ALL").fetchall()
    for code in TYPES:
        own = {source: count for kind, source, count in counts if kind == code}
        expected, whole = _shares(code, "sources"), sum(own.values())
        assert own.keys() <= expected.keys(), code
        for source, share in expected.items():  # within four standard deviations of a binomial count
            spread = 4 * (whole * share * (1 - share)) ** 0.5 + 1
            assert own.get(source, 0) == pytest.approx(whole * share, abs=spread), (code, source)


def test_who_reports_what_a_type_says_nothing_of_stands_in_the_look_up_table() -> None:
    lookups = tomllib.loads((Path(wattif.incidents.__file__).parent / "data/lookups.toml").read_text(encoding="utf-8"))
    scene = Scene(told=("Bees.",), causes=("heather",))
    assert scene.sources == {code: (row[2:] or [0.0])[0] for code, row in lookups["sources"].items()}


def test_only_what_happens_in_buildings_has_flats(made: duckdb.DuckDBPyConnection) -> None:
    rows = made.sql("SELECT type_code, count(*), count(address_line_2) FROM incidents GROUP BY 1").fetchall()
    for code, count, flats in rows:
        scenes = {name: TYPES[code].get(name, {"share": 0.0}) for name in SCENES}
        indoors, outdoors = (scenes[name].get("share", 1.0) for name in SCENES)
        share = scenes["indoors"].get("flats", 0.0) * indoors / (indoors + outdoors)
        assert flats == pytest.approx(count * share, abs=4 * (count * share * (1 - share)) ** 0.5), code
    told = "SELECT narrative FROM incidents WHERE address_line_2 IS NOT NULL AND narrative LIKE '%in the street%'"
    assert made.sql(told).fetchall() == []


def test_a_patient_is_hurt_or_ill_and_responders_are_not_counted_for_one(made: duckdb.DuckDBPyConnection) -> None:
    rows = made.sql(
        """SELECT count(*), min(casualty_count), min(casualty_count - responder_injuries), sum(responder_injuries)
        FROM incidents WHERE type_code = 'MEDICAL' AND status_code <> 'CANCELLED'"""
    ).fetchall()
    ((count, least, patients, injuries),) = rows
    assert count > 5_000
    assert (least, patients) == (1, 1)
    assert injuries > 0


def test_damage_is_estimated_to_two_digits_in_the_currency_of_the_city(made: duckdb.DuckDBPyConnection) -> None:
    amounts = [int(row[0]) for row in made.sql("SELECT estimated_damage_amount FROM incidents").fetchall()]
    assert all(not amount or not f"{amount}"[2:].strip("0") for amount in amounts)
    assert any(amount > 1_000 and f"{amount}"[1] != "0" for amount in amounts)
    medians = {}
    for city in ("chicago", "tokyo"):
        spec = wattif.IncidentSpec(incident_count=5_000, seed=11, window_end="2024-07-01", city=city)
        rows = wattif.read(spec, "incidents", columns=COLUMNS).read_all()
        with duckdb.connect() as connection:
            connection.register("incidents", rows)
            query = "SELECT median(estimated_damage_amount) FROM incidents WHERE type_code = 'TRAFFIC_ACCIDENT'"
            ((medians[city],),) = connection.sql(query).fetchall()
    assert medians["tokyo"] / medians["chicago"] == pytest.approx(95, rel=0.15)


def test_assets_are_those_of_the_type_and_harmed_as_often_as_it_says(made: duckdb.DuckDBPyConnection) -> None:
    rows = made.sql(
        """SELECT type_code, asset_type, status_code = 'CANCELLED', count(*), count(*) FILTER (status <> 'OPERATIONAL'),
        count(*) FILTER ((status = 'OPERATIONAL') <> (notes IS NULL)),
        count(*) FILTER (status = 'REPLACED' AND status_code NOT IN ('RESOLVED', 'CLOSED'))
        FROM assets JOIN incidents USING (incident_number) GROUP BY ALL"""
    ).fetchall()
    known: dict[str, dict[str, Any]] = {
        code: {key: each for name in SCENES for key, each in kind.get(name, {}).get("assets", {}).items()}
        for code, kind in TYPES.items()
    }
    assert {(row[0], row[1]) for row in rows} == {(code, name) for code in known for name in known[code]}
    for code, asset, is_called_off, count, harmed, unexplained, too_soon in rows:
        share = 0.0 if is_called_off else known[code][asset]
        assert harmed == pytest.approx(count * share, abs=4 * (count * share * (1 - share)) ** 0.5), (code, asset)
        assert (unexplained, too_soon) == (0, 0)
    states = "SELECT DISTINCT status FROM assets WHERE asset_type = '{}'"
    assert len(made.sql(states.format("TRANSFORMER")).fetchall()) == 4
    assert ("REPLACED",) not in made.sql(states.format("VEHICLE")).fetchall()


def test_one_unit_leads_and_only_where_it_is_severe(made: duckdb.DuckDBPyConnection) -> None:
    rows = made.sql(
        """SELECT severity_code, max(led), max(first), min(first), bool_or(led > 0) FROM (SELECT incident_number,
            count(*) FILTER (assignment_role = 'COMMAND') led, count(*) FILTER (assignment_role = 'PRIMARY') first
            FROM units GROUP BY 1) JOIN incidents USING (incident_number) GROUP BY 1"""
    ).fetchall()
    assert {severity: (led, most, least) for severity, led, most, least, _ in rows} == {
        "LOW": (0, 1, 1), "MEDIUM": (0, 1, 1), "HIGH": (1, 1, 1), "CRITICAL": (1, 1, 1),
    }  # fmt: skip

"""What must hold of incidents, whatever is asked for: held against other libraries and against the files themselves."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import numpy as np
import pyarrow as pa
import pygeohash
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from wattif.incidents.read import read_incidents
from wattif.incidents.rows import RowsOfBlock, all_rows
from wattif.incidents.spec import IncidentSpec
from wattif.incidents.sphere import distances_m, geohashes, wkt_points
from wattif.tables import catalog, incidents

DEGREES = st.tuples(
    st.floats(-180, 180, exclude_max=True, allow_subnormal=False),
    st.floats(-90, 90, exclude_max=True, allow_subnormal=False),
)
# What has a time in each status: from the description of the tables, not from the workflow
TIMES = {
    "REPORTED": "YYNNN",
    "DISPATCHED": "YYYNN",
    "ON_SCENE": "YYYYN",
    "RESOLVED": "YYYYY",
    "CLOSED": "YYYYY",
}
SPECS = {
    "manila": IncidentSpec(incident_count=4_000, seed=7, window_end="2024-07-01", window_days=3),
    "tokyo": IncidentSpec(
        incident_count=3_000, station_count=3, seed=8, window_end="2024-01-15T12:00:00+09:00", city="tokyo"
    ),
    "one station": IncidentSpec(
        incident_count=500, station_count=1, seed=1, window_days=1, window_end="1972-03-01", units_min=2, units_max=20
    ),
}


@pytest.fixture(scope="module", params=SPECS)
def tables(request: pytest.FixtureRequest) -> dict[str, pa.Table]:
    """All tables of a spec."""
    return {name: read_incidents(SPECS[request.param], name).read_all() for name in all_rows()}


def _of(tables: dict[str, pa.Table], query: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(query).fetchall()


def test_times_are_in_order_and_there_as_the_status_says(tables: dict[str, pa.Table]) -> None:
    names = ("occurrence_at", "reported_at", "dispatch_at", "arrival_at", "resolved_at")
    seen = set()
    for row in tables["incidents"].to_pylist():
        times = [row[name] for name in names]
        there = [each for each in times if each is not None]
        assert there == sorted(there)
        pattern = "".join("N" if each is None else "Y" for each in times)
        if row["status_code"] == "CANCELLED":
            assert pattern in ("YYNNY", "YYYNY")
        else:
            assert pattern == TIMES[row["status_code"]]
        assert row["is_active"] == (row["status_code"] in ("REPORTED", "DISPATCHED", "ON_SCENE"))
        seen.add(row["status_code"])
    assert {"CLOSED", "CANCELLED"} <= seen


def test_nothing_is_later_than_the_window(tables: dict[str, pa.Table], request: pytest.FixtureRequest) -> None:
    spec = SPECS[request.node.callspec.params["tables"]]
    moments = [
        (name, column.name)
        for name, rows in all_rows().items()
        for column in rows.table.columns
        if column.kind == "timestamp"
    ]
    for name, column in moments:
        last = max((each for each in tables[name][column].to_pylist() if each is not None), default=None)
        assert last is None or last <= spec.window_end, (name, column)
    first = min(tables["incidents"]["occurrence_at"].to_pylist())
    assert spec.window_start <= first


def test_replayed_events_give_the_incidents(tables: dict[str, pa.Table]) -> None:
    different = _of(
        tables,
        """WITH replayed AS (
            SELECT incident_number, arg_max(status_code, event_number) status_code,
                min(occurred_at) FILTER (status_code = 'REPORTED') reported_at,
                min(occurred_at) FILTER (status_code = 'DISPATCHED') dispatch_at,
                min(occurred_at) FILTER (status_code = 'ON_SCENE') arrival_at,
                min(occurred_at) FILTER (status_code IN ('RESOLVED', 'CANCELLED')) resolved_at
            FROM incident_events GROUP BY ALL)
        (SELECT incident_number, status_code, reported_at, dispatch_at, arrival_at, resolved_at FROM incidents
         EXCEPT SELECT * FROM replayed)
        UNION ALL (SELECT * FROM replayed EXCEPT
         SELECT incident_number, status_code, reported_at, dispatch_at, arrival_at, resolved_at FROM incidents)""",
    )
    assert different == []
    chained = _of(
        tables,
        """SELECT count(*) FROM (SELECT from_state, occurred_at, lag(to_state) OVER w before,
            lag(occurred_at) OVER w earlier_at, event_number, row_number() OVER w n FROM incident_events
            WINDOW w AS (PARTITION BY incident_number ORDER BY event_number))
        WHERE from_state IS DISTINCT FROM before OR occurred_at < earlier_at OR event_number <> n""",
    )
    assert chained == [(0,)]


def test_units_and_notes_lie_within_the_incident(tables: dict[str, pa.Table]) -> None:
    wrong = _of(
        tables,
        """SELECT count(*) FROM incident_units u JOIN incidents i USING (incident_number)
        WHERE u.dispatched_at < i.dispatch_at
            OR u.dispatched_at > coalesce(i.arrival_at, i.resolved_at, u.dispatched_at)
            OR u.cleared_at > i.resolved_at OR u.cleared_at < u.dispatched_at
            OR (u.cleared_at IS NULL) <> (i.resolved_at IS NULL) OR i.dispatch_at IS NULL""",
    )
    assert wrong == [(0,)]
    assert _of(
        tables,
        """SELECT count(*) FROM incident_notes n JOIN incidents i USING (incident_number)
        WHERE n.created_at < i.reported_at OR n.created_at > i.resolved_at""",
    ) == [(0,)]
    unsent = """SELECT count(*) FROM incidents WHERE dispatch_at IS NOT NULL
        AND incident_number NOT IN (SELECT incident_number FROM incident_units)"""
    assert _of(tables, unsent) == [(0,)]


def test_stations_answer_only_while_they_are_in_use(tables: dict[str, pa.Table]) -> None:
    wrong = _of(
        tables,
        """SELECT count(*) FROM incident_units u JOIN stations s USING (station_code)
        WHERE u.dispatched_at::DATE > s.decommissioned_on OR u.dispatched_at::DATE < s.commissioned_on""",
    )
    assert wrong == [(0,)]


KEYS = (
    ("incidents", "type_code", "incident_types", "code"),
    ("incidents", "severity_code", "severities", "code"),
    ("incidents", "status_code", "statuses", "code"),
    ("incidents", "source_code", "sources", "code"),
    ("incidents", "weather_condition_code", "weather_conditions", "code"),
    ("incidents", "primary_station_code", "stations", "station_code"),
    ("stations", "response_zone_code", "response_zones", "code"),
    ("incident_units", "incident_number", "incidents", "incident_number"),
    ("incident_units", "station_code", "stations", "station_code"),
    ("incident_assets", "incident_number", "incidents", "incident_number"),
    ("incident_assets", "asset_type", "asset_types", "code"),
    ("incident_notes", "incident_number", "incidents", "incident_number"),
    ("incident_events", "incident_number", "incidents", "incident_number"),
    ("incident_events", "status_code", "statuses", "code"),
)


def test_codes_lead_somewhere_and_keys_are_unique(tables: dict[str, pa.Table]) -> None:
    for table, column, other, key in KEYS:
        stray = f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT {key} FROM {other})"
        assert _of(tables, stray) == [(0,)], (table, column)
    for name in all_rows():
        if key_columns := ", ".join(catalog.table(name).key):
            doubles = f"SELECT count(*) FROM (SELECT 1 FROM {name} GROUP BY {key_columns} HAVING count(*) > 1)"
            assert _of(tables, doubles) == [(0,)], name


def test_places_read_back(tables: dict[str, pa.Table]) -> None:
    for row in tables["incidents"].slice(0, 500).to_pylist():
        point = shapely.from_wkt(row["location_wkt"])
        assert (point.x, point.y) == (row["location_lng"], row["location_lat"])
        assert row["location_geohash"] == pygeohash.encode(row["location_lat"], row["location_lng"], 8)
    zones = _of(
        tables,
        """SELECT count(*) FROM (SELECT metadata::JSON->>'zone_id' FROM incidents
        GROUP BY 1 HAVING count(DISTINCT postal_code) > 1)""",
    )
    assert zones == [(0,)]


@settings(max_examples=200, deadline=None)
@given(st.lists(DEGREES, min_size=1, max_size=20), st.integers(3, 12))
def test_geohashes_are_those_of_another_library(places: list[tuple[float, float]], precision: int) -> None:
    longitude, latitude = (np.array(each) for each in zip(*places, strict=True))
    expected = [pygeohash.encode(lat, lng, precision) for lng, lat in places]
    assert geohashes(longitude, latitude, precision).to_pylist() == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(DEGREES, min_size=1, max_size=20))
def test_well_known_text_is_read_back(places: list[tuple[float, float]]) -> None:
    longitude, latitude = (np.array(each).round(5) for each in zip(*places, strict=True))
    points = [shapely.from_wkt(text) for text in wkt_points(longitude, latitude).to_pylist()]
    assert [(each.x, each.y) for each in points] == list(zip(longitude.tolist(), latitude.tolist(), strict=True))


def test_distances_are_those_of_the_great_circle() -> None:
    """A degree of the equator, and of a meridian, of a sphere with the mean radius of the Earth: 111,195.08 m."""
    degree_m = distances_m(np.array([0.0, 0.0]), np.array([0.0, 51.0]), np.array([1.0, 0.0]), np.array([0.0, 52.0]))
    assert degree_m == pytest.approx([111_195.08, 111_195.08], abs=0.01)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_any_range_is_that_of_the_whole(data: st.DataObject) -> None:
    spec = SPECS["manila"]
    name = data.draw(st.sampled_from([name for name, rows in all_rows().items() if isinstance(rows, RowsOfBlock)]))
    first = data.draw(st.integers(0, spec.incident_count - 1))
    count = data.draw(st.integers(0, spec.incident_count - first))
    whole = read_incidents(spec, name).read_all()
    numbers = read_incidents(spec, columns=["incident_number"], first=first, count=count).read_all()["incident_number"]
    expected = whole.filter(pa.compute.is_in(whole["incident_number"], value_set=numbers.combine_chunks()))
    assert read_incidents(spec, name, first=first, count=count).read_all().equals(expected)


def test_hot_spots_and_storms_have_more() -> None:
    """Counts by address scatter more than chance alone would have them: their variance exceeds their mean."""
    spec = IncidentSpec(incident_count=20_000, seed=3, window_end="2024-09-01", window_days=60)
    rows = read_incidents(spec, columns=["location_lat", "address_line_1", "occurrence_at"]).read_all()
    streets = [text.partition(" ")[2] for text in rows["address_line_1"].to_pylist()]
    counts = np.unique(streets, return_counts=True)[1]
    assert counts.var() > 2 * counts.mean()
    hours = np.array(rows["occurrence_at"], "datetime64[h]").astype(np.int64)
    by_hour = np.bincount(hours - hours.min())
    assert by_hour.max() > 3 * np.median(by_hour)  # a storm


def test_columns_are_those_that_users_load() -> None:
    """By name, in order: they are an interface."""
    assert incidents.STATIONS.column_names == (
        "station_code",
        "name",
        "battalion",
        "address_line_1",
        "address_line_2",
        "city",
        "region",
        "postal_code",
        "phone",
        "is_active",
        "commissioned_on",
        "decommissioned_on",
        "response_zone_code",
        "location_lat",
        "location_lng",
        "location_wkt",
        "coverage_radius_meters",
        "created_at",
        "updated_at",
    )
    assert incidents.INCIDENTS.column_names == (
        "incident_number",
        "external_reference",
        "title",
        "narrative",
        "type_code",
        "severity_code",
        "status_code",
        "source_code",
        "weather_condition_code",
        "primary_station_code",
        "occurrence_at",
        "reported_at",
        "dispatch_at",
        "arrival_at",
        "resolved_at",
        "location_lat",
        "location_lng",
        "location_wkt",
        "location_geohash",
        "address_line_1",
        "address_line_2",
        "city",
        "region",
        "postal_code",
        "casualty_count",
        "responder_injuries",
        "estimated_damage_amount",
        "is_active",
        "metadata",
    )
    assert incidents.UNITS.column_names == (
        "incident_number",
        "station_code",
        "assignment_role",
        "dispatched_at",
        "cleared_at",
    )
    assert incidents.ASSETS.column_names == ("incident_number", "asset_identifier", "asset_type", "status", "notes")
    assert incidents.NOTES.column_names == ("incident_number", "author", "note", "created_at")


def test_a_seed_that_is_drawn_is_told() -> None:
    one, other = IncidentSpec(), IncidentSpec()
    assert one.seed != other.seed
    assert one.window_end.tzinfo == UTC
    assert one.window_end <= datetime.now(UTC)

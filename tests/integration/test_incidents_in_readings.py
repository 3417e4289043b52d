"""The incidents of a lake against its readings: who has no power, and from when to when, both ways."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

import wattif
from wattif.incidents.of_lake import setting_of_dataset
from wattif.incidents.write import write_setting

SPEC = wattif.Spec(
    start="2024-01-01",
    end="2024-01-02",
    meters=600,
    interval=300,
    anomaly_rate=0.5,
    anomalies="outage=3,sag,stuck,dead",
)
DARK = """
    WITH slots AS (
        SELECT transformer_id, num_meters, unnest(generate_series(TIMESTAMPTZ '2024-01-01 00:00:00+00',
            TIMESTAMPTZ '2024-01-02 23:55:00+00', INTERVAL 5 MINUTE)) AS slot FROM transformers),
    supplied AS (
        SELECT transformer_id, timestamp AS slot FROM readings JOIN meters USING (mac) WHERE voltage_v > 0 GROUP BY ALL)
    SELECT transformer_id, num_meters, slot FROM slots ANTI JOIN supplied USING (transformer_id, slot)"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The readings, their network, and the incidents."""
    folder = tmp_path_factory.mktemp("incidents")
    setting = setting_of_dataset(SPEC, {"incident_count": 300, "seed": 4})
    write_setting(
        setting, {}, folder / "data", output_format="parquet", overwrite=False, progress=lambda incidents: None
    )
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name in ("readings", "meters", "transformers"):
        connection.register(name, wattif.read(SPEC, name).read_all())
    connection.execute(f"CREATE VIEW events AS FROM read_parquet('{folder}/data/incident_events.parquet')")
    incidents = f"SELECT *, metadata::JSON AS facts FROM read_parquet('{folder}/data/incidents.parquet')"
    connection.execute(f"CREATE VIEW outages AS FROM ({incidents}) WHERE facts->>'customers_without_power' IS NOT NULL")
    return connection


def test_power_is_gone_from_the_occurrence_to_the_resolution(tables: duckdb.DuckDBPyConnection) -> None:
    """By transformer and reading: none of its meters has a voltage then, and at all other times one has."""
    of_incidents = """
        SELECT facts->>'transformer_id', (facts->>'customers_without_power')::INT,
            unnest(generate_series(occurrence_at, coalesce(resolved_at, TIMESTAMPTZ '2024-01-03') - INTERVAL 5 MINUTE,
                INTERVAL 5 MINUTE)) AS slot FROM outages WHERE (facts->>'customers_without_power')::INT > 0"""
    dark = set(tables.execute(DARK).fetchall())
    assert len(dark) > 20
    assert dark == set(tables.execute(of_incidents).fetchall())


def test_customers_without_power_by_hour_agree(tables: duckdb.DuckDBPyConnection) -> None:
    by_hour = """
        SELECT hour, sum(num_meters) FROM (
            SELECT DISTINCT transformer_id, num_meters, date_trunc('hour', slot) AS hour FROM dark) GROUP BY ALL"""
    from_readings = tables.execute(f"WITH dark AS ({DARK}) {by_hour}").fetchall()
    of_incidents = """
        SELECT hour, sum((facts->>'customers_without_power')::INT) FROM outages,
            unnest(generate_series(date_trunc('hour', occurrence_at),
                coalesce(resolved_at, TIMESTAMPTZ '2024-01-03') - INTERVAL 1 SECOND, INTERVAL 1 HOUR)) AS hours (hour)
        WHERE (facts->>'customers_without_power')::INT > 0 GROUP BY ALL"""
    assert sorted(from_readings) == sorted(tables.execute(of_incidents).fetchall())


def test_transitions_stay_in_order_where_the_readings_say_the_end(tables: duckdb.DuckDBPyConnection) -> None:
    steps = """SELECT occurred_at - lag(occurred_at) OVER (PARTITION BY incident_number ORDER BY event_number) AS took,
        from_state FROM events SEMI JOIN outages USING (incident_number)"""
    ((shortest, closed),) = tables.execute(
        f"SELECT min(took), count(*) FILTER (from_state = 'restored') FROM ({steps}) WHERE from_state IS NOT NULL"
    ).fetchall()
    assert closed > 5
    assert shortest >= timedelta(0)

"""The tables of a lake's network in a warehouse: pyarrow says what must be there, DuckDB's SQL that keys join."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.asking import Asking, generate
from tests.warehouses import load, rows
from wattif.errors import LakeError, WarehouseError

NAMES = ("meters", "zones", "substations", "feeders", "transformers")
# each key, the table that it is of, and where it is looked up
KEYS = [
    ("meters", "transformer_id", "transformers"),
    ("transformers", "feeder_id", "feeders"),
    ("feeders", "substation_id", "substations"),
    ("substations", "zone_id", "zones"),
]


@pytest.fixture
def lake(settings: Asking) -> Path:
    """A day of two cities."""
    asked = settings(start="2024-01-01", end="2024-01-01", city="manila,new-york", meters=70)
    generate(asked, Event())
    return asked.lake


def _stored(lake: Path, name: str) -> pa.Table:
    return pq.read_table(lake / "_wattif" / f"{name}.parquet")


def _found(lake: Path, name: str) -> list[Any]:
    return sorted(rows(lake / "wattif.duckdb", f"FROM {name}"))


def test_every_row_of_the_network_arrives(lake: Path) -> None:
    report = load(lake=lake)
    assert set(report.tables) == set(NAMES)
    for name in NAMES:
        stored = _stored(lake, name)
        assert report.tables[name] == stored.num_rows > 0
        assert _found(lake, name) == sorted(tuple(row.values()) for row in stored.to_pylist())
        assert f"{name} ({stored.num_rows:,} rows)" in report.summary


def test_keys_join_from_readings_to_zones(lake: Path) -> None:
    load(lake=lake)
    database = lake / "wattif.duckdb"
    for table, key, other in KEYS:
        lost = f"SELECT count(*) FROM {table} ANTI JOIN {other} USING ({key})"
        twice = f"SELECT count({key}) - count(DISTINCT {key}) FROM {other}"
        assert rows(database, lost) == rows(database, twice) == [(0,)], (table, key)
    joined = rows(
        database,
        "SELECT count(*), sum(consumption_wh) FROM smart_meter_readings JOIN meters USING (mac)"
        " JOIN transformers USING (transformer_id) JOIN feeders USING (feeder_id)"
        " JOIN substations ON substations.substation_id = feeders.substation_id"
        " JOIN zones ON zones.zone_id = substations.zone_id",
    )
    assert joined == rows(database, "SELECT count(*), sum(consumption_wh) FROM smart_meter_readings")
    fed = "SELECT transformer_id, count(*) FROM meters GROUP BY ALL ORDER BY ALL"
    assert rows(database, fed) == rows(database, "SELECT transformer_id, num_meters FROM transformers ORDER BY ALL")


def test_the_query_of_the_docs_counts_every_reading_once(lake: Path) -> None:
    load(lake=lake)
    text = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    found = rows(lake / "wattif.duckdb", query)
    ((wh,),) = rows(lake / "wattif.duckdb", "SELECT sum(consumption_wh) FROM smart_meter_readings")
    assert len(found) == _stored(lake, "transformers").num_rows
    assert sum(kwh for _, _, kwh in found) == pytest.approx(float(wh) / 1000)


def test_a_table_is_loaded_again_when_its_file_has_changed(lake: Path) -> None:
    load(lake=lake)
    assert load(lake=lake).tables == {}
    without = _stored(lake, "zones").slice(1)
    pq.write_table(without, lake / "_wattif" / "zones.parquet")
    assert load(lake=lake).tables == {"zones": without.num_rows}
    assert _found(lake, "zones") == sorted(tuple(row.values()) for row in without.to_pylist())
    records = rows(lake / "wattif.duckdb", "SELECT name, rows FROM wattif_tables ORDER BY name")
    assert records == [(name, _stored(lake, name).num_rows) for name in sorted(NAMES)]


def test_a_lake_of_an_earlier_version_has_fewer_tables_and_columns(lake: Path) -> None:
    for name in NAMES[1:]:
        (lake / "_wattif" / f"{name}.parquet").unlink()
    earlier = _stored(lake, "meters").select(["mac", "meter", "class"])
    pq.write_table(earlier.append_column("firmware", pa.nulls(70, pa.string())), lake / "_wattif" / "meters.parquet")
    assert load(lake=lake).tables == {"meters": 70}
    found = rows(lake / "wattif.duckdb", "SELECT mac, meter, class, zone_id FROM meters ORDER BY meter")
    assert found == [(*row.values(), None) for row in earlier.to_pylist()]


def test_tables_come_together_or_not_at_all(lake: Path) -> None:
    (lake / "_wattif" / "transformers.parquet").write_bytes(b"no table")
    with pytest.raises(LakeError, match=r"_wattif/transformers\.parquet: cannot be read .* run 'python -m wattif reco"):
        load(lake=lake)
    assert [_found(lake, name) for name in ("meters", "zones", "wattif_tables")] == [[], [], []]
    names = "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'wattif_staged%'"
    assert rows(lake / "wattif.duckdb", names) == []


def test_a_table_of_the_users_own_is_left_alone(lake: Path) -> None:
    with duckdb.connect(str(lake / "wattif.duckdb")) as connection:
        connection.execute("CREATE TABLE feeders AS SELECT 'mine' AS name")
    with pytest.raises(WarehouseError, match="table feeders has other columns than this dataset's; name another `data"):
        load(lake=lake)
    assert _found(lake, "feeders") == [("mine",)]

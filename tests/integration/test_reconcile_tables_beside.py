"""Tables beside the readings, damaged: each damage is found and named."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.damaged import check, quick_and_deep
from tests.reconciling import make_lake


@quick_and_deep
@pytest.mark.parametrize("name", ["_wattif/meters.parquet", "_wattif/weather/manila-2024-01.parquet"])
def test_a_table_beside_the_readings_deleted(lake: Path, name: str, deep: bool) -> None:
    (lake / name).unlink()
    assert check(lake, deep=deep).told("verdict", "place") == [("missing", name)]


@quick_and_deep
@pytest.mark.parametrize("name", ["_wattif/meters.parquet", "_wattif/weather/manila-2024-01.parquet"])
@pytest.mark.parametrize(
    ("damage", "verdict"),
    [
        ("SELECT * FROM t LIMIT 5", "missing"),
        ("FROM t UNION ALL (FROM t LIMIT 1)", "doubled"),
        ("SELECT * REPLACE ('x' AS city_id) FROM t", None),
        ("SELECT * EXCLUDE (city_id) FROM t", "altered"),
        ("SELECT * FROM t ORDER BY ALL DESC", "disordered"),
    ],
)
def test_a_small_table_changed(lake: Path, name: str, damage: str, verdict: str | None, deep: bool) -> None:
    path = lake / name
    content = path.read_bytes()
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = 'UTC'; CREATE TABLE t AS FROM '{path}'")
        changed = connection.sql(damage).to_arrow_table()
    schema = pq.read_schema(path)
    pq.write_table(changed.cast(schema) if "EXCLUDE" not in damage else changed, path)
    report = check(lake, deep=deep)
    assert {difference["place"] for difference in report.differences} == {name}
    assert verdict in {None, *(difference["verdict"] for difference in report.differences)}
    path.write_bytes(content[: len(content) // 2])
    (cut,) = check(lake, deep=deep).differences
    assert (cut["place"], cut["column"], cut["verdict"]) == (name, "bytes", "altered")


def test_labels_of_anomalies_deleted(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, anomaly_rate=1.0)
    name = "_wattif/labels/anomalies/anomalies.parquet"
    (lake / name).unlink()
    assert check(lake, deep=True).told("verdict", "place") == [("missing", name)]

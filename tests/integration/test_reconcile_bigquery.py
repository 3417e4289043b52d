"""A table in BigQuery held against what it must hold: the official client against the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.fakes.bigquery_server import DATASET, PROJECT, emulator
from tests.reconciling import make_lake, reconcile
from tests.warehouses import load, rollup
from wattif.errors import WarehouseError

pytestmark = pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result:UserWarning")  # the emulator's own
WHERE: dict[str, Any] = {"warehouse": "bigquery", "project": PROJECT, "dataset": DATASET}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lake with anomalies and faults, loaded and rolled up; the emulator knows no bad records."""
    folder = tmp_path_factory.mktemp("reconcile")
    lake = make_lake(
        folder,
        meters=6,
        anomaly_rate=0.5,
        faults="duplicate=0.02,drop=0.02,late=0.02:2h",
        columns="mac,timestamp,consumption_wh,voltage_v,register_kwh",
    )
    with pytest.MonkeyPatch.context() as patch, emulator(folder) as url:
        patch.setenv("BIGQUERY_EMULATOR_HOST", url)
        anonymous: Any = AnonymousCredentials
        client: Any = bigquery.Client(PROJECT, credentials=anonymous())
        client.create_dataset(DATASET, timeout=20)
        load(lake=lake, **WHERE)
        rollup(lake=lake, **WHERE)
        yield lake
        client.close()


def _reconcile(lake: Path, table: str) -> tuple[bool, dict[str, Any]]:
    return reconcile(*(f"--{name}={value}" for name, value in {"lake": lake, "table": table, **WHERE}.items()))


def _execute(sql: str) -> None:
    anonymous: Any = AnonymousCredentials
    client: Any = bigquery.Client(PROJECT, credentials=anonymous())
    client.query(sql, timeout=20).result(timeout=60)
    client.close()


@pytest.mark.parametrize("table", ["smart_meter_readings", "smart_meter_readings_hour_rolled"])
def test_what_was_loaded_and_rolled_up_is_what_was_expected(lake: Path, table: str) -> None:
    explained, report = _reconcile(lake, table)
    assert report["differences"] == []
    assert explained
    assert report["summary"]["hours"] == 6 * 48
    assert set(report["summary"]["on_purpose"]) >= {"drop", "duplicate"}


def test_what_the_warehouse_lost_and_changed_is_named(lake: Path) -> None:
    name = f"`{PROJECT}.{DATASET}.damaged`"
    _execute(f"CREATE TABLE {name} AS SELECT * FROM `{PROJECT}.{DATASET}.smart_meter_readings`")
    _execute(f"DELETE FROM {name} WHERE TIMESTAMP_TRUNC(timestamp, HOUR) = TIMESTAMP '2024-01-02 13:00:00+00'")
    _execute(f"UPDATE {name} SET voltage_v = voltage_v + 0.1 WHERE timestamp = (SELECT MIN(timestamp) FROM {name})")
    steps = {f"TIMESTAMP '2024-01-02 07:{minute}:00+00'": step for minute, step in ((10, 1), (15, -2), (20, 1))}
    once_each = (
        f"SELECT mac FROM {name} WHERE timestamp IN ({', '.join(steps)}) GROUP BY mac"
        " HAVING COUNT(*) = 3 AND COUNT(DISTINCT timestamp) = 3"
    )
    for moment, step in steps.items():  # all sums of the hour stay as they are
        _execute(
            f"UPDATE {name} SET register_kwh = register_kwh + {step} * 0.001"
            f" WHERE timestamp = {moment} AND mac IN ({once_each})"
        )
    explained, report = _reconcile(lake, "damaged")
    assert not explained
    told = {(each["hour"], each["verdict"], each["column"]) for each in report["differences"] if not each["cause"]}
    assert told == {
        ("2024-01-02T13:00:00Z", "missing", None),
        ("2024-01-01T00:00:00Z", "altered", "voltage_v"),
        ("2024-01-02T07:00:00Z", "altered", None),
    }


def test_text_with_an_offset_is_the_same_moment(lake: Path) -> None:
    table = f"`{PROJECT}.{DATASET}.smart_meter_readings`"
    moment = "CONCAT(FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%S', TIMESTAMP_ADD(timestamp, INTERVAL 8 HOUR)), '+08:00')"
    columns = f"mac, {moment} AS timestamp, consumption_wh, voltage_v, register_kwh, dt"
    _execute(f"CREATE TABLE `{PROJECT}.{DATASET}.texts` AS SELECT {columns} FROM {table}")
    explained, report = _reconcile(lake, "texts")
    assert (explained, report["differences"]) == (True, [])


def test_a_table_that_is_not_there_is_one_line(lake: Path) -> None:
    with pytest.raises(WarehouseError, match="nowhere"):
        _reconcile(lake, "nowhere")

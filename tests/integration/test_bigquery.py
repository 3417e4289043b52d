"""Load and roll-up through the official BigQuery client, against the emulator; DuckDB says what must come out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow.parquet as pq
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.asking import Asking, generate
from tests.fakes.bigquery_server import DATASET, PROJECT, emulator
from tests.fakes.gcs_server import GcsServer
from tests.warehouses import FILE_A, FILE_B, HandLake, load, reading, rollup, rows, scan
from wattif.errors import UsageError, WarehouseError
from wattif.warehouse.bigquery_warehouse import BigQueryWarehouse
from wattif.warehouse.load import LoadReport
from wattif.warehouse.rollup import RollupReport

pytestmark = pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result:UserWarning")  # the emulator's own
DAYS = [date(2024, 1, 31), date(2024, 2, 1)]
MACS = ["02:00:00:00:00:0A", "02:00:00:00:00:0B"]
OF_BIGQUERY = {"warehouse": "bigquery", "project": PROJECT, "dataset": DATASET}
TABLES = {
    "smart_meter_readings": "mac, timestamp, consumption_wh, status, dt",
    "smart_meter_readings_hour_rolled": (
        "mac, time_hour_rolled, consumption_hour_rolled, consumption_avg, consumption_max, readings"
    ),
    "smart_meter_consumption_monthly": "mac, month, consumption_wh, readings",
    "wattif_loads": "dt, dataset, fingerprint, files, `rows`, bad_records, first_time, last_time, rolled_up",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The emulator's URL, and the folder that holds its buckets."""
    buckets = tmp_path_factory.mktemp("buckets")
    with emulator(buckets) as url:
        yield url, buckets


@pytest.fixture
def client(server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The official client, with an empty dataset."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", server[0])
    anonymous: Any = AnonymousCredentials
    client: Any = bigquery.Client(PROJECT, credentials=anonymous())
    client.create_dataset(DATASET, timeout=20)
    yield client
    client.delete_dataset(DATASET, delete_contents=True, timeout=20)
    client.close()


@pytest.fixture
def lake(tmp_path: Path) -> HandLake:
    """Two days of two meters; a reading comes three times, a clock is an hour behind."""
    lake = HandLake(tmp_path / "lake")
    for day in DAYS:
        lines = [
            reading(mac, f"{day}T{hour:02}:{minute:02}:00Z", f"{hour}.{minute:03}")
            for mac in MACS
            for hour in (0, 11, 23)
            for minute in (0, 10, 50)
        ]
        early = reading(MACS[0], "2024-01-31T23:59:00Z", "7.125", 1)
        lake.write(
            day,
            {
                FILE_A: lines[:9] + [lines[3]] * 2,
                FILE_B: [*lines[9:], early],
            },
        )
    return lake


def _load(lake: HandLake, **options: Any) -> LoadReport:
    return load(lake=lake.folder, **{**OF_BIGQUERY, **options})


def _rollup() -> RollupReport:
    return rollup(**OF_BIGQUERY)


def _rows(client: Any, table: str, columns: str) -> list[tuple[Any, ...]]:
    """What the client itself reads."""
    job = client.query(f"SELECT {columns} FROM `{PROJECT}.{DATASET}.{table}`", retry=None, timeout=20)
    return sorted(tuple(row.values()) for row in job.result(retry=None, timeout=20))


def _same_in_duckdb(lake: HandLake, client: Any) -> None:
    lake.load()
    lake.rollup()
    for table, columns in TABLES.items():
        found = _rows(client, table, columns)
        assert found == sorted(lake.rows(f"SELECT {columns.replace('`', '')} FROM {table}"))
        assert found


def test_a_folder_is_loaded_and_rolled_up_as_in_duckdb(lake: HandLake, client: Any) -> None:
    report = _load(lake)
    assert (report.rows, report.days_loaded, report.files) == (2 * 21, 2, 4)
    rolled = _rollup()
    assert (rolled.days, rolled.delivered, rolled.readings) == (2, 42, 2 * 18 + 1)
    _same_in_duckdb(lake, client)
    assert {table.table_id for table in client.list_tables(DATASET)} == {*TABLES, "smart_meter_bad_records"}


def _put(lake: Path, storage: GcsServer, buckets: Path, bucket: str) -> None:
    """Put all of *lake* into a bucket, where the emulator finds it, too."""
    for path in lake.rglob("*"):
        if path.is_file():
            name = f"raw/{path.relative_to(lake).as_posix()}"
            storage.put(bucket, name, path.read_bytes())
            (buckets / bucket / name).parent.mkdir(parents=True, exist_ok=True)
            (buckets / bucket / name).write_bytes(path.read_bytes())


def test_a_bucket_is_loaded_by_the_names_of_its_objects(
    lake: HandLake, client: Any, server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with GcsServer(["my-lake"]) as storage:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage.url)
        _put(lake.folder, storage, server[1], "my-lake")
        report = load(bucket="my-lake", prefix="raw", **OF_BIGQUERY)
        fetched = [request.name for request in storage.requests if request.kind == "media"]
    assert fetched
    assert all(name.startswith("raw/_wattif/") for name in fetched)  # no reading comes through this machine
    assert report.rows == 42
    _rollup()
    _same_in_duckdb(lake, client)


def test_files_of_every_format_and_compression_are_loaded_as_plain_ones(
    client: Any, server: tuple[str, Path], settings: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = []
    for name, compression in (("ndjson", "none"), ("ndjson", "gzip"), ("parquet", "none"), ("parquet", "zstd")):
        bucket = f"{name}-{compression}"
        asked = settings(lake=settings().lake / bucket, interval=900, format=name, compression=compression)
        generate(asked)
        with GcsServer([bucket]) as storage:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage.url)
            _put(asked.lake, storage, server[1], bucket)
            report = load(bucket=bucket, prefix="raw", **OF_BIGQUERY)
        assert (report.rows, report.bad_record_count) == (2 * 10 * 96, 0)
        exact = "SUM(consumption_wh), SUM(register_kwh), SUM(power_w), MIN(timestamp), MAX(timestamp), COUNT(*)"
        found = client.query(f"SELECT {exact}, COUNT(DISTINCT mac) FROM {DATASET}.smart_meter_readings", timeout=20)
        sums.append([tuple(row.values()) for row in found.result()])
        for table in client.list_tables(DATASET):
            client.delete_table(table, timeout=20)
    assert all(each == sums[0] for each in sums)


@pytest.mark.parametrize("drift", ["added", "renamed"])
def test_a_folder_of_parquet_whose_schema_drifts_is_loaded(client: Any, settings: Asking, drift: str) -> None:
    asked = settings(format="parquet", interval=900, faults=f"schema_drift=2024-01-02:{drift}")
    generate(asked)
    report = load(lake=asked.lake, **OF_BIGQUERY)
    assert report.rows == 2 * 10 * 96
    assert report.unknown_fields == {"firmware" if drift == "added" else "active_power_w": 960}
    assert report.missing_fields == ({} if drift == "added" else {"power_w": 960})


def test_a_second_load_brings_nothing_and_a_changed_day_is_replaced(lake: HandLake, client: Any) -> None:
    _load(lake)
    _rollup()
    again = _load(lake)
    assert (again.rows, again.days_skipped, _rollup().days) == (0, 2, 0)
    lake.write(DAYS[1], {FILE_A: [reading(MACS[0], "2024-02-01T05:00:00Z", "9")]})
    assert (_load(lake).rows, _rollup().days) == (1, 1)
    assert _rows(client, "smart_meter_consumption_monthly", "mac, month, consumption_wh, readings")[1] == (
        MACS[0],
        date(2024, 2, 1),
        Decimal(9),
        1,
    )
    assert len(_rows(client, "smart_meter_readings", "mac")) == 22


def test_additional_and_missing_fields_stop_nothing(lake: HandLake, client: Any) -> None:
    added = reading(MACS[0], "2024-01-31T00:00:00Z", "1").replace(b"}", b',"firmware":"2.1"}')
    renamed = reading(MACS[0], "2024-01-31T00:10:00Z", "1").replace(b"consumption_wh", b"energy_wh")
    lake.write(DAYS[0], {FILE_A: [added, renamed]})
    report = _load(lake, end=DAYS[0])
    assert (report.rows, report.missing_fields) == (2, {"consumption_wh": 1})


def test_a_script_is_done_as_a_whole_or_not_at_all(lake: HandLake, client: Any) -> None:
    _load(lake)
    warehouse = BigQueryWarehouse(PROJECT, DATASET)
    with pytest.raises(WarehouseError):
        warehouse.execute("DELETE FROM smart_meter_readings WHERE TRUE; DELETE FROM nowhere WHERE TRUE;")
    warehouse.close()
    assert len(_rows(client, "smart_meter_readings", "mac")) == 42


def test_another_dataset_is_not_mixed_in(lake: HandLake, client: Any, tmp_path: Path) -> None:
    _load(lake)
    other = HandLake(tmp_path / "other", fingerprint="ffff")
    other.write(DAYS[0], {FILE_A: reading(MACS[0], "2024-01-31T00:00:00Z", "1")})
    with pytest.raises(WarehouseError, match=f"{PROJECT}.{DATASET} holds the readings of another dataset"):
        _load(other)


def test_a_table_with_other_columns(lake: HandLake, client: Any) -> None:
    client.create_table(
        bigquery.Table(f"{PROJECT}.{DATASET}.smart_meter_readings", [bigquery.SchemaField("mac", "STRING")]), timeout=20
    )
    with pytest.raises(WarehouseError, match="smart_meter_readings has other columns than this dataset's"):
        _load(lake)


@pytest.mark.usefixtures("client")
def test_verbs_in_the_wrong_order_say_which_comes_first(lake: HandLake) -> None:
    with pytest.raises(WarehouseError, match=r"wattif_loads.* run 'python -m wattif load'"):
        _rollup()
    _load(lake)
    with pytest.raises(WarehouseError, match=r"lacks 2 of 2 loaded days.* run 'python -m wattif rollup' first"):
        scan(**OF_BIGQUERY)
    _rollup()
    with pytest.raises(UsageError, match="2 days are too few to learn from"):
        scan(**OF_BIGQUERY)


@pytest.mark.usefixtures("client")
def test_a_dataset_that_is_missing_or_elsewhere(lake: HandLake) -> None:
    with pytest.raises(WarehouseError, match=r"there is no such dataset \(404\); create it with 'bq"):
        _load(lake, dataset="nowhere")
    with pytest.raises(WarehouseError, match="is in US, not in EU; correct `location`"):
        _load(lake, location="EU")


def test_the_network_is_loaded_as_in_duckdb_and_says_what_its_columns_mean(client: Any, settings: Asking) -> None:
    asked = settings(start="2024-01-01", end="2024-01-01", meters=40)
    generate(asked, Event())
    of_duckdb, of_bigquery = load(lake=asked.lake).tables, load(lake=asked.lake, **OF_BIGQUERY).tables
    assert of_bigquery == of_duckdb
    assert set(of_bigquery) == {"meters", "zones", "substations", "feeders", "transformers"}
    for name in of_bigquery:
        assert _rows(client, name, "*") == sorted(rows(asked.lake / "wattif.duckdb", f"FROM {name}"))
        told = {field.name: field.description for field in client.get_table(f"{DATASET}.{name}", timeout=20).schema}
        stored = pq.read_schema(asked.lake / "_wattif" / f"{name}.parquet")
        assert told == {field.name: field.metadata[b"description"].decode() for field in stored}
    assert load(lake=asked.lake, **OF_BIGQUERY).tables == {}
    joined = "meters JOIN transformers USING (transformer_id) JOIN feeders USING (feeder_id)"
    job = client.query(
        f"SELECT COUNT(*) FROM {joined}",
        job_config=bigquery.QueryJobConfig(default_dataset=f"{PROJECT}.{DATASET}"),
        timeout=20,
    )
    assert [tuple(row.values()) for row in job.result(timeout=20)] == [(40,)]

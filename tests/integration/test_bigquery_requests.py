"""What the BigQuery client sends for that which no emulator understands, field by field; and what errors become."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.fakes.bigquery_server import DATASET, PROJECT, Answer, Recorded, Recorder, refusal
from tests.reconciling import make_lake
from tests.warehouses import FILE_A, FILE_B, HandLake, reading
from wattif.cli.load import LoadOptions
from wattif.cli.main import exit_code
from wattif.encode import encoder_type
from wattif.encode.ndjson import NdjsonEncoder
from wattif.encode.parquet import ParquetEncoder
from wattif.errors import WarehouseError
from wattif.lake.days import CommittedDay, committed_days
from wattif.lake.manifest import ManifestEntry
from wattif.tables.readings import reading_fields
from wattif.uploader.local import LocalStore
from wattif.uploader.store import Store
from wattif.verdict.judges import judge
from wattif.verdict.window import ScanWindow
from wattif.warehouse.bigquery_warehouse import BigQueryWarehouse
from wattif.warehouse.tables import ANOMALIES, HOURLY, Table, readings_table
from wattif.warehouse.warehouse import BadRecord

DAY = date(2024, 1, 1)
FIELDS = reading_fields(10)
READINGS = readings_table([FIELDS[name] for name in ("mac", "timestamp", "consumption_wh", "power_w", "status")])
STAGED = Table(name="staged", description="temporary", columns=READINGS.columns[:-1])
WINDOW = ScanWindow(
    train_from=date(2024, 1, 1),
    train_until=date(2024, 1, 21),
    scan_from=date(2024, 1, 22),
    scan_until=date(2024, 1, 30),
)
COLUMNS = {
    "mac": "STRING",
    "timestamp": "TIMESTAMP",
    "consumption_wh": "NUMERIC",
    "power_w": "INT64",
    "status": "INT64",
}


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A server to which the client goes."""
    with Recorder() as recorder:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", recorder.url)
        yield recorder


@pytest.fixture
def warehouse(recorder: Recorder) -> Iterator[BigQueryWarehouse]:
    """The warehouse under test; it does not try again."""
    warehouse = BigQueryWarehouse(PROJECT, DATASET, retry_s=0.0)
    yield warehouse
    warehouse.close()


class Bucket(LocalStore):
    """A folder that says it is a bucket."""

    place = "gs://my-lake/raw"


def _types(fields: list[dict[str, Any]]) -> dict[str, str]:
    return {field["name"]: field["type"] for field in fields}


def test_the_tables_are_partitioned_and_clustered(recorder: Recorder, warehouse: BigQueryWarehouse) -> None:
    warehouse.create_table(READINGS)
    warehouse.create_table(HOURLY)
    readings, hourly = recorder.sent("POST", "/tables")
    assert readings["tableReference"] == {"projectId": PROJECT, "datasetId": DATASET, "tableId": "smart_meter_readings"}
    assert _types(readings["schema"]["fields"]) == {**COLUMNS, "dt": "DATE"}
    assert readings["timePartitioning"] == {"type": "DAY", "field": "dt"}
    assert readings["clustering"] == {"fields": ["mac"]}
    assert _types(hourly["schema"]["fields"]) == {
        "mac": "STRING",
        "time_hour_rolled": "TIMESTAMP",
        "consumption_hour_rolled": "NUMERIC",
        "consumption_avg": "FLOAT64",
        "consumption_max": "NUMERIC",
        "readings": "INT64",
    }
    assert hourly["timePartitioning"] == {"type": "DAY", "field": "time_hour_rolled"}
    assert hourly["clustering"] == {"fields": ["mac"]}


def test_the_external_table_over_compressed_files_says_so(recorder: Recorder, warehouse: BigQueryWarehouse) -> None:
    for compression, told in (("gzip", "GZIP"), ("none", "NONE")):
        warehouse.create_external_table(READINGS, "gs://my-lake/raw", NdjsonEncoder, compression)
        assert recorder.sent("POST", "/tables")[-1]["externalDataConfiguration"]["compression"] == told


def test_the_external_table_over_parquet_has_the_columns_of_the_files(
    recorder: Recorder, warehouse: BigQueryWarehouse
) -> None:
    warehouse.create_external_table(READINGS, "gs://my-lake/raw", ParquetEncoder, "zstd")
    (sent,) = recorder.sent("POST", "/tables")
    config = sent["externalDataConfiguration"]
    assert (config["sourceFormat"], config["sourceUris"]) == ("PARQUET", ["gs://my-lake/raw/dt=*"])
    assert config["hivePartitioningOptions"]["sourceUriPrefix"] == "gs://my-lake/raw/{dt:DATE}"
    assert not {"schema", "compression", "ignoreUnknownValues", "maxBadRecords"} & config.keys()


OF_FORMATS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "csv": ("CSV", "csvOptions", {"skipLeadingRows": "1", "quote": "", "sourceColumnMatch": "NAME"}),
    "avro": ("AVRO", "avroOptions", {"useAvroLogicalTypes": True}),
}


@pytest.mark.parametrize("name", OF_FORMATS)
def test_each_format_is_read_as_its_documentation_says(
    recorder: Recorder, warehouse: BigQueryWarehouse, tmp_path: Path, name: str
) -> None:
    called, options, wanted = OF_FORMATS[name]
    warehouse.create_external_table(READINGS, "gs://my-lake/raw", encoder_type(name), "none")
    config = recorder.sent("POST", "/tables")[-1]["externalDataConfiguration"]
    told = {**config[options], **{key: str(config[options][key]) for key in wanted if key == "skipLeadingRows"}}
    assert (config["sourceFormat"], told) == (called, wanted)
    day = CommittedDay(DAY, (ManifestEntry(f"dt={DAY}/1.{name}", 1, 1, "00000000", 0, 0),), 1, "f")
    recorder.answer = lambda request: (
        (
            200,
            {
                "schema": {"fields": [{"name": "mac", "type": "STRING"}]},
                "tableReference": {"projectId": PROJECT, "datasetId": DATASET, "tableId": "staged_files"},
            },
        )
        if request.method == "GET" and request.path.endswith("_files")
        else None
    )
    warehouse.stage(Bucket(tmp_path), day, STAGED)
    load = recorder.sent("POST", "/jobs")[0]["configuration"]["load"]
    assert load["sourceFormat"] == called
    assert {key: str(load[key]) for key in wanted} == {key: str(value) for key, value in wanted.items()}
    assert ("schema" in load) == ("maxBadRecords" in load) == (name == "csv")


def test_a_compressed_file_that_is_too_large_for_bigquery_is_refused(
    warehouse: BigQueryWarehouse, tmp_path: Path
) -> None:
    name = "dt=2024-01-01/readings-00000000-00099999.json"
    file = ManifestEntry(f"{name}.gz", 4 * 2**30 + 1, 1, "00000000", 0, 99_999)
    day = CommittedDay(date(2024, 1, 1), (file,), 1, "")
    with pytest.raises(WarehouseError, match=r"json.gz has 4,294,967,297 bytes.*`meters_per_file`.*`compression` none"):
        warehouse.stage(LocalStore(tmp_path), day, READINGS)


def test_the_external_table_covers_the_partitions_of_the_bucket(
    recorder: Recorder, warehouse: BigQueryWarehouse
) -> None:
    warehouse.create_external_table(READINGS, "gs://my-lake/raw/meters", NdjsonEncoder, "none")
    (sent,) = recorder.sent("POST", "/tables")
    config = sent["externalDataConfiguration"]
    assert config["sourceFormat"] == "NEWLINE_DELIMITED_JSON"
    assert config["sourceUris"] == ["gs://my-lake/raw/meters/dt=*"]
    assert config["hivePartitioningOptions"] == {
        "mode": "CUSTOM",
        "sourceUriPrefix": "gs://my-lake/raw/meters/{dt:DATE}",
    }
    assert config["ignoreUnknownValues"] is True
    assert int(config["maxBadRecords"]) == 2**31 - 1
    assert _types(config["schema"]["fields"]) == COLUMNS  # the partition comes from the path
    assert "schema" not in sent
    assert "timePartitioning" not in sent


def _day(files: int) -> CommittedDay:
    entries = tuple(ManifestEntry(f"dt={DAY}/{n}.json", 1, 1, "00000000", n, n) for n in range(files))
    return CommittedDay(DAY, entries, 1, "f")


def test_a_bucket_is_loaded_by_its_committed_files_ten_thousand_a_job(
    recorder: Recorder, warehouse: BigQueryWarehouse, tmp_path: Path
) -> None:
    warehouse.stage(Bucket(tmp_path), _day(10_001), STAGED)
    (table,) = recorder.sent("POST", "/tables")
    expires = datetime.fromtimestamp(int(table["expirationTime"]) / 1000, UTC) - datetime.now(UTC)
    assert 23 < expires.total_seconds() / 3600 < 25  # what is left behind goes by itself
    jobs = recorder.sent("POST", "/jobs")
    assert len({job["jobReference"]["jobId"] for job in jobs}) == 2
    assert all(job["jobReference"]["location"] == "EU" for job in jobs)
    loads = [job["configuration"]["load"] for job in jobs]
    assert [uri for load in loads for uri in load["sourceUris"]] == [
        f"gs://my-lake/raw/dt=2024-01-01/{n}.json" for n in range(10_001)
    ]
    for load in loads:
        assert load["destinationTable"] == {"projectId": PROJECT, "datasetId": DATASET, "tableId": "staged"}
        assert load["sourceFormat"] == "NEWLINE_DELIMITED_JSON"
        assert load["writeDisposition"] == "WRITE_APPEND"
        assert load["createDisposition"] == "CREATE_NEVER"
        assert load["ignoreUnknownValues"] is True
        assert int(load["maxBadRecords"]) == 2**31 - 1
        assert _types(load["schema"]["fields"]) == COLUMNS


def test_bad_records_get_the_line_of_the_position_that_bigquery_names(
    recorder: Recorder, warehouse: BigQueryWarehouse, tmp_path: Path
) -> None:
    lake = HandLake(tmp_path)
    good = reading("02:00:00:00:00:0A", "2024-01-01T00:00:00Z", "1")
    lake.write(DAY, {FILE_A: [good, b'{"mac":"02:00\n', good], FILE_B: [good]})
    name = f"gs://my-lake/raw/dt={DAY}/readings-00000000000A.json"
    message = f"JSON parsing error in row starting at position {len(good)}: Parser terminated before end of string"

    def answer(request: Recorded) -> Answer | None:
        if request.method == "POST" and request.path.endswith("/jobs"):
            errors = [
                {"reason": "invalid", "location": name, "message": f"Error while reading data: {message} File: {name}"},
                {"reason": "invalid", "message": "Too many errors to list them."},
            ]
            return 200, {
                **request.body,
                "status": {"state": "DONE", "errors": errors},
                "statistics": {"load": {"badRecords": "12", "outputRows": "3"}},
            }
        return None

    recorder.answer = answer
    store: Store = Bucket(tmp_path)
    staged = warehouse.stage(store, committed_days(store)[0], STAGED)
    assert staged.bad_record_count == 12
    (bad,) = staged.bad_records
    assert bad == BadRecord(
        file=f"dt={DAY}/readings-00000000000A.json", line=2, error=bad.error, content='{"mac":"02:00'
    )
    assert message in bad.error


@pytest.mark.parametrize(("metric", "column"), [("AVG", "consumption_avg"), ("MAX", "consumption_max")])
def test_a_model_is_trained_and_judges(
    recorder: Recorder, warehouse: BigQueryWarehouse, metric: str, column: str
) -> None:
    verdicts = Table(name="verdicts", description="temporary", columns=ANOMALIES.columns)
    judge(warehouse, metric, WINDOW, 0.99, verdicts)
    model, judged = recorder.queries
    for query in (model, judged):
        assert query["defaultDataset"] == {"projectId": PROJECT, "datasetId": DATASET}
        assert query["useLegacySql"] is False
    train, detect = (re.sub(r"\s+", " ", query["query"]) for query in (model, judged))
    name = f"`{PROJECT}.{DATASET}.smart_meter_arima_{metric.lower()}`"
    assert f"CREATE OR REPLACE MODEL {name} OPTIONS (" in train
    options = re.search(r"OPTIONS \( (.*?) \) AS", train)
    assert options is not None
    assert options[1].split(", ") == [
        "MODEL_TYPE = 'ARIMA_PLUS'",
        "TIME_SERIES_TIMESTAMP_COL = 'time_hour_rolled'",
        f"TIME_SERIES_DATA_COL = '{column}'",
        "TIME_SERIES_ID_COL = 'mac'",
        "DATA_FREQUENCY = 'HOURLY'",
        "HORIZON = 216",  # the nine days after the training
    ]
    assert f"SELECT mac, time_hour_rolled, CAST({column} AS FLOAT64) AS {column} FROM" in train
    assert (
        "WHERE time_hour_rolled >= TIMESTAMP '2024-01-01 00:00:00.000000+00'"
        " AND time_hour_rolled < TIMESTAMP '2024-01-22 00:00:00.000000+00'"
    ) in train
    assert f"ML.DETECT_ANOMALIES( MODEL {name}, STRUCT(0.99 AS anomaly_prob_threshold), ( SELECT mac," in detect
    assert detect.startswith("-- A verdict")
    assert "CREATE OR REPLACE TABLE `verdicts`" in detect
    assert (
        "WHERE time_hour_rolled >= TIMESTAMP '2024-01-22 00:00:00.000000+00'"
        " AND time_hour_rolled < TIMESTAMP '2024-01-31 00:00:00.000000+00'"
    ) in detect
    assert "dt >= DATE '2024-01-22' AND dt <= DATE '2024-01-30'" in detect
    assert f"'{metric}' AS metric" in detect


def test_a_horizon_beyond_what_arima_forecasts(warehouse: BigQueryWarehouse) -> None:
    window = replace(WINDOW, scan_until=date(2025, 6, 1))
    with pytest.raises(
        WarehouseError, match=r"11,928 hours, ARIMA_PLUS forecasts 10,000; choose a later `train_until`"
    ):
        judge(warehouse, "AVG", window, 0.99, ANOMALIES)


def test_statements_that_change_rows_are_one_transaction(recorder: Recorder, warehouse: BigQueryWarehouse) -> None:
    warehouse.execute("DELETE FROM a WHERE TRUE;")
    assert recorder.queries[0]["query"] == "BEGIN TRANSACTION;\nDELETE FROM a WHERE TRUE;\nCOMMIT TRANSACTION;"


NOT_ENABLED = "BigQuery API has not been used in project 1234 before or it is disabled. Enable it by visiting https://x"


@pytest.mark.parametrize(
    ("status", "message", "explained"),
    [
        (403, NOT_ENABLED, r"API is not enabled; run 'gcloud services enable bigquery.googleapis.com --project demo-"),
        (404, f"Not found: Dataset {PROJECT}:{DATASET}", r"there is no such dataset \(404\); create it with 'bq"),
        (403, "Access Denied: Dataset x: Permission bigquery.tables.create denied", r"needs roles/bigquery\.jobUser"),
        (403, "Access Denied: no storage.objects.get access", r"bucket cannot be read.*roles/storage\.objectViewer"),
        (404, "Not found: Table a:b.c was not found in location EU", r"run 'python -m wattif load'"),
        (404, f"Not found: Dataset {PROJECT}:{DATASET} was not found in location US", "create both in the same one"),
        (
            400,
            "Cannot read and write in different locations: source: US, destination: EU",
            "create both in the same one",
        ),
        (
            404,
            "Not found: URI gs://my-lake/dt=2024-01-01/readings-00000000000A.json",
            "committed, but missing; restore it",
        ),
        (400, "Syntax error", f"{DATASET}: 400: Syntax error"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_way_out(
    recorder: Recorder, warehouse: BigQueryWarehouse, status: int, message: str, explained: str
) -> None:
    recorder.answer = lambda request: refusal(status, "reason", f"{message}\nmore of it")
    calls: list[Callable[[], object]] = [lambda: warehouse.query("SELECT 1"), lambda: warehouse.create_table(HOURLY)]
    for call in calls:
        with pytest.raises(WarehouseError, match=explained) as failure:
            call()
        assert "\n" not in str(failure.value)
        assert str(failure.value).startswith(f"{PROJECT}.{DATASET}: ")


def test_a_network_that_does_not_answer(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    with pytest.raises(WarehouseError, match=r"BigQuery does not answer: .*run the same command again"):
        BigQueryWarehouse(PROJECT, DATASET, retry_s=0.0)


@pytest.mark.parametrize("verb", ["rollup", "scan"])
def test_verbs_of_the_warehouse_retry_as_long_as_they_are_told(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    place = ["--warehouse", "bigquery", "--project", PROJECT, "--dataset", DATASET]
    assert exit_code([verb, *place, "--retry-for", "0s"]) == 1
    error = capsys.readouterr().err
    assert re.search(r"BigQuery does not answer: Timeout of 0\.0s exceeded.*; tried for \d+\.\d s; run the same", error)


def test_a_table_is_compared_with_the_patience_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = make_lake(tmp_path)
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    place = ["--warehouse", "bigquery", "--project", PROJECT, "--dataset", DATASET]
    assert exit_code(["reconcile", "--lake", str(lake), "--table", "readings", *place, "--retry-for", "0s"]) == 1
    assert "Timeout of 0.0s exceeded" in capsys.readouterr().err


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CONFIG", "BIGQUERY_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(WarehouseError, match="no credentials for Google Cloud; run 'gcloud auth"):
        BigQueryWarehouse(PROJECT, DATASET)


def test_external_and_native_tables_are_not_mixed(recorder: Recorder, warehouse: BigQueryWarehouse) -> None:
    native = {
        "tableReference": {"projectId": PROJECT, "datasetId": DATASET, "tableId": "smart_meter_readings"},
        "schema": {"fields": [{"name": "mac", "type": "STRING"}]},
    }
    recorder.answer = lambda request: (
        (200, native) if request.method == "GET" else refusal(409, "duplicate", "Already Exists: Table")
    )
    with pytest.raises(WarehouseError, match="is there as a native table; drop `external`"):
        warehouse.create_external_table(READINGS, "gs://my-lake/raw", NdjsonEncoder, "none")


@pytest.mark.parametrize(
    "options",
    [{}, {"warehouse": "bigquery"}, {"warehouse": "bigquery", "project": PROJECT, "dataset": "d", "database": "x"}],
)
def test_external_needs_bigquery_and_a_bucket(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LoadOptions(external=True, **options)

"""The tests' Dataplex, held against the API's reference; the official client asks, not ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import grpc
import pytest
from google.api_core import exceptions as api
from google.cloud import dataplex_v1
from google.cloud.dataplex_v1.services.data_scan_service.transports import DataScanServiceGrpcTransport

from tests.fakes.dataplex_checks import Refusal
from tests.fakes.dataplex_server import DataplexServer
from tests.fakes.dataplex_tables import Dataset, Model

PARENT = "projects/my-project/locations/europe-west3"
TABLE = "//bigquery.googleapis.com/projects/my-project/datasets/home/tables/t"
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
FULL = dataplex_v1.GetDataScanJobRequest.DataScanJobView.FULL
Rule = dataplex_v1.DataQualityRule
State = dataplex_v1.DataScanJob.State


@pytest.fixture
def server() -> Iterator[DataplexServer]:
    """A table `t` of four hours of a meter `A`: the third without a value, the fourth doubled."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE TABLE t (mac VARCHAR, time_hour_rolled TIMESTAMPTZ, wh DECIMAL(18, 3))")
    hours = [(0, 5), (1, -1), (2, None), (3, 7), (3, 7)]
    connection.executemany("INSERT INTO t VALUES ('A', ?, ?)", [(NOON + timedelta(hours=h), wh) for h, wh in hours])
    judged = [("A", NOON, 0.2), ("A", NOON + timedelta(hours=1), 0.97), ("A", NOON + timedelta(hours=2), 0.995)]
    dataset = Dataset("my-project", "home", "europe-west3", connection, [Model("arima", "wh", judged)])
    with DataplexServer(dataset) as running:
        yield running


@pytest.fixture
def client(server: DataplexServer) -> Iterator[dataplex_v1.DataScanServiceClient]:
    transport = DataScanServiceGrpcTransport(channel=grpc.insecure_channel(server.address))
    with dataplex_v1.DataScanServiceClient(transport=transport) as client:
        yield client


def _rule(**values: Any) -> dataplex_v1.DataQualityRule:
    if not values.keys() & {"sql_assertion", "range_expectation", "row_condition_expectation", "regex_expectation"}:
        values = {"non_null_expectation": {}, "column": "wh", **values}
    return Rule({"dimension": "VALIDITY", **values})


def _request(*rules: dataplex_v1.DataQualityRule, **changes: Any) -> dataplex_v1.CreateDataScanRequest:
    scan = {"data": {"resource": TABLE}, "data_quality_spec": {"rules": list(rules) or [_rule()]}}
    return dataplex_v1.CreateDataScanRequest(
        {"parent": PARENT, "data_scan_id": "s", "data_scan": {**scan, **changes.pop("scan", {})}, **changes}
    )


def _spec(**values: Any) -> dict[str, Any]:
    return {"data_quality_spec": {"rules": [_rule()], **values}}


def _trigger(cron: str) -> dict[str, Any]:
    return {"execution_spec": {"trigger": {"schedule": {"cron": cron}}}}


def _report(*emails: str, score: float = 0) -> dict[str, Any]:
    report = {"recipients": {"emails": emails}, "score_threshold_trigger": {"score_threshold": score}}
    return _spec(post_scan_actions={"notification_report": report})


REFUSED: dict[str, Callable[[], dataplex_v1.CreateDataScanRequest]] = {
    "parent": lambda: _request(parent="projects/my-project"),
    "id with a capital": lambda: _request(data_scan_id="Scan"),
    "id with a digit first": lambda: _request(data_scan_id="1scan"),
    "id with a hyphen last": lambda: _request(data_scan_id="scan-"),
    "id of 64": lambda: _request(data_scan_id="s" * 64),
    "no data": lambda: _request(scan={"data": {}}),
    "table without slashes": lambda: _request(scan={"data": {"resource": TABLE[2:]}}),
    "no rules": lambda: _request(scan={"data_quality_spec": {"rules": []}}),
    "no spec": lambda: dataplex_v1.CreateDataScanRequest(parent=PARENT, data_scan={"data": {"resource": TABLE}}),
    "rule without a type": lambda: _request(Rule(name="x", dimension="VALIDITY")),
    "rule name with _": lambda: _request(_rule(name="a_b")),
    "rule name of 64": lambda: _request(_rule(name="a" * 64)),
    "rule name with a digit first": lambda: _request(_rule(name="1a")),
    "rule name with a hyphen last": lambda: _request(_rule(name="a-")),
    "dimension in small letters": lambda: _request(_rule(dimension="validity")),
    "description of 1,025": lambda: _request(_rule(description="x" * 1025)),
    "threshold above 1": lambda: _request(_rule(threshold=1.01)),
    "threshold below 0": lambda: _request(_rule(threshold=-0.01)),
    "threshold of an assertion": lambda: _request(_rule(sql_assertion={"sql_statement": "SELECT 1"}, threshold=1)),
    "ignore_null of non-null": lambda: _request(_rule(ignore_null=True)),
    "no column": lambda: _request(_rule(column="")),
    "range without limits": lambda: _request(_rule(range_expectation={}, column="wh")),
    "semicolon": lambda: _request(_rule(sql_assertion={"sql_statement": "SELECT 1;"})),
    "semicolon in a condition": lambda: _request(_rule(row_condition_expectation={"sql_expression": "wh > 0;"})),
    "no statement": lambda: _request(_rule(sql_assertion={})),
    "sampling above 100": lambda: _request(scan=_spec(sampling_percent=101)),
    "results' table with dots": lambda: _request(
        scan=_spec(post_scan_actions={"bigquery_export": {"results_table": "my-project.home.results"}})
    ),
    "no recipients": lambda: _request(scan=_report()),
    "six recipients": lambda: _request(scan=_report(*[f"a{n}@b.org" for n in range(6)])),
    "not an address": lambda: _request(scan=_report("a@b")),
    "score above 100": lambda: _request(scan=_report("a@b.org", score=101)),
    "cron of four fields": lambda: _request(scan=_trigger("1 * * *")),
    "minute 60": lambda: _request(scan=_trigger("60 * * * *")),
    "no such zone": lambda: _request(scan=_trigger("TZ=Asia/Nowhere 1 * * * *")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_reference_forbids_is_refused(
    what: str, client: dataplex_v1.DataScanServiceClient, server: DataplexServer
) -> None:
    with pytest.raises(api.InvalidArgument):
        client.create_data_scan(REFUSED[what]())
    with pytest.raises(api.NotFound):
        client.get_data_scan(name=f"{PARENT}/dataScans/s")


@pytest.mark.parametrize(
    "request_",
    [
        _request(data_scan_id="s" + "-1" * 31),
        _request(_rule(name="a" * 63, threshold=1, description="x" * 1024)),
        _request(_rule(dimension="MINE")),
        _request(scan=_trigger("CRON_TZ=America/New_York 1 * * * *")),
        _request(scan=_trigger("*/15 0-6 1,15 JAN MON")),
        _request(scan=_report(*[f"a{n}@b.org" for n in range(5)], score=100)),
        _request(scan=_spec(post_scan_actions={"bigquery_export": {"results_table": TABLE}})),
        _request(scan=_spec(post_scan_actions={"bigquery_export": {"results_table": TABLE.split("com/")[1]}})),
    ],
)
def test_what_the_reference_allows_is_created(
    request_: dataplex_v1.CreateDataScanRequest, client: dataplex_v1.DataScanServiceClient
) -> None:
    scan = client.create_data_scan(request_).result(timeout=10)
    assert scan.name == f"{PARENT}/dataScans/{request_.data_scan_id}"
    assert scan.type_ == dataplex_v1.DataScanType.DATA_QUALITY


def test_an_id_is_made_where_none_is_given(client: dataplex_v1.DataScanServiceClient) -> None:
    scan = client.create_data_scan(_request(data_scan_id="")).result(timeout=10)
    assert scan.name.startswith(f"{PARENT}/dataScans/data-scan-")


def test_codes_of_what_is_there_and_what_is_not(client: dataplex_v1.DataScanServiceClient) -> None:
    client.create_data_scan(_request()).result(timeout=10)
    with pytest.raises(api.AlreadyExists):
        client.create_data_scan(_request())
    with pytest.raises(api.NotFound):
        client.create_data_scan(_request(data_scan_id="other", scan={"data": {"resource": f"{TABLE}2"}}))
    with pytest.raises(api.FailedPrecondition):
        client.create_data_scan(_request(parent=PARENT.replace("west3", "west4")))
    for ask in (client.get_data_scan, client.run_data_scan, client.delete_data_scan):
        with pytest.raises(api.NotFound):
            ask(name=f"{PARENT}/dataScans/nothing")


def test_views_and_force(client: dataplex_v1.DataScanServiceClient) -> None:
    name = client.create_data_scan(_request()).result(timeout=10).name
    view = dataplex_v1.GetDataScanRequest.DataScanView.FULL
    assert "data_quality_spec" not in client.get_data_scan(name=name)
    assert "data_quality_spec" in client.get_data_scan(dataplex_v1.GetDataScanRequest(name=name, view=view))
    job = client.run_data_scan(name=name).job
    assert "data_quality_result" not in client.get_data_scan_job(name=job.name)
    full = client.get_data_scan_job(dataplex_v1.GetDataScanJobRequest(name=job.name, view=FULL))
    assert full.state == State.SUCCEEDED
    assert "data_quality_result" in full
    with pytest.raises(api.FailedPrecondition):
        client.delete_data_scan(name=name)
    client.delete_data_scan(dataplex_v1.DeleteDataScanRequest(name=name, force=True)).result(timeout=10)
    with pytest.raises(api.NotFound):
        client.get_data_scan(name=name)


def test_only_on_demand_scans_are_run(client: dataplex_v1.DataScanServiceClient, server: DataplexServer) -> None:
    name = client.create_data_scan(_request(scan=_trigger("1 * * * *"))).result(timeout=10).name
    with pytest.raises(api.FailedPrecondition):
        client.run_data_scan(name=name)
    server.scans.start_job(name)
    assert len(list(client.list_data_scan_jobs(parent=name))) == 1


def test_an_operation_can_fail(client: dataplex_v1.DataScanServiceClient, server: DataplexServer) -> None:
    server.scans.failing = Refusal(grpc.StatusCode.PERMISSION_DENIED, "no")
    with pytest.raises(api.PermissionDenied):
        client.create_data_scan(_request()).result(timeout=10)
    with pytest.raises(api.NotFound):
        client.get_data_scan(name=f"{PARENT}/dataScans/s")


def test_jobs_come_in_pages_of_ten(client: dataplex_v1.DataScanServiceClient, server: DataplexServer) -> None:
    name = client.create_data_scan(_request()).result(timeout=10).name
    started = {client.run_data_scan(name=name).job.name for _ in range(23)}
    assert {job.name for job in client.list_data_scan_jobs(parent=name)} == started
    assert server.count("ListDataScanJobs") == 3


def test_jobs_and_operations_take_their_time(server: DataplexServer) -> None:
    with DataplexServer(server.scans.dataset, polls=1) as slow:
        transport = DataScanServiceGrpcTransport(channel=grpc.insecure_channel(slow.address))
        with dataplex_v1.DataScanServiceClient(transport=transport) as client:
            operation = client.create_data_scan(_request())
            assert not operation.operation.done
            assert operation.done()
            name = client.run_data_scan(name=operation.result(timeout=10).name).job.name
            states = [client.get_data_scan_job(name=name).state for _ in range(3)]
    assert states == [State.PENDING, State.RUNNING, State.SUCCEEDED]


def _evaluated(client: dataplex_v1.DataScanServiceClient, *rules: dataplex_v1.DataQualityRule) -> Any:
    name = client.create_data_scan(_request(*rules)).result(timeout=10).name
    job = client.run_data_scan(name=name).job
    return client.get_data_scan_job(dataplex_v1.GetDataScanJobRequest(name=job.name, view=FULL))


def _detecting(condition: str, threshold: float = 0.95) -> dataplex_v1.DataQualityRule:
    return _rule(
        sql_assertion={
            "sql_statement": "SELECT * FROM ML.DETECT_ANOMALIES(MODEL `my-project.home.arima`,"
            f" STRUCT({threshold} AS anomaly_prob_threshold),"
            " (SELECT mac, time_hour_rolled, wh FROM ${data()})) WHERE " + condition
        }
    )


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        (_rule(), (5, 4, 1, False)),
        (_rule(threshold=0.8), (5, 4, 1, True)),
        (_rule(range_expectation={"min_value": "0"}, column="wh"), (5, 3, 1, False)),
        (_rule(range_expectation={"min_value": "-1"}, column="wh", ignore_null=True), (4, 4, 1, True)),
        (_rule(range_expectation={"min_value": "-1", "strict_min_enabled": True}, column="wh"), (5, 3, 1, False)),
        (_rule(range_expectation={"max_value": "5"}, column="wh", ignore_null=True), (4, 2, 1, False)),
        (_rule(regex_expectation={"regex": "^A$"}, column="mac"), (5, 5, 0, True)),
        (_rule(row_condition_expectation={"sql_expression": "MOD(CAST(wh AS INT64), 2) = 1"}), (5, 3, 0, False)),
    ],
)
def test_row_rules_count(
    rule: dataplex_v1.DataQualityRule, counts: tuple[int, int, int, bool], client: dataplex_v1.DataScanServiceClient
) -> None:
    job = _evaluated(client, rule)
    result = job.data_quality_result.rules[0]
    assert (result.evaluated_count, result.passed_count, result.null_count, result.passed) == counts
    assert job.data_quality_result.passed == counts[-1]
    assert job.data_quality_result.row_count == 5


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (_rule(sql_assertion={"sql_statement": "SELECT * FROM ${data()} WHERE wh < 0"}), 1),
        (
            _rule(
                sql_assertion={"sql_statement": "SELECT * FROM `my-project.home.t` WHERE SAFE_CAST(mac AS INT64) = 1"}
            ),
            0,
        ),
        (_detecting("is_anomaly"), 2),
        (_detecting("is_anomaly", 0.99), 1),
        (_detecting("is_anomaly IS NULL"), 2),  # the doubled hour, which the model does not know
        (_detecting("NOT is_anomaly"), 1),
    ],
)
def test_an_assertion_fails_with_any_row(
    rule: dataplex_v1.DataQualityRule, found: int, client: dataplex_v1.DataScanServiceClient
) -> None:
    job = _evaluated(client, rule)
    result = job.data_quality_result.rules[0]
    assert (result.assertion_row_count, result.passed) == (found, found == 0)
    assert result.evaluated_count == 0


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT nothing FROM ${data()}", "nothing"),
        ("SELECT * FROM `my-project.other.t`", "my-project:other"),
        ("SELECT * FROM ML.DETECT_ANOMALIES(MODEL `m`, STRUCT(0.9 AS anomaly_prob_threshold), (SELECT 1))", "Model m"),
        ("SELECT FROM WHERE", "line"),
    ],
)
def test_wrong_sql_fails_the_job(statement: str, message: str, client: dataplex_v1.DataScanServiceClient) -> None:
    job = _evaluated(client, _rule(sql_assertion={"sql_statement": statement}))
    assert job.state == State.FAILED
    assert message.lower() in job.message.lower()


def test_a_model_wants_the_column_it_was_trained_on(client: dataplex_v1.DataScanServiceClient) -> None:
    rule = _detecting("is_anomaly")
    rule.sql_assertion.sql_statement = rule.sql_assertion.sql_statement.replace(", wh FROM", ", 1 AS x FROM")
    assert _evaluated(client, rule).state == State.FAILED


def test_an_incremental_scan_sees_a_row_once(client: dataplex_v1.DataScanServiceClient, server: DataplexServer) -> None:
    request = _request(_detecting("TRUE"), scan={})
    request.data_scan.execution_spec.field = "time_hour_rolled"
    name = client.create_data_scan(request).result(timeout=10).name
    rows = []
    for _ in range(2):
        job = client.run_data_scan(name=name).job
        full = client.get_data_scan_job(dataplex_v1.GetDataScanJobRequest(name=job.name, view=FULL))
        rows.append((full.data_quality_result.row_count, full.data_quality_result.rules[0].assertion_row_count))
    assert rows == [(5, 5), (0, 0)]


def test_faults_carry_their_reason(client: dataplex_v1.DataScanServiceClient, server: DataplexServer) -> None:
    server.add_fault("GetDataScan", Refusal(grpc.StatusCode.PERMISSION_DENIED, "no", "SERVICE_DISABLED"))
    server.add_fault("GetDataScan", Refusal(grpc.StatusCode.UNAVAILABLE, "later"))
    with pytest.raises(api.PermissionDenied) as denied:
        client.get_data_scan(name=f"{PARENT}/dataScans/s")
    assert denied.value.reason == "SERVICE_DISABLED"
    with pytest.raises(api.ServiceUnavailable):
        client.get_data_scan(name=f"{PARENT}/dataScans/s")
    with pytest.raises(api.NotFound):
        client.get_data_scan(name=f"{PARENT}/dataScans/s")

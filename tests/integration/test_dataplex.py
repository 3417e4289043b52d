"""`wattif dataplex` against a Dataplex over real gRPC that runs the rules on tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from tests.fakes.dataplex_checks import Refusal
from tests.fakes.dataplex_server import DataplexServer
from tests.fakes.dataplex_tables import Dataset
from tests.integration.dataplex_home import HOURS, MACS, PLAIN, POINTS, Pause, asked, dataset, do, refused, serving
from wattif.dataplex.act import act
from wattif.errors import WarehouseError

SCAN = "projects/my-project/locations/europe-west3/dataScans/smart-meter-anomalies"
RULES = {
    "anomaly-avg",
    "anomaly-avg-not-judged",
    "anomaly-max",
    "anomaly-max-not-judged",
    "mac-present",
    "time-hour-rolled-present",
    "consumption-hour-rolled-present",
    "consumption-not-negative",
    "mac-valid",
    "readings-complete",
    "meter-hour-unique",
    "fresh",
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DataplexServer]:
    with serving(dataset(), monkeypatch) as running:
        yield running


def _results(tables: Dataset, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Any:
    """What a new scan of *tables* finds, as the JSON of `results`."""
    with serving(tables, monkeypatch):
        do("create", **changes)
        do("run")
        return json.loads(do("results", as_json=True).text)


def test_all_rules_pass_on_good_data(server: DataplexServer) -> None:
    assert do("create").text == f"created {SCAN}, 12 rules"
    assert do("run").text.startswith(f"{SCAN}/jobs/")
    answer = do("results", as_json=True)
    assert answer.passed
    found = json.loads(answer.text)
    assert (found["scan"], found["state"], found["passed"], found["score"]) == (SCAN, "SUCCEEDED", True, 100)
    assert found["rows"] == len(MACS) * HOURS
    assert {rule["name"] for rule in found["rules"]} == RULES
    assert all(rule["passed"] for rule in found["rules"])
    table = do("results").text
    assert "SUCCEEDED, all rules passed, 12 rows" in table
    assert "FAILED" not in table


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        (f"DELETE FROM t WHERE mac = '{MACS[0]}'", {}),
        (f"UPDATE t SET consumption_hour_rolled = -0.001 WHERE mac = '{MACS[0]}'", {"consumption-not-negative": 6}),
        ("UPDATE t SET readings = 359 WHERE consumption_avg = 1", {"readings-complete": 12}),
        ("UPDATE t SET readings = NULL WHERE consumption_avg = 1", {"readings-complete": 12}),
        (
            f"UPDATE t SET consumption_hour_rolled = NULL WHERE mac = '{MACS[0]}'",
            {"consumption-hour-rolled-present": 6},
        ),
        ("UPDATE t SET mac = NULL WHERE true", {"mac-present": 12, "meter-hour-unique": None}),
        ("UPDATE t SET time_hour_rolled = time_hour_rolled - INTERVAL 3 DAY WHERE true", {"fresh": None}),
        ("DELETE FROM t WHERE true", {"fresh": None}),
        (f"INSERT INTO t SELECT * FROM t WHERE mac = '{MACS[0]}'", {"meter-hour-unique": None}),
    ],
)
def test_each_plain_rule_fails_on_its_defect(
    change: str, failed: dict[str, int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _results(dataset(change), monkeypatch)
    bad = [
        rule
        for rule in found["rules"]
        if not rule["passed"] and not rule["name"].startswith("anomaly")  # the models know the true meters alone
    ]
    assert {rule["name"] for rule in bad} == set(failed)
    assert found["passed"] == (not failed and all(rule["passed"] for rule in found["rules"]))
    for rule in bad:
        if (rows := failed[rule["name"]]) is not None:
            assert rule["evaluated"] - rule["passing"] == rows


@pytest.mark.parametrize(
    ("mac", "valid"),
    [
        ("AA:99:58:5A:0B:E0", True),
        ("02:00:00:00:00:01", True),
        ("F6:FF:FF:FF:FF:FF", True),
        ("aa:99:58:5a:0b:e0", False),
        ("AA-99-58-5A-0B-E0", False),
        ("A8:99:58:5A:0B:E0", False),  # globally administered
        ("AB:99:58:5A:0B:E0", False),  # multicast
        ("AA:99:58:5A:0B", False),
        ("AA:99:58:5A:0B:E0:00", False),
    ],
)
def test_a_mac_is_local_and_unicast(mac: str, valid: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _results(dataset(f"UPDATE t SET mac = '{mac}' WHERE mac = '{MACS[0]}'"), monkeypatch)
    assert [rule["passed"] for rule in found["rules"] if rule["name"] == "mac-valid"] == [valid]


def test_readings_an_hour_follow_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _results(dataset(), monkeypatch, interval=60)["passed"]
    assert _results(dataset("UPDATE t SET readings = 60 WHERE true"), monkeypatch, interval=60)["passed"]


def test_data_of_the_past_need_no_freshness(monkeypatch: pytest.MonkeyPatch) -> None:
    old = dataset("UPDATE t SET time_hour_rolled = time_hour_rolled - INTERVAL 700 DAY WHERE true")
    found = _results(old, monkeypatch, max_age_hours=0)
    assert {rule["name"] for rule in found["rules"]} == RULES - {"fresh"}


@pytest.mark.parametrize(("threshold", "found"), [(0.95, 2), (0.99, 1), (0.999, 0)])
def test_what_the_model_calls_an_anomaly_fails_its_rule(
    threshold: float, found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = [(*POINTS[0], 0.995), (*POINTS[1], 0.97), *PLAIN[2:]]
    results = _results(dataset(average=judged), monkeypatch, threshold=threshold)
    rules = {rule["name"]: rule for rule in results["rules"]}
    assert rules["anomaly-avg"]["found"] == found
    assert rules["anomaly-max"]["found"] == 0
    assert results["passed"] == (found == 0)


def test_points_that_no_model_judges_do_not_pass_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(dataset(maximum=PLAIN[3:]), monkeypatch):
        do("create")
        do("run")
        answer = do("results")
    assert not answer.passed
    assert "1 of 12 rules failed" in answer.text
    assert answer.text.splitlines()[1].split() == [
        "FAILED",
        "anomaly-max-not-judged",
        "COMPLETENESS",
        "3",
        "rows",
        "found",
    ]


def test_one_metric_asks_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    results = _results(dataset(average=[]), monkeypatch, metrics="max")
    assert results["passed"]
    assert {rule["name"] for rule in results["rules"]} == {name for name in RULES if "avg" not in name}


def test_a_later_job_scans_only_what_is_new(server: DataplexServer) -> None:
    do("create")
    rows = []
    for _ in range(2):
        do("run")
        rows.append(json.loads(do("results", as_json=True).text)["rows"])
    assert rows == [12, 0]


def test_without_a_field_each_job_scans_all(server: DataplexServer) -> None:
    do("create", incremental_field="")
    rows = []
    for _ in range(2):
        do("run")
        rows.append(json.loads(do("results", as_json=True).text)["rows"])
    assert rows == [12, 12]


def test_creating_twice_says_that_it_exists(server: DataplexServer) -> None:
    options: dict[str, Any] = {"schedule": "15 * * * *", "notify": "a@example.org,b@example.org"}
    do("create", **options)
    assert do("create", **options).text == f"{SCAN} already exists with the same definition"


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"threshold": 0.5}, "rule anomaly-avg: sqlAssertion.sqlStatement is SELECT * FROM ML.DETECT_ANOMALIES"),
        ({"metrics": "AVG"}, "the list of rules is anomaly-avg, anomaly-avg-not-judged, anomaly-max,"),
        ({"interval": 60}, "rowConditionExpectation.sqlExpression is readings = 360 there and readings = 60 here"),
        ({"schedule": "0 6 * * *"}, "executionSpec.trigger.schedule.cron is not set there and 0 6 * * * here"),
        ({"incremental_field": ""}, "executionSpec.field is time_hour_rolled there and not set here"),
        ({"results_table": "my-project.other.r"}, "postScanActions.bigqueryExport.resultsTable is //bigquery"),
        ({"notify": "a@example.org"}, "emails is not set there and ['a@example.org'] here"),
    ],
)
def test_another_definition_is_named_with_the_way_out(
    changes: dict[str, Any], difference: str, server: DataplexServer
) -> None:
    do("create")
    message = refused("create", **changes)
    assert message.startswith(f"{SCAN}: exists with another definition: ")
    assert difference in message
    assert "dataplex delete" in message
    assert "`scan`" in message


def test_what_the_service_may_fill_in_is_no_difference(server: DataplexServer) -> None:
    do("create")
    there = server.scans._scan(SCAN).message
    there.description, there.labels = "Somebody's words", {"team": "grid"}
    there.data_quality_spec.sampling_percent = 100
    there.data_quality_spec.rules[0].threshold = 1.0
    assert do("create").text.endswith("already exists with the same definition")
    there.data_quality_spec.row_filter = "mac IS NOT NULL"
    assert "rowFilter is mac IS NOT NULL there and not set here" in refused("create")


def test_a_creation_that_fails_later_is_explained_too(server: DataplexServer) -> None:
    server.scans.failing = Refusal(grpc.StatusCode.PERMISSION_DENIED, "no access to the table")
    message = refused("create")
    assert "permission denied (no access to the table); you need roles/dataplex.dataScanAdmin" in message


def test_creation_and_jobs_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pause = Pause()
    with serving(dataset(), monkeypatch, polls=3) as server:
        act("create", asked(), clock=pause.clock)
        assert pause.slept_s == [1, 2]  # the operation is done when it is asked for the third time
        pause.slept_s.clear()
        assert "SUCCEEDED" in act("run", asked(), clock=pause.clock).text
        assert pause.slept_s == [1, 2, 4, 8, 16, 20]
        assert server.count("RunDataScan") == 1


def test_waiting_for_a_job_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pause = Pause()
    with serving(dataset(), monkeypatch) as server:
        act("create", asked(), clock=pause.clock)
        server.scans.polls = 10**9
        with pytest.raises(WarehouseError, match="not done after 60 minutes; it continues in the cloud"):
            act("run", asked(), clock=pause.clock)
        assert 3600 <= sum(pause.slept_s) < 3640


def test_a_failed_job_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(dataset(), monkeypatch):
        do("create", model="other")
        message = refused("run")
        assert "FAILED: Not found: Model my-project.meters.other_avg" in message
        answer = do("results")
    assert not answer.passed
    assert "message: Not found: Model my-project.meters.other_avg" in answer.text
    assert answer.text.endswith("it has no results")


def test_results_are_those_of_the_latest_job(server: DataplexServer) -> None:
    do("create", incremental_field="")
    for _ in range(12):  # more than a page of them
        do("run")
    last = server.scans.start_job(SCAN).name.rsplit("/", 1)[1]
    assert json.loads(do("results", as_json=True).text)["job"] == last


def test_a_job_under_way_has_no_results_yet(server: DataplexServer) -> None:
    do("create")
    assert "has no job yet; to start one, run" in refused("results")
    server.scans.polls = 10
    server.scans.start_job(SCAN)
    answer = do("results")
    assert not answer.passed
    assert "PENDING" in answer.text
    assert "ask again when the job has ended" in answer.text


def test_a_scheduled_scan_runs_by_its_schedule(server: DataplexServer) -> None:
    do("create", schedule="TZ=Asia/Manila 15 * * * *")
    assert "it runs by its schedule: ask for 'results', or create it without one" in refused("run")
    server.scans.start_job(SCAN)
    assert do("results").passed


def test_deleting_twice_is_deleting(server: DataplexServer) -> None:
    do("create")
    do("run")
    assert do("delete").text == f"deleted {SCAN}; the results table stays"
    assert do("delete").text == f"{SCAN} was already deleted"
    assert f"{SCAN}: not found" in refused("run")

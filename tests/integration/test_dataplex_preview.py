"""The preview's anomaly rules: raw JSON to a loopback REST front that knows them only for projects on its list."""

from __future__ import annotations

import json
from collections.abc import Iterator

import grpc
import pytest

from tests.fakes.dataplex_checks import Refusal
from tests.fakes.dataplex_rest import DataplexRestServer
from tests.fakes.dataplex_scans import Scans
from tests.integration.dataplex_home import Pause, asked, dataset
from wattif.dataplex.act import act
from wattif.errors import WarehouseError

LISTED = frozenset({"my-project"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DataplexRestServer]:
    with DataplexRestServer(Scans(dataset()), LISTED) as running:
        monkeypatch.setenv("DATAPLEX_EMULATOR_HOST", running.address)
        yield running


def _create(**changes: object) -> str:
    return act("create", asked(preview_anomaly_rules=True, **changes), clock=Pause().clock).text


def test_the_rule_takes_the_place_of_the_models(server: DataplexRestServer) -> None:
    assert _create(threshold=0.97).endswith("smart-meter-anomalies with the preview's anomaly rule")
    spec = server.bodies[0]["data_quality_spec"]
    assert [rule["data_anomaly_detection"] for rule in spec["rules"] if "data_anomaly_detection" in rule] == [
        {"metrics": ["AVG", "MAX"], "anomaly_probability_threshold": 0.97}
    ]
    assert spec["anomaly_detection"] == {
        "aggregation_window": "3600s",
        "timestamp_column": "time_hour_rolled",
        "bigquery_export": {
            "intermediate_dataset": "my-project.meters",
            "result_table": "my-project.meters.smart_meter_anomalies_anomalies",
        },
    }
    assert "ML.DETECT_ANOMALIES" not in json.dumps(server.bodies[0])
    assert "meter-hour-unique" in [rule["name"] for rule in spec["rules"]]


def test_the_operation_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pause = Pause()
    with DataplexRestServer(Scans(dataset(), polls=2), LISTED) as server:
        monkeypatch.setenv("DATAPLEX_EMULATOR_HOST", server.address)
        act("create", asked(preview_anomaly_rules=True), clock=pause.clock)
    assert pause.slept_s == [1]


def test_other_projects_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with DataplexRestServer(Scans(dataset())) as server:
        monkeypatch.setenv("DATAPLEX_EMULATOR_HOST", server.address)
        with pytest.raises(WarehouseError) as error:
            _create()
    assert str(error.value).startswith("project my-project: it is not on the list of the anomaly rules' preview (")
    assert str(error.value).endswith("leave out `preview_anomaly_rules`: the models do the same")


def test_a_scan_of_that_name_is_not_touched(server: DataplexRestServer) -> None:
    _create()
    with pytest.raises(WarehouseError, match="already exists, and a scan with preview rules is not compared; delete"):
        _create()


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refusal(grpc.StatusCode.PERMISSION_DENIED, "off", "SERVICE_DISABLED"), "gcloud services enable dataplex"),
        (Refusal(grpc.StatusCode.PERMISSION_DENIED, "no"), "roles/dataplex.dataScanAdmin"),
        (Refusal(grpc.StatusCode.UNAVAILABLE, "later"), "does not answer: "),
        (Refusal(grpc.StatusCode.FAILED_PRECONDITION, "its location is another"), "with `location`"),
    ],
)
def test_errors_are_those_of_the_other_way(
    refusal: Refusal, words: str, server: DataplexRestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise refusal

    monkeypatch.setattr(server.scans, "create", refuse)
    with pytest.raises(WarehouseError) as error:
        _create()
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_creation_that_fails_later_is_explained_too(server: DataplexRestServer) -> None:
    server.scans.failing = Refusal(grpc.StatusCode.PERMISSION_DENIED, "no access to the table")
    with pytest.raises(WarehouseError, match=r"permission denied \(no access to the table\); you need roles/"):
        _create()


def test_nobody_listens(server: DataplexRestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with DataplexRestServer(server.scans) as gone:
        monkeypatch.setenv("DATAPLEX_EMULATOR_HOST", gone.address)
    with pytest.raises(WarehouseError) as error:
        _create()
    assert f"http://{gone.address} does not answer: " in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("rules", 0, "data_anomaly_detection", "metrics"), ["SUM"]),
        (("rules", 0, "data_anomaly_detection", "anomaly_probability_threshold"), 2),
        (("rules", 0, "data_anomaly_detection", "more"), 1),
        (("anomaly_detection", "timestamp_column"), ""),
        (("rules", 1, "threshold"), 2),
        (("rules", 1, "unknown"), 2),
    ],
)
def test_the_front_refuses_what_is_not_of_the_preview(
    path: tuple[str | int, ...], value: object, server: DataplexRestServer
) -> None:
    _create(scan="good")
    body = server.bodies[0]
    part = body["data_quality_spec"]
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(Refusal) as refusal:
        server.create("projects/my-project/locations/europe-west3", "bad", body)
    assert refusal.value.code == grpc.StatusCode.INVALID_ARGUMENT

"""What a user of `wattif dataplex` hears when the service, the network or the credentials say no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from tests.fakes.dataplex_checks import Refusal
from tests.fakes.dataplex_server import DataplexServer
from tests.integration.dataplex_home import Pause, asked, dataset, do, refused, serving
from wattif.dataplex.act import DataScans
from wattif.errors import WarehouseError


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DataplexServer]:
    with serving(dataset(), monkeypatch) as running:
        yield running


@pytest.mark.parametrize(
    "method", ["CreateDataScan", "GetDataScan", "ListDataScanJobs", "GetDataScanJob", "DeleteDataScan"]
)
def test_an_unavailable_service_is_asked_again(method: str, server: DataplexServer) -> None:
    server.add_fault(method, Refusal(grpc.StatusCode.UNAVAILABLE, "try later"), times=2)
    do("create")
    do("create")
    do("run")
    assert do("results").passed
    do("delete")
    assert server.count(method) >= 3


def test_a_run_is_not_asked_for_twice(server: DataplexServer) -> None:
    do("create")
    server.add_fault("RunDataScan", Refusal(grpc.StatusCode.UNAVAILABLE, "try later"))
    assert "does not answer: try later" in refused("run")
    assert server.count("RunDataScan") == 1


def test_a_service_that_stays_away_is_given_up(server: DataplexServer) -> None:
    server.add_fault("DeleteDataScan", Refusal(grpc.StatusCode.UNAVAILABLE, "try later"), times=None)
    with DataScans(asked(), Pause().clock, retry_s=0.3) as scans, pytest.raises(WarehouseError) as error:
        scans.delete()
    assert f"Dataplex: {server.address} does not answer: try later" in str(error.value)
    assert server.count("DeleteDataScan") > 1


def test_nobody_listens(server: DataplexServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with DataplexServer(server.scans.dataset) as gone:
        monkeypatch.setenv("DATAPLEX_EMULATOR_HOST", gone.address)
    with DataScans(asked(), Pause().clock, retry_s=0.3) as scans, pytest.raises(WarehouseError) as error:
        scans.delete()
    assert f"Dataplex: {gone.address} does not answer: " in str(error.value)
    assert "\n" not in str(error.value)


CODE = grpc.StatusCode


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            Refusal(CODE.PERMISSION_DENIED, "Cloud Dataplex API has not been used", "SERVICE_DISABLED"),
            ["'gcloud services enable dataplex.googleapis.com --project=my-project'"],
        ),
        (
            Refusal(CODE.PERMISSION_DENIED, "Permission dataplex.datascans.create denied", "IAM_PERMISSION_DENIED"),
            [
                "Permission dataplex.datascans.create denied",
                "roles/dataplex.dataScanAdmin",
                "gcp-sa-dataplex.iam.gserviceaccount.com needs roles/bigquery.dataViewer on my-project.meters",
                "roles/bigquery.dataEditor on my-project.meters",
                "roles/storage.objectViewer",
            ],
        ),
        (Refusal(CODE.UNAUTHENTICATED, "invalid token"), ["gcloud auth application-default login"]),
        (Refusal(CODE.INVALID_ARGUMENT, "Location x is unknown"), ["name the region of the dataset with `location`"]),
        (Refusal(CODE.INVALID_ARGUMENT, "rules[3] is wrong"), ["rules[3] is wrong; correct the option"]),
        (Refusal(CODE.INTERNAL, "Internal\nerror."), ["InternalServerError: Internal error; run the same command"]),
        (Refusal(CODE.UNAVAILABLE, "Getting metadata from plugin failed with error: reauthenticate"), ["gcloud auth"]),
    ],
)
def test_errors_are_one_line_with_the_way_out(refusal: Refusal, words: list[str], server: DataplexServer) -> None:
    server.add_fault("CreateDataScan", refusal, times=None)
    message = refused("create")
    for each in words:
        assert each in message
    assert server.count("CreateDataScan") == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"table": "nothing"}, "my-project.meters.nothing: there is no such table"),
        ({"dataset": "other"}, "my-project.other.smart_meter_readings_hour_rolled: there is no such table"),
        ({"location": "us-central1"}, "name the region of the dataset with `location`"),
    ],
)
def test_a_wrong_place_is_named(changes: dict[str, Any], words: str, server: DataplexServer) -> None:
    assert words in refused("create", **changes)


def test_all_that_is_sent_is_as_documented_at_its_limits(server: DataplexServer) -> None:
    do(
        "create",
        scan="s" * 63,
        threshold=0.0,
        notify=",".join(f"person-{n}@example.org" for n in range(5)),
        schedule="CRON_TZ=Asia/Manila */15 0-6 1,15 * MON",
        results_table="other-project.results.scans",
        max_age_hours=87_600,
    )
    assert server.count("CreateDataScan") == 1


def test_without_credentials_the_way_to_them_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("DATAPLEX_EMULATOR_HOST", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    for preview in (False, True):
        message = refused("create", preview_anomaly_rules=preview)
        assert message.startswith("Dataplex: no credentials; run 'gcloud auth application-default login'")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    assert f"the key file {tmp_path / 'key.json'} cannot be used" in refused("run")

"""The definition of the scan, field by field, and what counts as the same definition."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from google.cloud import dataplex_v1
from google.protobuf.json_format import ParseDict

from tests.fakes.dataplex_checks import check_creation
from wattif.dataplex.compare import differences
from wattif.dataplex.options import DataplexOptions
from wattif.dataplex.preview import as_yaml as preview_as_yaml
from wattif.dataplex.scan import as_json, as_yaml, data_scan


def _settings(**changes: Any) -> DataplexOptions:
    values = {"project": "my-project", "location": "europe-west3", "dataset": "meters"}
    return DataplexOptions(**{**values, **changes})


def _sent(**changes: Any) -> Any:
    return as_json(data_scan(_settings(**changes)))


def _rules(**changes: Any) -> dict[str, Any]:
    return {rule["name"]: rule for rule in _sent(**changes)["dataQualitySpec"]["rules"]}


def test_the_scan_reads_the_hourly_table_by_its_hour_on_demand() -> None:
    scan = _sent()
    assert scan["data"] == {
        "resource": "//bigquery.googleapis.com/projects/my-project/datasets/meters"
        "/tables/smart_meter_readings_hour_rolled"
    }
    assert scan["executionSpec"] == {"trigger": {"onDemand": {}}, "field": "time_hour_rolled"}
    assert scan["dataQualitySpec"]["postScanActions"] == {
        "bigqueryExport": {
            "resultsTable": "//bigquery.googleapis.com/projects/my-project/datasets/meters/tables/dataplex_results"
        }
    }


def test_schedule_full_scan_reports_and_another_results_table() -> None:
    scan = _sent(
        schedule="TZ=Asia/Manila 15 * * * *",
        incremental_field="",
        notify="a@example.org, b@example.org",
        results_table="other-project.results.scans",
    )
    assert scan["executionSpec"] == {"trigger": {"schedule": {"cron": "TZ=Asia/Manila 15 * * * *"}}}
    assert scan["dataQualitySpec"]["postScanActions"] == {
        "bigqueryExport": {
            "resultsTable": "//bigquery.googleapis.com/projects/other-project/datasets/results/tables/scans"
        },
        "notificationReport": {
            "recipients": {"emails": ["a@example.org", "b@example.org"]},
            "scoreThresholdTrigger": {"scoreThreshold": 99.99},
            "jobFailureTrigger": {},
        },
    }


@pytest.mark.parametrize(("metric", "column"), [("avg", "consumption_avg"), ("max", "consumption_max")])
def test_each_metric_asks_its_model_twice(metric: str, column: str) -> None:
    rules = _rules(threshold=0.975, model="other_model")
    asked = (
        f"SELECT * FROM ML.DETECT_ANOMALIES(MODEL `my-project.meters.other_model_{metric}`,"
        f" STRUCT(0.975 AS anomaly_prob_threshold), (SELECT mac, time_hour_rolled, {column} FROM ${{data()}})) WHERE "
    )
    for name, dimension, condition in (
        (f"anomaly-{metric}", "ACCURACY", "is_anomaly"),
        (f"anomaly-{metric}-not-judged", "COMPLETENESS", "is_anomaly IS NULL"),
    ):
        rule = dict(rules[name])
        assert rule.pop("description")
        assert rule == {"name": name, "dimension": dimension, "sqlAssertion": {"sqlStatement": asked + condition}}


def test_the_plain_rules() -> None:
    rules = _rules(interval=60, max_age_hours=30)
    for rule in rules.values():
        rule.pop("description")
    for column in ("mac", "time_hour_rolled", "consumption_hour_rolled"):
        name = f"{column.replace('_', '-')}-present"
        assert rules[name] == {
            "name": name,
            "column": column,
            "dimension": "COMPLETENESS",
            "threshold": 1.0,
            "nonNullExpectation": {},
        }
    assert rules["consumption-not-negative"] == {
        "name": "consumption-not-negative",
        "column": "consumption_hour_rolled",
        "dimension": "VALIDITY",
        "threshold": 1.0,
        "ignoreNull": True,
        "rangeExpectation": {"minValue": "0"},
    }
    assert rules["mac-valid"]["regexExpectation"] == {"regex": "^[0-9A-F][26AE](:[0-9A-F]{2}){5}$"}
    assert rules["readings-complete"]["rowConditionExpectation"] == {"sqlExpression": "readings = 60"}
    assert rules["meter-hour-unique"]["sqlAssertion"]["sqlStatement"] == (
        "SELECT mac, time_hour_rolled, COUNT(*) AS row_count FROM ${data()}"
        " GROUP BY mac, time_hour_rolled HAVING COUNT(*) > 1"
    )
    assert rules["fresh"]["sqlAssertion"]["sqlStatement"] == (
        "SELECT newest FROM (SELECT MAX(time_hour_rolled) AS newest"
        " FROM `my-project.meters.smart_meter_readings_hour_rolled`)"
        " WHERE newest IS NULL OR newest < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 30 HOUR)"
    )


def test_the_yaml_is_the_spec_that_is_sent() -> None:
    settings = _settings(schedule="0 6 * * *", notify="a@example.org")
    text = as_yaml(settings)
    command, rest = text.split("\n", 1)
    assert command == (
        "# gcloud dataplex datascans create data-quality smart-meter-anomalies --project=my-project"
        " --location=europe-west3 --data-source-resource=//bigquery.googleapis.com/projects/my-project/datasets"
        "/meters/tables/smart_meter_readings_hour_rolled --data-quality-spec-file=FILE"
        " --display-name=smart-meter-anomalies '--description=Hourly smart-meter readings: anomalies, gaps,"
        " duplicates and ranges. Made by WattIf.' '--schedule=0 6 * * *' --incremental-field=time_hour_rolled"
    )
    spec = ParseDict(yaml.safe_load(text), dataplex_v1.DataQualitySpec.pb(dataplex_v1.DataQualitySpec()))
    assert spec == dataplex_v1.DataQualitySpec.pb(data_scan(settings).data_quality_spec)
    assert "${data()}" in rest
    assert "--on-demand=true" in as_yaml(_settings(incremental_field="")).split("\n", maxsplit=1)[0]
    assert "--incremental-field" not in as_yaml(_settings(incremental_field=""))


def test_the_preview_as_yaml_is_under_its_address() -> None:
    text = preview_as_yaml(_settings())
    assert text.startswith(
        "# POST https://dataplex.googleapis.com/v1/projects/my-project/locations/europe-west3/dataScans"
        "?dataScanId=smart-meter-anomalies"
    )
    assert yaml.safe_load(text)["data_quality_spec"]["anomaly_detection"]["timestamp_column"] == "time_hour_rolled"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"threshold": 0},
        {"threshold": 1e-7},
        {"metrics": "AVG"},
        {"project": "example.com:my-project"},
        {"table": "t-1", "max_age_hours": 0},
    ],
)
def test_whatever_is_asked_for_is_within_the_documented_limits(changes: dict[str, Any]) -> None:
    settings = _settings(**changes)
    check_creation(
        dataplex_v1.CreateDataScanRequest(
            parent=settings.parent, data_scan=data_scan(settings), data_scan_id=settings.scan
        )
    )


def test_the_same_definition_has_no_differences() -> None:
    assert differences(_sent(), _sent()) == []
    there = _sent()
    del there["executionSpec"]["trigger"]  # on demand is the default
    there["dataQualitySpec"]["samplingPercent"] = 100.0
    there["dataQualitySpec"]["rules"][0]["threshold"] = 1.0
    there["dataQualitySpec"]["rules"][0]["description"] = "other words"
    assert differences(there, _sent()) == []


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        (("data", "resource"), "//x", "data.resource"),
        (("dataQualitySpec", "samplingPercent"), 10.0, "samplingPercent"),
        (("dataQualitySpec", "rowFilter"), "TRUE", "rowFilter"),
        (("dataQualitySpec", "rules", 4, "suspended"), True, "rule mac-present: suspended"),
        (("dataQualitySpec", "rules", 4, "threshold"), 0.5, "rule mac-present: threshold"),
        (("dataQualitySpec", "rules", 4, "name"), "other", "the list of rules"),
        (("executionSpec", "trigger"), {"schedule": {"cron": "x"}}, "executionSpec.trigger.onDemand"),
    ],
)
def test_a_difference_is_named(path: tuple[Any, ...], value: object, name: str) -> None:
    there = _sent()
    part = there
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    assert differences(there, _sent())[0].startswith(f"{name} is ")

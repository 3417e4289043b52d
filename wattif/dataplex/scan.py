"""The definition of the scan: a data-quality scan of the hourly table, with the models' anomalies as SQL assertions.

Dataplex has no public input for anomaly detection; its documented way is a `sql_assertion` that selects the bad rows.
`ML.DETECT_ANOMALIES` answers `is_anomaly` NULL for what it cannot judge (a meter it does not know, an hour outside its
horizon), which no `WHERE is_anomaly` would see: a rule of its own counts these.

This module imports the client library, which takes half a second: import it only when a scan is asked for.
"""

from __future__ import annotations

import shlex
from typing import Any

import yaml
from google.cloud import dataplex_v1
from google.protobuf.json_format import MessageToDict

from wattif.dataplex.options import DataplexOptions
from wattif.tables.column import MAC
from wattif.tables.hours import HOUR, HOUR_ENERGY, HOUR_READINGS, METRIC_COLUMNS
from wattif.warehouse.tables import HOURLY

_MAC = "^[0-9A-F][26AE](:[0-9A-F]{2}){5}$"  # locally administered, unicast
_DESCRIPTION = "Hourly smart-meter readings: anomalies, gaps, duplicates and ranges. Made by WattIf."
_REQUIRED_COLUMNS = (MAC.name, HOUR.name, HOUR_ENERGY.name)
_KEY = ", ".join(HOURLY.key)
_REPORT_SCORE = 99.99  # any score but 100: it has two decimals
_Rule = dataplex_v1.DataQualityRule
_Actions = dataplex_v1.DataQualitySpec.PostScanActions


def data_scan(options: DataplexOptions) -> dataplex_v1.DataScan:
    """The scan that *options* ask for, as it is sent to the service."""
    return dataplex_v1.DataScan(
        description=_DESCRIPTION,
        display_name=options.scan,
        data=dataplex_v1.DataSource(resource=table_resource(options.full_table)),
        execution_spec=_execution(options),
        data_quality_spec=dataplex_v1.DataQualitySpec(
            rules=[*anomaly_rules(options), *plain_rules(options)], post_scan_actions=_actions(options)
        ),
    )


def anomaly_rules(options: DataplexOptions) -> list[dataplex_v1.DataQualityRule]:
    """Two rules for each metric: points that its model calls anomalies, and points that it could not judge."""
    rules = []
    for metric in options.metric_names:
        suffix = metric.lower()
        rules += [
            _assertion(
                f"anomaly-{suffix}",
                "ACCURACY",
                f"{METRIC_COLUMNS[metric]}: hours that the model calls anomalies, at {options.threshold!r}",
                _detecting(options, metric, "is_anomaly"),
            ),
            _assertion(
                f"anomaly-{suffix}-not-judged",
                "COMPLETENESS",
                f"{METRIC_COLUMNS[metric]}: hours that the model could not judge: meter or hour unknown to it",
                _detecting(options, metric, "is_anomaly IS NULL"),
            ),
        ]
    return rules


def plain_rules(options: DataplexOptions) -> list[dataplex_v1.DataQualityRule]:
    """What every row and the table must be, whatever the models say."""
    readings = 3600 // options.interval
    rules = [
        _Rule(
            name=f"{column.replace('_', '-')}-present",
            column=column,
            dimension="COMPLETENESS",
            threshold=1.0,
            description=f"{column} is there",
            non_null_expectation=_Rule.NonNullExpectation(),
        )
        for column in _REQUIRED_COLUMNS
    ]
    rules += [
        _Rule(
            name="consumption-not-negative",
            column=HOUR_ENERGY.name,
            dimension="VALIDITY",
            threshold=1.0,
            ignore_null=True,  # counted by the rule of its own
            description="no hour gives energy back",
            range_expectation=_Rule.RangeExpectation(min_value="0"),
        ),
        _Rule(
            name="mac-valid",
            column=MAC.name,
            dimension="VALIDITY",
            threshold=1.0,
            ignore_null=True,
            description="a locally administered unicast MAC address in capitals",
            regex_expectation=_Rule.RegexExpectation(regex=_MAC),
        ),
        _Rule(
            name="readings-complete",
            column=HOUR_READINGS.name,
            dimension="COMPLETENESS",
            threshold=1.0,
            description=f"an hour has {readings} readings, one every {options.interval} s",
            row_condition_expectation=_Rule.RowConditionExpectation(
                sql_expression=f"{HOUR_READINGS.name} = {readings}"
            ),
        ),
        # the uniqueness rule knows single columns only
        _assertion(
            "meter-hour-unique",
            "UNIQUENESS",
            "a meter has one row per hour",
            f"SELECT {_KEY}, COUNT(*) AS row_count FROM ${{data()}} GROUP BY {_KEY} HAVING COUNT(*) > 1",
        ),
    ]
    if options.max_age_hours:
        rules.append(
            _assertion(
                "fresh",
                "FRESHNESS",
                f"the newest row is at most {options.max_age_hours} hours old",
                # of the whole table: an increment without rows would look like a stale table
                f"SELECT newest FROM (SELECT MAX({HOUR.name}) AS newest FROM `{options.full_table}`)"
                " WHERE newest IS NULL"
                f" OR newest < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL {options.max_age_hours} HOUR)",
            )
        )
    return rules


def table_resource(full_name: str) -> str:
    """PROJECT.DATASET.TABLE as the service names it."""
    project, dataset, table = full_name.rsplit(".", 2)  # a project of a domain has a dot of its own
    return f"//bigquery.googleapis.com/projects/{project}/datasets/{dataset}/tables/{table}"


def as_yaml(options: DataplexOptions) -> str:
    """The data-quality spec as `gcloud … --data-quality-spec-file` reads it, under the command that it goes with."""
    scan = data_scan(options)
    command = [
        *("gcloud", "dataplex", "datascans", "create", "data-quality", options.scan),
        f"--project={options.project}",
        f"--location={options.location}",
        f"--data-source-resource={scan.data.resource}",
        "--data-quality-spec-file=FILE",
        f"--display-name={options.scan}",
        f"--description={_DESCRIPTION}",
        f"--schedule={options.schedule}" if options.schedule else "--on-demand=true",
        *([f"--incremental-field={options.incremental_field}"] if options.incremental_field else []),
    ]
    return f"# {shlex.join(command)}\n" + yaml_of(as_json(scan)["dataQualitySpec"])


def yaml_of(document: dict[str, Any]) -> str:
    """A document as YAML, in its own order, a statement on one line."""
    return yaml.safe_dump(document, sort_keys=False, width=100_000, allow_unicode=True)


def as_json(scan: dataplex_v1.DataScan) -> dict[str, Any]:
    """A scan as the REST API writes it."""
    document: dict[str, Any] = MessageToDict(dataplex_v1.DataScan.pb(scan))
    return document


def _detecting(options: DataplexOptions, metric: str, condition: str) -> str:
    model = f"{options.project}.{options.dataset}.{options.model}_{metric.lower()}"
    return (
        f"SELECT * FROM ML.DETECT_ANOMALIES(MODEL `{model}`,"
        f" STRUCT({options.threshold!r} AS anomaly_prob_threshold),"
        f" (SELECT {_KEY}, {METRIC_COLUMNS[metric]} FROM ${{data()}})) WHERE {condition}"
    )


def _assertion(name: str, dimension: str, description: str, statement: str) -> dataplex_v1.DataQualityRule:
    return _Rule(
        name=name,
        dimension=dimension,
        description=description,
        sql_assertion=_Rule.SqlAssertion(sql_statement=statement),
    )


def _execution(options: DataplexOptions) -> dataplex_v1.DataScan.ExecutionSpec:
    trigger = dataplex_v1.Trigger(on_demand=dataplex_v1.Trigger.OnDemand())
    if options.schedule:
        trigger = dataplex_v1.Trigger(schedule=dataplex_v1.Trigger.Schedule(cron=options.schedule))
    if not options.incremental_field:
        return dataplex_v1.DataScan.ExecutionSpec(trigger=trigger)
    return dataplex_v1.DataScan.ExecutionSpec(trigger=trigger, field=options.incremental_field)


def _actions(options: DataplexOptions) -> dataplex_v1.DataQualitySpec.PostScanActions:
    actions = _Actions(
        bigquery_export=_Actions.BigQueryExport(results_table=table_resource(options.full_results_table))
    )
    if options.recipients:
        actions.notification_report = _Actions.NotificationReport(
            recipients=_Actions.Recipients(emails=options.recipients),
            score_threshold_trigger=_Actions.ScoreThresholdTrigger(score_threshold=_REPORT_SCORE),
            job_failure_trigger=_Actions.JobFailureTrigger(),
        )
    return actions

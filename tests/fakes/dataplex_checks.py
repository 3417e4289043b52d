"""What Dataplex documents of a data-quality scan, held against a request.

The limits are those of the API's reference (DataScan, DataQualitySpec, DataQualityRule, CreateDataScanRequest,
ListDataScanJobsRequest) and of "Create a data quality scan" (names of rules, five addresses). That names of rules
differ is not documented, so it is not asked for. Only the codes stand for the service; the words are this server's own.
"""

from __future__ import annotations

import re
from zoneinfo import available_timezones

import grpc
from google.cloud import dataplex_v1

PARENT = re.compile(r"projects/([a-z0-9.:-]+)/locations/([a-z]+-[a-z]+[0-9]+)")
_SCAN_ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
TABLE_RESOURCE = re.compile(r"//bigquery\.googleapis\.com/projects/([^/]+)/datasets/(\w+)/tables/([\w-]+)")
_RESULTS_TABLE = re.compile(r"(//bigquery\.googleapis\.com/)?projects/[^/]+/datasets/\w+/tables/[\w-]+")
_RULE_NAME = re.compile(r"[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DIMENSION = re.compile(r"[A-Z]{1,30}")
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")
_CRON_LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES = re.compile(r"(?i)(sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
COLUMN_RULES = {
    "range_expectation",
    "non_null_expectation",
    "set_expectation",
    "regex_expectation",
    "uniqueness_expectation",
}
ROW_RULES = COLUMN_RULES | {"row_condition_expectation"}
_IGNORING_NULL = COLUMN_RULES - {"non_null_expectation"}


class Refusal(Exception):
    """The service says no."""

    def __init__(self, code: grpc.StatusCode, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason  # of the ErrorInfo that goes with it


def rule_type(rule: dataplex_v1.DataQualityRule) -> str | None:
    """The name of the kind of rule that is set."""
    kind: str | None = dataplex_v1.DataQualityRule.pb(rule).WhichOneof("rule_type")
    return kind


def check_creation(request: dataplex_v1.CreateDataScanRequest) -> None:
    """`Refusal` when the request is not as documented."""
    _must(PARENT.fullmatch(request.parent), f"parent {request.parent!r} is not projects/P/locations/REGION")
    _must(
        not request.data_scan_id or _SCAN_ID.fullmatch(request.data_scan_id),
        f"data_scan_id {request.data_scan_id!r} is not made of 1-63 lowercase letters, numbers and hyphens",
    )
    scan = request.data_scan
    _must(len(scan.description) <= 1024, "description is longer than 1,024 characters")
    _must(len(scan.display_name) <= 256, "display_name is longer than 256 characters")
    spec = dataplex_v1.DataScan.pb(scan).WhichOneof("spec")
    _must(spec, "exactly one spec is required")
    source = dataplex_v1.DataSource.pb(scan.data).WhichOneof("source")
    _must(source, "data is required")
    if spec != "data_quality_spec" or source != "resource":
        raise Refusal(grpc.StatusCode.UNIMPLEMENTED, f"this server does not do {spec} on {source}")
    _must(TABLE_RESOURCE.fullmatch(scan.data.resource), f"resource {scan.data.resource!r} is not a BigQuery table")
    _check_trigger(scan.execution_spec.trigger)
    _check_spec(scan.data_quality_spec)


def _check_trigger(trigger: dataplex_v1.Trigger) -> None:
    mode = dataplex_v1.Trigger.pb(trigger).WhichOneof("mode")
    if mode == "one_time":
        raise Refusal(grpc.StatusCode.UNIMPLEMENTED, "this server does not do one-time scans")
    if mode != "schedule":
        return
    cron = trigger.schedule.cron
    fields = cron.split()
    if fields and re.match(r"(CRON_)?TZ=", fields[0]):
        zone = fields.pop(0).split("=", 1)[1]
        _must(zone in available_timezones(), f"cron {cron!r}: {zone!r} is not an IANA time zone")
    _must(len(fields) == 5, f"cron {cron!r} does not have five fields")
    for field, (lowest, highest) in zip(fields, _CRON_LIMITS, strict=True):
        for part in field.split(","):
            steps = _NAMES.sub("1", part).split("/")
            _must(re.fullmatch(r"\*|\d+(-\d+)?", steps[0]), f"cron {cron!r}: {part!r} is not a field")
            _must(len(steps) == 1 or (len(steps) == 2 and steps[1].isdigit()), f"cron {cron!r}: {part!r} is no step")
            numbers = [int(number) for number in re.findall(r"\d+", steps[0])]
            _must(all(lowest <= number <= highest for number in numbers), f"cron {cron!r}: {part!r} is out of range")


def _check_spec(spec: dataplex_v1.DataQualitySpec) -> None:
    _must(spec.rules, "at least one rule is required")
    _must(0 <= spec.sampling_percent <= 100, "sampling_percent must lie between 0 and 100")
    for number, rule in enumerate(spec.rules):
        _check_rule(rule, f"rules[{number}] {rule.name!r}")
    actions = spec.post_scan_actions
    table = actions.bigquery_export.results_table
    _must(not table or _RESULTS_TABLE.fullmatch(table), f"results_table {table!r} is not a table's resource name")
    if "notification_report" not in actions:
        return
    emails = actions.notification_report.recipients.emails
    _must(1 <= len(emails) <= 5, f"a report goes to one to five addresses, not {len(emails)}")
    for email in emails:
        _must(_EMAIL.fullmatch(email), f"{email!r} is not an e-mail address")
    score = actions.notification_report.score_threshold_trigger.score_threshold
    _must(0 <= score <= 100, f"score_threshold {score} must lie between 0 and 100")


def _check_rule(rule: dataplex_v1.DataQualityRule, where: str) -> None:
    kind = rule_type(rule)
    _must(kind, f"{where}: a rule needs a type")
    _must(not rule.name or _RULE_NAME.fullmatch(rule.name), f"{where}: not a name of 1-63 letters, digits, hyphens")
    _must(len(rule.description) <= 1024, f"{where}: description is longer than 1,024 characters")
    _must(not rule.dimension or _DIMENSION.fullmatch(rule.dimension), f"{where}: dimension is not 1-30 capitals")
    _must(0 <= rule.threshold <= 1, f"{where}: threshold {rule.threshold} is outside [0, 1]")
    _must(not rule.threshold or kind in ROW_RULES, f"{where}: threshold is for row-level rules only")
    _must(not rule.ignore_null or kind in _IGNORING_NULL, f"{where}: ignore_null is not for {kind}")
    _must(rule.column or kind not in COLUMN_RULES, f"{where}: column is missing")
    if kind == "range_expectation":
        limits = rule.range_expectation
        _must(limits.min_value or limits.max_value, f"{where}: min_value or max_value is needed")
    for statement in (
        rule.sql_assertion.sql_statement,
        rule.row_condition_expectation.sql_expression,
        rule.table_condition_expectation.sql_expression,
    ):
        _must(";" not in statement, f"{where}: SQL must not contain semicolons")
    _must(kind != "sql_assertion" or rule.sql_assertion.sql_statement, f"{where}: sql_statement is missing")


def _must(holds: object, message: str) -> None:
    if not holds:
        raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, message)

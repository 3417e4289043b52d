"""The results of a scan's job: for people as a table, for machines as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from google.cloud import dataplex_v1

_State = dataplex_v1.DataScanJob.State
UNDER_WAY = (_State.STATE_UNSPECIFIED, _State.PENDING, _State.RUNNING, _State.CANCELING)
_Export = dataplex_v1.DataQualityResult.PostScanActionsResult.BigQueryExportResult
_EXPORTED = (_Export.State.STATE_UNSPECIFIED, _Export.State.SUCCEEDED)


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """What a rule found. Counts are in rows; None where the kind of rule has no such count."""

    name: str
    dimension: str
    column: str
    passed: bool
    evaluated: int | None
    passing: int | None
    nulls: int | None
    found: int | None  # rows that a SQL assertion returned
    failing_rows_query: str


@dataclass(frozen=True, kw_only=True)
class JobResults:
    """A job of a scan; without rules as long as it has not ended well."""

    scan: str
    job: str
    state: str
    under_way: bool
    message: str
    passed: bool
    score: float | None
    rows: int
    export_failure: str
    rules: tuple[RuleResult, ...]


def job_results(job: dataplex_v1.DataScanJob) -> JobResults:
    """The results in the FULL view of a job."""
    result = job.data_quality_result
    scan, _, job_id = job.name.partition("/jobs/")
    export = result.post_scan_actions_result.bigquery_export_result
    rules = tuple(_rule_result(rule) for rule in result.rules)
    return JobResults(
        scan=scan,
        job=job_id,
        state=job.state.name,
        under_way=job.state in UNDER_WAY,
        message=job.message or job.partial_failure_message,
        passed=bool(rules) and result.passed and all(rule.passed for rule in rules),
        score=round(result.score, 2) if "score" in result else None,
        rows=result.row_count,
        export_failure="" if export.state in _EXPORTED else f"{export.state.name}: {export.message}",
        rules=rules,
    )


def as_json(results: JobResults) -> str:
    """The results as one JSON document."""
    return json.dumps(asdict(results), indent=2)


def as_table(results: JobResults) -> str:
    """The results for people: a line about the job, a line for each rule, the failed ones first."""
    failed = sum(not rule.passed for rule in results.rules)
    head = f"{results.scan}, job {results.job}: {results.state}"
    if results.rules:
        verdict = "all rules passed" if results.passed else f"{failed} of {len(results.rules)} rules failed"
        head += f", {verdict}, {results.rows:,} rows"
    lines = [head]
    if results.message:
        lines.append(f"message: {results.message}")
    if results.export_failure:
        lines.append(f"the results' table was not written: {results.export_failure}")
    if not results.rules:
        lines.append("no results yet; ask again when the job has ended" if results.under_way else "it has no results")
        return "\n".join(lines)
    width = max(len(rule.name) for rule in results.rules)
    for rule in sorted(results.rules, key=lambda rule: rule.passed):
        verdict = "passed" if rule.passed else "FAILED"
        lines.append(f"  {verdict}  {rule.name:<{width}}  {rule.dimension:<12}  {_counts(rule)}".rstrip())
    return "\n".join(lines)


def _counts(rule: RuleResult) -> str:
    if rule.found is not None:
        return f"{rule.found:,} rows found"
    if rule.evaluated is None or rule.passing is None:
        return ""
    nulls = f", {rule.nulls:,} null" if rule.nulls else ""
    return f"{rule.passing:,} of {rule.evaluated:,} rows{nulls}"


def _rule_result(result: dataplex_v1.DataQualityRuleResult) -> RuleResult:
    kind = dataplex_v1.DataQualityRule.pb(result.rule).WhichOneof("rule_type")
    row_level = kind not in (None, "sql_assertion", "table_condition_expectation", "statistic_range_expectation")
    return RuleResult(
        name=result.rule.name,
        dimension=result.rule.dimension,
        column=result.rule.column,
        passed=result.passed,
        evaluated=result.evaluated_count if row_level else None,
        passing=result.passed_count if row_level else None,
        nulls=result.null_count if row_level else None,
        found=result.assertion_row_count if kind == "sql_assertion" else None,
        failing_rows_query=result.failing_rows_query,
    )

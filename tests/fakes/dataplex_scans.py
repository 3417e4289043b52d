"""The scans of a Dataplex, their jobs and operations; what both fronts of the server, gRPC and REST, stand on."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import duckdb
import grpc
import sqlglot.errors
from google.cloud import dataplex_v1

from tests.fakes.dataplex_checks import PARENT, TABLE_RESOURCE, Refusal, check_creation
from tests.fakes.dataplex_tables import Dataset

_State = dataplex_v1.DataScanJob.State
_BASIC_LEAVES_OUT = ("data_quality_spec", "data_quality_result")
_Message = TypeVar("_Message", dataplex_v1.DataScan, dataplex_v1.DataScanJob)
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass
class Operation:
    """A long-running operation; it is done after it was asked for so often."""

    name: str
    result: dataplex_v1.DataScan | None  # None: google.protobuf.Empty
    polls_left: int
    error: Refusal | None = None


@dataclass
class _Scan:
    message: dataplex_v1.DataScan
    jobs: dict[str, Any] = field(default_factory=dict)
    polls_left: dict[str, int] = field(default_factory=dict)  # of each job, before its next state
    scanned_to: object = None  # largest value of the incremental field that a job has seen


class Scans:
    """All scans. *polls*: how often an operation or a state of a job is asked for before it goes on."""

    def __init__(self, dataset: Dataset, polls: int = 0) -> None:
        self.dataset = dataset
        self.polls = polls
        self.failing: Refusal | None = None  # how operations that create scans end from now on
        self.lock = threading.RLock()
        self.operations: dict[str, Operation] = {}
        self._scans: dict[str, _Scan] = {}
        self._numbers = itertools.count(1)

    def create(self, request: dataplex_v1.CreateDataScanRequest) -> Operation:
        check_creation(request)
        place = PARENT.fullmatch(request.parent)
        table = TABLE_RESOURCE.fullmatch(request.data_scan.data.resource)
        assert place is not None
        assert table is not None
        ours = (table[1], table[2]) == (self.dataset.project, self.dataset.name)
        if not ours or not self.dataset.has_table(table[3]):
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"Not found: Table {table[1]}:{table[2]}.{table[3]}")
        if place[2] != self.dataset.region:
            raise Refusal(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"the scan's location {place[2]} is not that of the dataset, {self.dataset.region}",
            )
        name = f"{request.parent}/dataScans/{request.data_scan_id or f'data-scan-{next(self._numbers)}'}"
        if name in self._scans:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, f"Resource '{name}' already exists")
        message: Any = dataplex_v1.DataScan(request.data_scan)
        message.name = name
        message.uid = f"uid-{next(self._numbers)}"
        message.state = dataplex_v1.State.ACTIVE
        message.create_time = self._now()
        message.type_ = dataplex_v1.DataScanType.DATA_QUALITY
        if self.failing:
            operation = self._begin(request.parent, None)
            operation.error = self.failing
            return operation
        if not request.validate_only:
            self._scans[name] = _Scan(message)
        return self._begin(request.parent, message)

    def get(self, name: str, *, full: bool) -> dataplex_v1.DataScan:
        return _view(self._scan(name).message, full=full)

    def delete(self, name: str, *, force: bool) -> Operation:
        scan = self._scan(name)
        if scan.jobs and not force:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"'{name}' has child resources; force deletes them")
        del self._scans[name]
        return self._begin(name.split("/dataScans/", maxsplit=1)[0], None)

    def run(self, name: str) -> dataplex_v1.DataScanJob:
        """What RunDataScan does."""
        if "schedule" in self._scan(name).message.execution_spec.trigger:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, "Only OnDemand data scans are allowed")
        return self.start_job(name)

    def start_job(self, name: str) -> dataplex_v1.DataScanJob:
        """A new job, whoever asked for it: a user, or the schedule."""
        scan = self._scan(name)
        job = dataplex_v1.DataScanJob(
            name=f"{name}/jobs/job-{next(self._numbers)}",
            state=_State.PENDING,
            type_=dataplex_v1.DataScanType.DATA_QUALITY,
            create_time=self._now(),
            data_quality_spec=scan.message.data_quality_spec,
        )
        scan.jobs[job.name] = job
        scan.polls_left[job.name] = self.polls
        return _view(job, full=False)

    def jobs(self, name: str) -> list[dataplex_v1.DataScanJob]:
        """In no order that means anything: none is documented."""
        jobs = list(self._scan(name).jobs.values())
        return [_view(job, full=False) for job in jobs[1::2] + jobs[::2]]

    def job(self, name: str, *, full: bool) -> dataplex_v1.DataScanJob:
        """The job; asking often enough brings it on from PENDING to RUNNING to its end."""
        scan = self._scan(name.split("/jobs/", maxsplit=1)[0])
        if name not in scan.jobs:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"Resource '{name}' was not found")
        job: dataplex_v1.DataScanJob = scan.jobs[name]
        while job.state in (_State.PENDING, _State.RUNNING):
            if scan.polls_left[name] > 0:
                scan.polls_left[name] -= 1
                break
            scan.polls_left[name] = self.polls
            if job.state == _State.PENDING:
                scan.jobs[name].state, job.start_time = _State.RUNNING, self._now()
            else:
                self._work(scan, job)
        return _view(job, full=full)

    def operation(self, name: str) -> Operation:
        if name not in self.operations:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"Operation '{name}' was not found")
        operation = self.operations[name]
        operation.polls_left = max(operation.polls_left - 1, 0)
        return operation

    def _begin(self, parent: str, result: dataplex_v1.DataScan | None) -> Operation:
        operation = Operation(f"{parent}/operations/op-{next(self._numbers)}", result, self.polls)
        self.operations[operation.name] = operation
        return operation

    def _scan(self, name: str) -> _Scan:
        if name not in self._scans:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"Resource '{name}' was not found")
        return self._scans[name]

    def _work(self, scan: _Scan, job: Any) -> None:
        """Run the rules; whatever goes wrong in their SQL fails the job."""
        job.end_time = self._now()
        try:
            job.data_quality_result = self._evaluate(scan)
        except (Refusal, duckdb.Error, sqlglot.errors.SqlglotError) as error:
            job.state, job.message = _State.FAILED, str(error).splitlines()[0]
        else:
            job.state = _State.SUCCEEDED

    def _evaluate(self, scan: _Scan) -> dataplex_v1.DataQualityResult:
        table = TABLE_RESOURCE.fullmatch(scan.message.data.resource)
        assert table is not None
        spec, incremental = scan.message.data_quality_spec, scan.message.execution_spec.field
        data, source = f'"{table[3]}"', f"`{table[1]}.{table[2]}.{table[3]}`"
        newest = None
        if incremental:
            newest = self.dataset.newest(table[3], incremental)
            if scan.scanned_to is not None:
                since = f"WHERE {incremental} > TIMESTAMP '{scan.scanned_to}'"
                data, source = f"(SELECT * FROM {data} {since})", f"(SELECT * FROM {source} {since})"
        rules = [self.dataset.evaluate(rule, data, source) for rule in spec.rules if not rule.suspended]
        result = dataplex_v1.DataQualityResult(
            rules=rules,
            passed=all(rule.passed for rule in rules),
            score=100 * sum(rule.passed for rule in rules) / len(rules),
            row_count=self.dataset.count(data),
        )
        if spec.post_scan_actions.bigquery_export.results_table:
            export = dataplex_v1.DataQualityResult.PostScanActionsResult.BigQueryExportResult
            result.post_scan_actions_result.bigquery_export_result = export(state=export.State.SUCCEEDED)
        scan.scanned_to = newest
        return result

    def _now(self) -> datetime:
        """A time that goes on with every event."""
        return _EPOCH + timedelta(seconds=next(self._numbers))


def _view(message: _Message, *, full: bool) -> _Message:
    """A copy as the FULL or the BASIC view shows it."""
    copy: Any = type(message)(message)
    if not full:
        for name in _BASIC_LEAVES_OUT:
            type(copy).pb(copy).ClearField(name)
    viewed: _Message = copy
    return viewed

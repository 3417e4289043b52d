"""`wattif dataplex`: create the scan, run it, show its results, or delete it.

Every action may be repeated: `create` finds the scan that it made before, `delete` one that is gone. Requests that
change nothing, or nothing twice, are sent again while the service is unavailable; `run` is not, it would start two
jobs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import grpc
from google.api_core import exceptions as api
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud import dataplex_v1
from google.cloud.dataplex_v1.services.data_scan_service.transports import DataScanServiceGrpcTransport

from wattif.dataplex import preview as dataplex_preview
from wattif.dataplex import results as dataplex_results
from wattif.dataplex.compare import differences
from wattif.dataplex.errors import explain, may_pass
from wattif.dataplex.options import Action, DataplexOptions
from wattif.dataplex.results import UNDER_WAY, JobResults
from wattif.dataplex.scan import as_json, as_yaml, data_scan
from wattif.dataplex.wait import Clock, wait_until
from wattif.errors import WarehouseError

EMULATOR = "DATAPLEX_EMULATOR_HOST"  # host:port of a local server, spoken to without TLS and credentials
_TIMEOUT_S = 60.0  # of one request
_CREATION_S = 600.0
_JOB_S = 3600.0
_JOBS_PER_PAGE = 1000
_State = dataplex_v1.DataScanJob.State
_View = dataplex_v1.GetDataScanJobRequest.DataScanJobView
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Answer:
    """What an action has to say, and whether it found everything in order."""

    text: str
    passed: bool = True


def act(
    action: Action,
    options: DataplexOptions,
    *,
    print_only: bool = False,
    as_json: bool = False,
    clock: Clock | None = None,
) -> Answer:
    """Create, run or delete the scan, or look at its results; `WarehouseError` says what is wrong and the way out.

    With *print_only*, nothing but its definition is made; *as_json*: the results for machines.
    """
    if print_only:
        return Answer((dataplex_preview.as_yaml if options.preview_anomaly_rules else as_yaml)(options).rstrip())
    clock = clock or Clock(time.monotonic, time.sleep)
    if action == "create" and options.preview_anomaly_rules:
        return Answer(dataplex_preview.create(options, clock, os.environ.get(EMULATOR)))
    with DataScans(options, clock) as scans:
        if action == "create":
            return Answer(scans.create())
        if action == "run":
            return Answer(scans.run())
        if action == "delete":
            return Answer(scans.delete())
        results = scans.results()
    text = dataplex_results.as_json(results) if as_json else dataplex_results.as_table(results)
    return Answer(text, results.passed)


class DataScans:
    """The service, as seen by one scan. *retry_s*: how long an unavailable service is asked again."""

    def __init__(self, options: DataplexOptions, clock: Clock, retry_s: float = 30.0) -> None:
        self._options = options
        self._clock = clock
        self._retry = Retry(predicate=may_pass, initial=0.1, maximum=5.0, timeout=retry_s)
        emulator = os.environ.get(EMULATOR)
        self._endpoint = emulator or dataplex_v1.DataScanServiceClient.DEFAULT_ENDPOINT
        self._client = self._calling(lambda: _connect(emulator))

    def __enter__(self) -> DataScans:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.transport.close()

    def create(self) -> str:
        """Create the scan unless it is there; `WarehouseError` when another one is there under its id."""
        asked = data_scan(self._options)
        request = dataplex_v1.CreateDataScanRequest(
            parent=self._options.parent, data_scan=asked, data_scan_id=self._options.scan
        )

        def call() -> str | None:
            try:
                operation = self._client.create_data_scan(request, retry=self._retry, timeout=_TIMEOUT_S)
                wait_until(
                    lambda: operation.done(retry=self._retry) or None, self._clock, _CREATION_S, "the scan's creation"
                )
                operation.result(timeout=_TIMEOUT_S)
            except api.AlreadyExists:
                return None
            return f"created {self._options.scan_name}, {len(asked.data_quality_spec.rules)} rules"

        return self._calling(call) or self._compare(asked)

    def run(self) -> str:
        """Run the scan once and wait for the end of its job; `WarehouseError` when the job fails or takes too long."""
        started = self._calling(
            lambda: self._client.run_data_scan(name=self._options.scan_name, retry=None, timeout=_TIMEOUT_S)
        )

        def ended() -> dataplex_v1.DataScanJob | None:
            job = self._job(started.job.name)
            return None if job.state in UNDER_WAY else job

        job = wait_until(ended, self._clock, _JOB_S, f"{started.job.name}")
        words = job.message or job.partial_failure_message
        if job.state not in (_State.SUCCEEDED, _State.SUCCEEDED_WITH_ERRORS):
            raise WarehouseError(
                f"{job.name}: {job.state.name}: {' '.join(words.split()) or 'the service gives no reason'};"
                " correct what it names, then run the scan again"
            )
        return f"{job.name}: {job.state.name}{': ' if words else ''}{words}; 'results' shows its rules"

    def results(self) -> JobResults:
        """The latest job with its rules; one that has not ended has none."""
        parent = self._options.scan_name
        request = dataplex_v1.ListDataScanJobsRequest(parent=parent, page_size=_JOBS_PER_PAGE)
        jobs = self._calling(
            lambda: list(self._client.list_data_scan_jobs(request, retry=self._retry, timeout=_TIMEOUT_S))
        )
        if not jobs:
            raise WarehouseError(f"{parent}: has no job yet; to start one, run 'python -m wattif dataplex run'")
        # the order of the list is not documented
        latest = max(jobs, key=lambda job: (job.create_time or job.start_time).timestamp())
        return dataplex_results.job_results(self._job(latest.name, full=True))

    def delete(self) -> str:
        """Delete the scan and its jobs; one that is gone already does not matter."""
        request = dataplex_v1.DeleteDataScanRequest(name=self._options.scan_name, force=True)

        def call() -> str:
            try:
                operation = self._client.delete_data_scan(request, retry=self._retry, timeout=_TIMEOUT_S)
                wait_until(
                    lambda: operation.done(retry=self._retry) or None, self._clock, _CREATION_S, "the scan's deletion"
                )
                operation.result(timeout=_TIMEOUT_S)
            except api.NotFound:
                return f"{self._options.scan_name} was already deleted"
            return f"deleted {self._options.scan_name}; the results table stays"

        return self._calling(call)

    def _compare(self, asked: dataplex_v1.DataScan) -> str:
        request = dataplex_v1.GetDataScanRequest(
            name=self._options.scan_name, view=dataplex_v1.GetDataScanRequest.DataScanView.FULL
        )
        there = self._calling(
            lambda: self._client.get_data_scan(request, retry=self._retry, timeout=_TIMEOUT_S),
        )
        return exists_already(self._options, differences(as_json(there), as_json(asked)))

    def _job(self, name: str, *, full: bool = False) -> dataplex_v1.DataScanJob:
        view = _View.FULL if full else _View.BASIC
        request = dataplex_v1.GetDataScanJobRequest(name=name, view=view)
        return self._calling(lambda: self._client.get_data_scan_job(request, retry=self._retry, timeout=_TIMEOUT_S))

    def _calling(self, call: Callable[[], _Result]) -> _Result:
        try:
            return call()
        except (api.GoogleAPIError, GoogleAuthError, OSError, grpc.RpcError) as error:
            raise explain(error, self._options, self._endpoint) from error


def exists_already(options: DataplexOptions, unlike: list[str]) -> str:
    """What to say of a scan that is there; `WarehouseError` when it is another one: *unlike* names the differences."""
    if not unlike:
        return f"{options.scan_name} already exists with the same definition"
    more = f" (and {len(unlike) - 1} more differences)" if len(unlike) > 1 else ""
    raise WarehouseError(
        f"{options.scan_name}: exists with another definition: {unlike[0]}{more}; delete it with"
        " 'python -m wattif dataplex delete', or choose another `scan`"
    )


def _connect(emulator: str | None) -> dataplex_v1.DataScanServiceClient:
    if emulator is None:
        return dataplex_v1.DataScanServiceClient()
    transport = DataScanServiceGrpcTransport(channel=grpc.insecure_channel(emulator))
    return dataplex_v1.DataScanServiceClient(transport=transport)

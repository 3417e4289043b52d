"""A Dataplex inside the tests: google.cloud.dataplex.v1.DataScanService over real gRPC, for data-quality scans.

It stands for what the API's reference documents of create, get, delete (with `force`), run ("only OnDemand data scans
are allowed"), the list of jobs and a job in its views, and of long-running operations; for the documented limits of a
scan (`dataplex_checks`); and it runs the rules on tables in DuckDB (`dataplex_tables`). It does not stand for: access
control, the texts of errors, other kinds of scans, updates, one-time scans, sampling, row filters, catalogue rules,
debug queries, the export and the reports (they are checked, not sent), schedules (a test calls `scans.start_job`),
TLS. Where the reference is silent, a row rule on no rows passes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn, Self

import grpc
from google.cloud import dataplex_v1
from google.longrunning import operations_pb2
from google.protobuf import any_pb2, empty_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from tests.fakes.dataplex_checks import Refusal
from tests.fakes.dataplex_scans import Operation, Scans
from tests.fakes.dataplex_tables import Dataset

_SCAN_VIEW = dataplex_v1.GetDataScanRequest.DataScanView
_JOB_VIEW = dataplex_v1.GetDataScanJobRequest.DataScanJobView
_DEFAULT_PAGE, _LARGEST_PAGE = 10, 1000


@dataclass
class _Fault:
    method: str
    refusal: Refusal
    times: int | None


class DataplexServer:
    """The server; it serves inside a ``with`` block at `address` and closes *dataset* at its end. *polls*: `Scans`."""

    def __init__(self, dataset: Dataset, *, polls: int = 0) -> None:
        self.scans = Scans(dataset, polls)
        self.requests: list[tuple[str, Any]] = []
        self._faults: list[_Fault] = []
        self._pool = ThreadPoolExecutor(4)
        self._grpc = grpc.server(self._pool)
        self._grpc.add_generic_rpc_handlers(
            (
                self._handlers(
                    "google.cloud.dataplex.v1.DataScanService",
                    {
                        "CreateDataScan": (dataplex_v1.CreateDataScanRequest, self._create),
                        "GetDataScan": (dataplex_v1.GetDataScanRequest, self._get),
                        "DeleteDataScan": (dataplex_v1.DeleteDataScanRequest, self._delete),
                        "RunDataScan": (dataplex_v1.RunDataScanRequest, self._run),
                        "GetDataScanJob": (dataplex_v1.GetDataScanJobRequest, self._get_job),
                        "ListDataScanJobs": (dataplex_v1.ListDataScanJobsRequest, self._list_jobs),
                    },
                ),
                self._handlers(
                    "google.longrunning.Operations",
                    {"GetOperation": (operations_pb2.GetOperationRequest, self._get_operation)},
                ),
            )
        )
        self.port = self._grpc.add_insecure_port("127.0.0.1:0")
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._grpc.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._grpc.stop(None).wait()
        self._pool.shutdown()
        self.scans.dataset.close()  # gRPC keeps handlers alive, and so all that they know

    def add_fault(self, method: str, refusal: Refusal, times: int | None = 1) -> None:
        """The next requests of *method* are refused; *times* None: all of them."""
        self._faults.append(_Fault(method, refusal, times))

    def count(self, method: str) -> int:
        """How many requests of *method* have come, refused ones included."""
        return sum(name == method for name, _ in list(self.requests))

    def sent(self, method: str) -> Any:
        """The last request of *method*."""
        return next(request for name, request in reversed(self.requests) if name == method)

    def _handlers(self, service: str, methods: dict[str, tuple[Any, Callable[[Any], Any]]]) -> grpc.GenericRpcHandler:
        return grpc.method_handlers_generic_handler(
            service,
            {
                name: grpc.unary_unary_rpc_method_handler(
                    self._answering(name, answer),
                    request_deserializer=getattr(kind, "deserialize", None) or kind.FromString,
                    response_serializer=_serialized,
                )
                for name, (kind, answer) in methods.items()
            },
        )

    def _answering(self, name: str, answer: Callable[[Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
        def serve(request: Any, context: grpc.ServicerContext) -> Any:
            with self.scans.lock:
                self.requests.append((name, request))
                try:
                    self._befall(name)
                    return answer(request)
                except Refusal as refusal:
                    _abort(context, refusal)

        return serve

    def _befall(self, name: str) -> None:
        for fault in self._faults:
            if fault.method == name and fault.times != 0:
                fault.times = None if fault.times is None else fault.times - 1
                raise fault.refusal

    def _create(self, request: dataplex_v1.CreateDataScanRequest) -> operations_pb2.Operation:
        return operation_message(self.scans.create(request))

    def _get(self, request: dataplex_v1.GetDataScanRequest) -> dataplex_v1.DataScan:
        return self.scans.get(request.name, full=request.view == _SCAN_VIEW.FULL)

    def _delete(self, request: dataplex_v1.DeleteDataScanRequest) -> operations_pb2.Operation:
        return operation_message(self.scans.delete(request.name, force=request.force))

    def _run(self, request: dataplex_v1.RunDataScanRequest) -> dataplex_v1.RunDataScanResponse:
        return dataplex_v1.RunDataScanResponse(job=self.scans.run(request.name))

    def _get_job(self, request: dataplex_v1.GetDataScanJobRequest) -> dataplex_v1.DataScanJob:
        return self.scans.job(request.name, full=request.view == _JOB_VIEW.FULL)

    def _list_jobs(self, request: dataplex_v1.ListDataScanJobsRequest) -> dataplex_v1.ListDataScanJobsResponse:
        jobs = self.scans.jobs(request.parent)
        first = int(request.page_token or 0)
        end = first + min(request.page_size or _DEFAULT_PAGE, _LARGEST_PAGE)
        return dataplex_v1.ListDataScanJobsResponse(
            data_scan_jobs=jobs[first:end], next_page_token=str(end) if end < len(jobs) else ""
        )

    def _get_operation(self, request: operations_pb2.GetOperationRequest) -> operations_pb2.Operation:
        return operation_message(self.scans.operation(request.name))


def operation_message(operation: Operation) -> operations_pb2.Operation:
    """An operation as google.longrunning writes it."""
    message = operations_pb2.Operation(name=operation.name, done=operation.polls_left == 0)
    if message.done:
        if operation.error is not None:
            message.error.CopyFrom(
                status_pb2.Status(code=operation.error.code.value[0], message=operation.error.message)
            )
        elif operation.result is None:
            message.response.Pack(empty_pb2.Empty())
        else:
            message.response.Pack(dataplex_v1.DataScan.pb(operation.result))
    return message


def _serialized(message: Any) -> bytes:
    serialized: bytes = (
        message.SerializeToString() if hasattr(message, "SerializeToString") else type(message).serialize(message)
    )
    return serialized


def _abort(context: grpc.ServicerContext, refusal: Refusal) -> NoReturn:
    status = status_pb2.Status(code=refusal.code.value[0], message=refusal.message)
    if refusal.reason:
        detail = any_pb2.Any()
        detail.Pack(error_details_pb2.ErrorInfo(reason=refusal.reason, domain="googleapis.com"))
        status.details.append(detail)
    context.abort_with_status(rpc_status.to_status(status))
    raise AssertionError("abort raises")

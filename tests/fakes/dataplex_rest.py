"""The REST front of the tests' Dataplex: dataScans.create and operations.get, with the preview's anomaly rules.

Projects on the preview's list may send `data_anomaly_detection` in a rule and `anomaly_detection` in the spec; to
others these are unknown names, as any field that the published API does not have. The rest of a body must parse as a
DataScan.
"""

from __future__ import annotations

import json
import re
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import grpc
from google.api_core.exceptions import from_grpc_status
from google.cloud import dataplex_v1
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from tests.fakes.dataplex_checks import Refusal
from tests.fakes.dataplex_scans import Scans
from tests.fakes.dataplex_server import operation_message

_METRICS = {"AVG", "MAX"}
_RULE_FIELDS = {"metrics", "anomaly_probability_threshold"}
_SPEC_FIELDS = {"aggregation_window", "timestamp_column", "bigquery_export"}
_EXPORT_FIELDS = {"intermediate_dataset", "result_table"}


class DataplexRestServer:
    """The server; it serves inside a ``with`` block at `address`. *preview*: the projects on the preview's list."""

    def __init__(self, scans: Scans, preview: frozenset[str] = frozenset()) -> None:
        self.scans = scans
        self.preview = preview
        self.bodies: list[dict[str, Any]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.address = f"127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self.scans.dataset.close()

    def create(self, parent: str, scan_id: str, body: dict[str, Any]) -> Any:
        """The operation that creates the scan of *body*."""
        self.bodies.append(body)
        scan = json.loads(json.dumps(body))
        if parent.split("/")[1] in self.preview:
            _take_preview(scan.get("data_quality_spec", {}))
        try:
            message = ParseDict(scan, dataplex_v1.DataScan.pb(dataplex_v1.DataScan()))
        except ParseError as error:
            unknown = re.search('no field named "(\\w+)"', str(error))
            words = f'Unknown name "{unknown[1]}": Cannot find field.' if unknown else str(error)
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"Invalid JSON payload received. {words}") from None
        request = dataplex_v1.CreateDataScanRequest(parent=parent, data_scan_id=scan_id)
        dataplex_v1.CreateDataScanRequest.pb(request).data_scan.CopyFrom(message)
        return operation_message(self.scans.create(request))


def _take_preview(spec: dict[str, Any]) -> None:
    """Check the preview's parts and take them out, so that the published API's parser may read the rest."""
    rules = [rule for rule in spec.get("rules", []) if "data_anomaly_detection" in rule]
    for rule in rules:
        anomaly = rule["data_anomaly_detection"]
        _must(set(anomaly) <= _RULE_FIELDS, "data_anomaly_detection has unknown fields")
        _must(anomaly.get("metrics") and set(anomaly["metrics"]) <= _METRICS, "metrics must be of AVG and MAX")
        _must(0 <= anomaly.get("anomaly_probability_threshold", 0.95) <= 1, "the threshold is outside [0, 1]")
        spec["rules"].remove(rule)
    block = spec.pop("anomaly_detection", None)
    _must(bool(rules) == (block is not None), "anomaly_detection and data_anomaly_detection go together")
    if block is not None:
        _must(set(block) <= _SPEC_FIELDS, "anomaly_detection has unknown fields")
        _must(block.get("timestamp_column"), "timestamp_column is missing")
        _must(set(block.get("bigquery_export", {})) <= _EXPORT_FIELDS, "bigquery_export has unknown fields")


def _must(holds: object, message: str) -> None:
    if not holds:
        raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, message)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, server: DataplexRestServer, *arguments: Any) -> None:
        self._server = server
        super().__init__(*arguments)

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        parent = url.path.removeprefix("/v1/").removesuffix("/dataScans")
        self._answer(lambda: self._server.create(parent, parse_qs(url.query)["dataScanId"][0], body))

    def do_GET(self) -> None:
        name = urlsplit(self.path).path.removeprefix("/v1/")
        self._answer(lambda: operation_message(self._server.scans.operation(name)))

    def _answer(self, ask: Any) -> None:
        try:
            with self._server.scans.lock:
                document, status = MessageToDict(ask()), 200
        except Refusal as refusal:
            status = int(from_grpc_status(refusal.code, refusal.message).code or 500)
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": refusal.reason}]
            document = {
                "error": {
                    "code": status,
                    "message": refusal.message,
                    "status": refusal.code.name,
                    "details": details if refusal.reason else [],
                }
            }
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Tests are quiet."""

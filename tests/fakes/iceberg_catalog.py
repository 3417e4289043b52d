"""An Iceberg REST catalog on this machine: the protocol over HTTP, in front of PyIceberg's catalog in SQLite.

Answers can be disturbed: `refuse` sets a status for a kind of request, `lose` drops the answer of the next commit after
it was done, and `before_commit` is called before each one.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from pyiceberg import exceptions
from pyiceberg.catalog import load_catalog
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import CommitTableRequest, Table

_STATUS = {
    exceptions.NoSuchTableError: 404,
    exceptions.NoSuchNamespaceError: 404,
    exceptions.TableAlreadyExistsError: 409,
    exceptions.NamespaceAlreadyExistsError: 409,
    exceptions.CommitFailedException: 409,
}
_PATH = re.compile(r"/v1/(?P<kind>config|namespaces)(/(?P<namespace>[^/]+)(?P<tables>/tables(/(?P<table>[^/?]+))?)?)?")


class IcebergCatalog:
    """The server: a context manager."""

    def __init__(self, folder: Path) -> None:
        self.catalog = load_catalog(
            "rest", type="sql", uri=f"sqlite:///{folder}/rest.db", warehouse=f"file://{folder}/warehouse"
        )
        self.refuse: dict[str, int] = {}  # by request: "commit", "load", "create"
        self.lose = 0  # commits whose answer gets lost
        self.before_commit: Callable[[], None] = lambda: None
        self.commits = 0
        self._lock = threading.RLock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                """Nothing."""

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = server.answer(self.command, unquote(self.path), body)
                if answer is None:
                    self.close_connection = True
                    return
                status, content = answer
                data = b"" if status == 204 else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = do_HEAD = _handle

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> IcebergCatalog:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.catalog.close()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any] | None:
        """Status and content; None when the answer gets lost."""
        match = _PATH.match(path)
        assert match is not None, path
        sent = json.loads(body or b"{}")
        request = _request(method, match)
        if request in self.refuse:
            return _error(self.refuse[request], "Disturbed", f"{request} is refused")
        try:
            with self._lock:
                content = self._do(request, match, sent)
        except tuple(_STATUS) as error:
            return _error(_STATUS[type(error)], type(error).__name__, str(error))
        if request == "commit":
            self.commits += 1
            if self.lose:
                self.lose -= 1
                return None
        return (204, None) if content is None else (200, content)

    def _do(self, request: str, match: re.Match[str], sent: dict[str, Any]) -> Any:
        catalog = self.catalog
        identifier = (match["namespace"] or "", match["table"] or "")
        match request:
            case "config":
                return {"defaults": {}, "overrides": {}}
            case "namespace":
                return {
                    "namespace": [match["namespace"]],
                    "properties": catalog.load_namespace_properties(identifier[:1]),
                }
            case "create_namespace":
                catalog.create_namespace(tuple(sent["namespace"]))
                return {"namespace": sent["namespace"], "properties": {}}
            case "create":
                spec = PartitionSpec.model_validate(sent["partition-spec"])
                table = catalog.create_table(
                    (match["namespace"], sent["name"]),
                    Schema.model_validate(sent["schema"]),
                    partition_spec=spec,
                    properties=sent.get("properties") or {},
                )
                return _described(table)
            case "load":
                return _described(catalog.load_table(identifier))
            case "drop":
                return catalog.drop_table(identifier)
            case "commit":
                self.before_commit()
                asked = CommitTableRequest.model_validate(sent)
                done = catalog.commit_table(catalog.load_table(identifier), asked.requirements, asked.updates)
                return {
                    "metadata-location": done.metadata_location,
                    "metadata": json.loads(done.metadata.model_dump_json()),
                }
        raise AssertionError(request)


def _request(method: str, match: re.Match[str]) -> str:
    if match["kind"] == "config":
        return "config"
    if match["table"]:
        return {"GET": "load", "HEAD": "load", "POST": "commit", "DELETE": "drop"}[method]
    if match["tables"]:
        return "create"
    return "create_namespace" if method == "POST" else "namespace"


def _described(table: Table) -> dict[str, Any]:
    return {
        "metadata-location": table.metadata_location,
        "metadata": json.loads(table.metadata.model_dump_json()),
        "config": {},
    }


def _error(status: int, kind: str, message: str) -> tuple[int, Any]:
    return status, {"error": {"message": message, "type": kind, "code": status}}

"""BigQuery inside the tests: the emulator in this process, and a server that writes down what it is asked.

The emulator (bqemulator: DuckDB behind the REST API) does tables, loads, scripts and queries. What it cannot do is
checked as the request that the client sends: `Recorder` answers every request with what the test prescribes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlparse

PROJECT, DATASET = "demo-project", "meters"


@contextmanager
def _logging_as_it_was() -> Iterator[None]:
    """The emulator sets logging up for a process of its own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    disabled = {name: logging.getLogger(name).disabled for name in list(root.manager.loggerDict)}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, was in disabled.items():
            logging.getLogger(name).disabled = was


@contextmanager
def emulator(bucket_root: Path) -> Iterator[str]:
    """Its URL; ``gs://bucket/name`` is the file ``bucket_root/bucket/name``."""
    from bqemulator.config import LogLevel, Settings
    from bqemulator.jobs import executor as jobs
    from bqemulator.server import EmulatorServer
    from bqemulator.storage.engine import DuckDBEngine

    engine: Any = DuckDBEngine
    executor: Any = jobs
    engine._load_spatial = lambda self: None  # it would download the extension
    executor._maybe_create_load_destination = _with_own_schema(executor._maybe_create_load_destination)
    settings = Settings(
        rest_port=0,
        grpc_port=0,
        default_project_id=PROJECT,
        enable_format_extensions=False,
        gcs_local_root=bucket_root,
        upload_staging_dir=bucket_root / "uploads",
        log_level=LogLevel.CRITICAL,
    )
    with _logging_as_it_was():
        yield from _running(EmulatorServer(settings))


def _with_own_schema(create: Callable[..., None]) -> Callable[..., None]:
    """As *create*, but a table that a load of Parquet creates has the columns of the files: the service knows them."""
    if hasattr(create, "of_parquet"):
        return create
    from bqemulator.jobs.executor import _resolve_uri
    from bqemulator.storage.type_map import duckdb_type_to_bq_field

    def with_own_schema(*, load_config: dict[str, Any], ctx: Any, **others: Any) -> None:
        if load_config.get("sourceFormat") == "PARQUET" and not load_config.get("schema"):
            path = _resolve_uri(load_config["sourceUris"][0], ctx)
            described = ctx.engine.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
            fields = [duckdb_type_to_bq_field(name, kind) for name, kind, *_ in described]
            load_config = {**load_config, "schema": {"fields": fields}}
        create(load_config=load_config, ctx=ctx, **others)

    wrapped: Any = with_own_schema
    wrapped.of_parquet = True
    return with_own_schema


def _running(server: Any) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="bigquery")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(60)
        yield server.rest_url
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass
class Recorded:
    """One request."""

    method: str
    path: str
    body: dict[str, Any]


Answer = tuple[int, dict[str, Any]]


@dataclass
class Recorder:
    """A server that keeps requests, and answers as *answer* says, or else as if everything had gone well."""

    answer: Callable[[Recorded], Answer | None] = lambda request: None
    requests: list[Recorded] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def sent(self, method: str, end_of_path: str) -> list[dict[str, Any]]:
        """The bodies of the requests of *method* whose path ends so."""
        return [each.body for each in self.requests if each.method == method and each.path.endswith(end_of_path)]

    @property
    def queries(self) -> list[dict[str, Any]]:
        """The query configurations of all jobs."""
        jobs = self.sent("POST", "/jobs")
        return [job["configuration"]["query"] for job in jobs if "query" in job["configuration"]]

    def _handle(self, request: Recorded) -> Answer:
        self.requests.append(request)
        prescribed = self.answer(request)
        if prescribed is not None:
            return prescribed
        if request.method == "GET" and request.path.endswith(f"/datasets/{DATASET}"):
            reference = {"projectId": PROJECT, "datasetId": DATASET}
            return 200, {"datasetReference": reference, "location": "EU"}
        if request.method == "POST" and request.path.endswith("/jobs"):
            return 200, {**request.body, "status": {"state": "DONE"}, "statistics": {}}
        if request.method == "GET" and "/queries/" in request.path:
            return 200, {"jobComplete": True, "jobReference": {}, "schema": {"fields": []}, "totalRows": "0"}
        if request.method == "POST":
            return 200, request.body
        return 200, {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Recorded(self.command, urlparse(self.path).path, json.loads(content) if content else {})
                status, document = recorder._handle(request)
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = _answer

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        return Handler


def refusal(status: int, reason: str, message: str) -> Answer:
    """An error as the service writes it."""
    return status, {
        "error": {
            "code": status,
            "message": message,
            "errors": [{"reason": reason, "message": message}],
            "status": reason,
        }
    }

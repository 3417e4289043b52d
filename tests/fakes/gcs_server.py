"""A Cloud Storage inside the tests: the JSON API over real HTTP, with faults on the server's side.

It stands for what https://cloud.google.com/storage/docs/json_api documents of

* objects: multipart upload, resumable upload (begin, chunks, status, end), metadata, media with `Range`, delete,
  list with `prefix`, `maxResults`, `pageToken` and `fields` that begin with ``items(…)``; buckets: get;
* `ifGenerationMatch`, with 412; that of a resumable upload is judged when the upload ends, as the service does it;
* CRC32C and MD5 in the metadata or in `X-Goog-Hash`, with 400 when the content has others;
* resumable uploads: bytes are kept in multiples of 256 KiB; those that are kept already are ignored when they come
  again; an upload that has ended answers with its object; one that was refused at its end is gone (410);
* decompressive transcoding of objects whose metadata have `contentEncoding: gzip`.

It does not stand for: access control, other preconditions (501), object versions, ACLs, compose, rewrite, patch,
other `fields` (ignored), `delimiter`, customers' keys, chunked transfer encoding, the XML API, TLS.

    python -m tests.fakes.gcs_server --port-file F --bucket lake [--discard] [--bytes-per-s N]

serves until SIGTERM; the file F appears, with the port in it, as soon as the server answers.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fakes.gcs_api import ApiHandler, Request
from tests.fakes.gcs_faults import Fault, FaultPlan
from tests.fakes.gcs_objects import Buckets, Refusal, Stored, Upload


class GcsServer:
    """The server; it serves inside a ``with`` block. *page_size* bounds the pages of a list.

    *discard*: keep the size and CRC32C of objects, not their content. *bytes_per_s*: of the link that uploads come by.
    """

    def __init__(
        self, buckets: Sequence[str], *, page_size: int = 1000, discard: bool = False, bytes_per_s: float | None = None
    ) -> None:
        self.requests: list[Request] = []
        self.page_size = page_size
        self.discard = discard
        self.buckets = Buckets(buckets)
        self.uploads: dict[str, Upload | Refusal] = {}  # resumable ones; or why they are gone
        self.closing = threading.Event()
        self.link = _Link(bytes_per_s)
        self._faults = FaultPlan()
        self._http = _HttpServer(("127.0.0.1", 0), partial(ApiHandler, self))
        self.port = int(self._http.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._http.failures and error is None:
            raise self._http.failures[0]

    def close(self) -> None:
        """Leave the network: connections are cut, new ones are refused."""
        if not self.closing.is_set():
            self.closing.set()
            self._http.shutdown()
            self._http.server_close()

    def add_fault(self, fault: Fault, kind: str, name: str = "", times: int | None = 1, *, after: int = 0) -> None:
        """From now on *fault* befalls requests of *kind* whose names hold *name*; *times* None: all of them.

        *kind* may be the beginning of kinds: ``upload`` stands for all parts of uploads, an empty one for all requests.
        *after*: so many of these pass before the first is befallen.
        """
        self._faults.add(fault, kind, name, times, after)

    def enter(self, request: Request) -> Fault | None:
        """Remember a request that has come; what befalls it."""
        self.requests.append(request)
        return self._faults.take(request.kind, request.name)

    def count(self, kind: str, name: str = "") -> int:
        """How many requests of *kind*, or of kinds that begin so, there were for names that hold *name*."""
        return sum(request.kind.startswith(kind) and name in request.name for request in list(self.requests))

    def objects(self, bucket: str) -> dict[str, Stored]:
        """What lies in a bucket, ordered by name."""
        return self.buckets.objects(bucket)

    def put(self, bucket: str, name: str, content: bytes) -> None:
        """Lay an object into a bucket, as somebody else would."""
        upload = Upload(bucket, name, {}, if_generation=None, discard=self.discard)
        upload.write(0, content)
        self.buckets.store(upload)


class _Link:
    """A network link that all connections share."""

    def __init__(self, bytes_per_s: float | None) -> None:
        self._bytes_per_s = bytes_per_s
        self._free_at_s = 0.0
        self._lock = threading.Lock()

    def carry(self, size: int) -> None:
        """Come back when the link has carried that many bytes."""
        if self._bytes_per_s is None:
            return
        with self._lock:
            now_s = time.monotonic()
            self._free_at_s = max(self._free_at_s, now_s) + size / self._bytes_per_s
            wait_s = self._free_at_s - now_s
        time.sleep(wait_s)


class _HttpServer(ThreadingHTTPServer):
    """A thread for each connection; `server_close` cuts them. Errors that are not the client's are kept."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        self.failures: list[BaseException] = []
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.failures.append(error)


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description="A Cloud Storage on 127.0.0.1 that forgets everything when it ends.")
    parser.add_argument("--port-file", type=Path, required=True, help="gets the port as soon as the server answers")
    parser.add_argument("--bucket", action="append", required=True)
    parser.add_argument("--discard", action="store_true", help="keep sizes and checksums, not contents")
    parser.add_argument("--bytes-per-s", type=float, help="of the link that uploads come by")
    options = parser.parse_args()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with GcsServer(options.bucket, discard=options.discard, bytes_per_s=options.bytes_per_s) as server:
        unfinished = options.port_file.with_name(options.port_file.name + ".part")
        unfinished.write_text(str(server.port))
        unfinished.replace(options.port_file)
        ended.wait()


if __name__ == "__main__":
    main()

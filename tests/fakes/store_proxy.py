"""A proxy on loopback between a client and a store's real server: what befalls requests befalls them here.

It knows the kinds of requests of any store: ``read``, ``write``, ``list``, ``delete``, and ``bucket``: Google's client
asks for the bucket itself, for its traces, from a thread of its own and so at any moment. Faults are those of
`tests.fakes.gcs_faults`.
"""

from __future__ import annotations

import http.client
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from tests.fakes.gcs_faults import Answer, Corrupt, CutShort, Fault, FaultPlan, LoseAnswer, Reset, Stall, WrongChecksum

_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}
_FILE_BYTES = 10_000  # content of less is no file's: a damaged request is another story
_CHECKSUMS = ("etag", "content-md5", "x-goog-hash")


def kind_of(method: str, target: str) -> str:
    """What a request of S3, Azure or Cloud Storage asks for."""
    path, _, query = target.partition("?")
    if method == "DELETE" or (method == "POST" and re.search(r"(^|&)delete\b|comp=batch", query)):
        return "delete"
    if method in ("PUT", "POST"):
        return "write"
    if re.fullmatch(r"/storage/v1/b/[^/]+", path):
        return "bucket"
    return "list" if re.search(r"list-type=|comp=list(&|$)", query) or path.endswith("/o") else "read"


class StoreProxy:
    """The proxy of the server at *port*; it serves inside a ``with`` block."""

    def __init__(self, port: int) -> None:
        self.requests: list[tuple[str, str]] = []  # kind and address of each
        self._faults = FaultPlan()
        self._http = _Server(("127.0.0.1", 0), partial(_Handler, self, port))
        self._closing = threading.Event()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()

    def add_fault(self, fault: Fault, kind: str, name: str = "", times: int | None = 1, *, after: int = 0) -> None:
        """From now on *fault* befalls requests of *kind* whose addresses hold *name*; *times* None: all of them."""
        self._faults.add(fault, kind, name, times, after)

    def count(self, kind: str, name: str = "") -> int:
        """How many requests of *kind* there were whose addresses hold *name*."""
        return sum(each[0] == kind and name in each[1] for each in list(self.requests))

    def enter(self, kind: str, target: str) -> Fault | None:
        """Remember a request that has come; what befalls it."""
        self.requests.append((kind, target))
        return self._faults.take(kind, target)

    def wait(self, seconds: float) -> None:
        """Do nothing for a while, or until the proxy ends."""
        self._closing.wait(seconds)


class _Server(ThreadingHTTPServer):
    """A thread for each connection; whoever leaves early is no error."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # which holds the body of an answer back for 40 ms

    def __init__(self, proxy: StoreProxy, port: int, *arguments: Any) -> None:
        self._proxy = proxy
        self._port = port
        super().__init__(*arguments)

    def log_message(self, *words: object) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        fault = self._proxy.enter(kind_of(self.command, self.path), unquote(self.path))
        if isinstance(fault, Reset):
            self.rfile.read(min(fault.after_bytes, int(self.headers.get("Content-Length") or 0)))
            return self._reset()
        body = self._body()
        if isinstance(fault, Answer):
            return self._send(fault.status, {"Content-Type": "application/xml"}, _error(fault))
        if isinstance(fault, Stall) and not fault.late:
            self._proxy.wait(fault.seconds)
            return self._reset()
        if isinstance(fault, Corrupt) and len(body) > _FILE_BYTES:
            body = _damaged(body)
        status, headers, content = self._forward(body)
        if isinstance(fault, LoseAnswer):
            return self._reset()
        if isinstance(fault, Stall):
            self._proxy.wait(fault.seconds)
            return self._reset()
        if isinstance(fault, WrongChecksum):
            headers = {name: _other(value) if name.lower() in _CHECKSUMS else value for name, value in headers.items()}
        if isinstance(fault, Corrupt) and self.command == "GET":
            content = _damaged(content)
        self._send(status, headers, content, cut=isinstance(fault, CutShort))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
            if "Location" in kept:  # of an upload's session: it leads through the proxy, too
                kept["Location"] = kept["Location"].replace(f"http://127.0.0.1:{self._port}", self._proxy.url)
            if self.command == "HEAD":
                kept["Content-Length"] = answer.headers.get("Content-Length") or "0"
            return answer.status, kept, content
        finally:
            connection.close()

    def _send(self, status: int, headers: dict[str, str], content: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self._reset()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def _error(answer: Answer) -> bytes:
    code = answer.reason or {429: "TooManyRequests", 503: "SlowDown", 403: "AccessDenied"}.get(answer.status, "Error")
    words = answer.message or "as the test says"
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{words}</Message></Error>".encode()


def _damaged(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :] if content else content


def _other(checksum: str) -> str:
    """Another checksum of the same form."""
    return re.sub(r"[0-9a-fA-F]", lambda match: "1" if match[0] == "0" else "0", checksum, count=1)


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes], seconds: float = 30.0) -> None:
    """Come back when the server that *process* runs takes connections at *port*."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                raise
            time.sleep(0.02)


def free_port() -> int:
    """A port of this machine that nobody has at this moment."""
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])

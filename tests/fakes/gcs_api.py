"""The JSON API of a Cloud Storage of the tests: what one connection to `tests.fakes.gcs_server.GcsServer` does.

The first methods understand a request and read its body; then one method for each kind of request; then the answers.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
import struct
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from tests.fakes.gcs_faults import Answer, Corrupt, Fault, KeepPart, LoseAnswer, Reset, Stall, WrongChecksum
from tests.fakes.gcs_objects import Refusal, Stored, Upload, in_base64

if TYPE_CHECKING:
    from tests.fakes.gcs_server import GcsServer

QUANTUM = 256 << 10  # resumable uploads keep whole multiples of this
_PATH = re.compile(r"(?:/(?P<service>upload|download))?/storage/v1/b/(?P<bucket>[^/]+)(?P<list>/o)?(?:/(?P<name>.+))?")


@dataclass(frozen=True)
class Request:
    """A request that reached the server."""

    kind: str  # upload-multipart, upload-begin, upload-chunk, upload-status, get, media, list, delete or bucket-get
    method: str
    path: str
    bucket: str
    name: str  # of the object; the prefix of a list
    query: dict[str, str]
    size: int  # of the body, bytes


class _HangUp(Exception):
    """The connection is to be reset, or the client has left it."""


class ApiHandler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, gcs: GcsServer, *arguments: Any) -> None:
        self._gcs = gcs
        super().__init__(*arguments)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        """Understand the request, let its fault befall it, do it, answer."""
        self._unread = int(self.headers.get("Content-Length") or 0)
        self._metadata: dict[str, str] = {}
        self._fault: Fault | None = None
        try:
            try:
                self._request = self._understand()
                self._fault = fault = self._gcs.enter(self._request)
                if isinstance(fault, Stall) and not fault.late:
                    self._gcs.closing.wait(fault.seconds)
                if isinstance(fault, Answer):
                    raise Refusal(fault.status, fault.message, fault.reason)
                getattr(self, "_" + self._request.kind.replace("-", "_"))()
            except Refusal as refusal:
                for _ in self._content():
                    pass
                self._answer_json(refusal.to_json(), refusal.status)
        except _HangUp:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by RST
            self.connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def _understand(self) -> Request:
        """What is asked for. Of a body, this reads the metadata that come before an upload's content."""
        if self._gcs.closing.is_set():
            raise _HangUp
        url, size = urlsplit(self.path), self._unread
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        match = _PATH.fullmatch(url.path)
        other = "Transfer-Encoding" in self.headers or any(re.match("if(?!GenerationMatch)", key) for key in query)
        if match is None or other:
            raise Refusal(501)
        bucket, name = unquote(match["bucket"]), unquote(match["name"] or "")
        kind = self._kind(match, query)
        if kind in ("upload-multipart", "upload-begin"):
            self._metadata = (
                self._read_head() if kind == "upload-multipart" else json.loads(self._read(self._unread) or b"{}")
            )
            name = query.get("name") or self._metadata.get("name", "")
        elif match["service"] == "upload":
            name = self._session(query).name
        elif kind == "list":
            name = query.get("prefix", "")
        return Request(kind, self.command, self.path, bucket, name, query, size)

    def _kind(self, path: re.Match[str], query: dict[str, str]) -> str:
        of_status = self.headers.get("Content-Range", "").startswith("bytes */")
        match self.command, path["service"], query.get("uploadType"):
            case "POST", "upload", "multipart":
                return "upload-multipart"
            case "POST", "upload", "resumable":
                return "upload-begin"
            case "PUT", "upload", _:
                return "upload-status" if of_status else "upload-chunk"
            case "GET", _, _ if path["name"]:
                return "media" if query.get("alt") == "media" else "get"
            case "GET", None, _:
                return "list" if path["list"] else "bucket-get"
            case "DELETE", None, _ if path["name"]:
                return "delete"
        raise Refusal(501)

    def _read(self, size: int) -> bytes:
        data = self.rfile.read(size)
        self._unread -= len(data)
        if len(data) < size:
            raise _HangUp
        return data

    def _content(self) -> Iterator[bytes]:
        """What is left of the body, in blocks as they come over the link."""
        reset_after = self._fault.after_bytes if isinstance(self._fault, Reset) else self._unread + 1
        flip = isinstance(self._fault, Corrupt)
        while self._unread and reset_after:
            block = self._read(min(self._unread, QUANTUM, reset_after))
            self._gcs.link.carry(len(block))
            reset_after -= len(block)
            yield _flip_a_bit(block) if flip else block
            flip = False
        if not reset_after:
            raise _HangUp

    def _read_head(self) -> dict[str, str]:
        """The first part of a multipart/related body, and the head of the second: what follows is content."""
        boundary = b"--" + (self.headers.get_boundary() or "").encode()

        def read_line() -> bytes:
            line = self.rfile.readline(1 << 20)
            self._unread -= len(line)
            if not line or self._unread < 0:
                raise _HangUp
            return line

        text, kind = b"", ""
        for _ in range(2):
            while not (line := read_line()).startswith(boundary):
                text += line
            while (line := read_line()).strip():
                key, _, value = line.decode().partition(":")
                kind = value.strip() if key.lower() == "content-type" else kind
        metadata: dict[str, str] = json.loads(text)
        return {"contentType": kind, **metadata} if kind else metadata

    def _upload_multipart(self) -> None:
        boundary = (self.headers.get_boundary() or "").encode()
        content, end, _ = b"".join(self._content()).rpartition(b"\r\n--" + boundary + b"--")
        if not end:
            raise Refusal(400, "Malformed multipart body.")
        upload = self._begin()
        upload.write(0, content)
        self._answer_object(self._end(upload))

    def _upload_begin(self) -> None:
        self._metadata.setdefault("contentType", self.headers.get("X-Upload-Content-Type", "application/octet-stream"))
        upload_id = uuid.uuid4().hex
        self._gcs.uploads[upload_id] = self._begin()
        place = f"{self._gcs.url}/upload/storage/v1/b/{quote(self._request.bucket)}/o?uploadType=resumable"
        self._answer(200, headers={"Location": f"{place}&upload_id={upload_id}", "X-GUploader-UploadID": upload_id})

    def _upload_chunk(self) -> None:
        upload = self._session(self._request.query)
        text = self.headers.get("Content-Range") or f"bytes 0-{self._unread - 1}/{self._unread}"
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", text)
        if match is None or int(match[2]) + 1 - int(match[1]) != self._unread:
            raise Refusal(400, f"Invalid Content-Range: {text}")
        begin, total = int(match[1]), match[3]
        end = begin + self._fault.size if isinstance(self._fault, KeepPart) else sys.maxsize
        for block in self._content():
            kept = len(block) == QUANTUM or str(begin + len(block)) == total
            if kept and begin + len(block) <= end:
                upload.write(begin, block)
            begin += len(block)
        self._answer_progress(upload, total)

    def _upload_status(self) -> None:
        self._answer_progress(self._session(self._request.query), self.headers["Content-Range"].rpartition("/")[2])

    def _begin(self) -> Upload:
        bucket, name = self._request.bucket, self._request.name
        if not name:
            raise Refusal(400, "Required object name is missing.", "required")
        self._gcs.objects(bucket)  # there is such a bucket
        if_generation = self._request.query.get("ifGenerationMatch")
        return Upload(bucket, name, self._metadata, if_generation=if_generation, discard=self._gcs.discard)

    def _session(self, query: dict[str, str]) -> Upload:
        upload = self._gcs.uploads.get(query.get("upload_id", ""), Refusal(404, "No such upload session."))
        if isinstance(upload, Refusal):
            raise upload
        return upload

    def _end(self, upload: Upload) -> Stored:
        """The object, made of the upload unless an earlier request has made it."""
        hashes, unchecked = self.headers.get("X-Goog-Hash", ""), self._fault == Corrupt(unnoticed=True)
        with upload.lock:
            upload.ended = upload.ended or self._gcs.buckets.store(upload, hashes, unchecked=unchecked)
            return upload.ended

    def _answer_progress(self, upload: Upload, total: str) -> None:
        if upload.ended is None and str(upload.size) != total:
            return self._answer(308, headers={"Range": f"bytes=0-{upload.size - 1}"} if upload.size else {})
        try:
            stored = self._end(upload)
        except Refusal:
            self._gcs.uploads[self._request.query["upload_id"]] = Refusal(410)
            raise
        return self._answer_object(stored)

    def _find(self) -> Stored:
        query = self._request.query
        bucket, name = self._request.bucket, self._request.name
        return self._gcs.buckets.find(bucket, name, query.get("generation"), query.get("ifGenerationMatch"))

    def _get(self) -> None:
        self._answer_object(self._find())

    def _media(self) -> None:
        found = self._find()
        content, status = found.content, 200
        headers = {"Content-Type": found.content_type, "X-Goog-Generation": str(found.generation)}
        headers["X-Goog-Hash"] = f"crc32c={self._told_crc32c(found)}" + (f",md5={found.md5}" if found.md5 else "")
        if found.content_encoding == "gzip":
            if "gzip" not in self.headers.get("Accept-Encoding", ""):
                return self._answer(status, gzip.decompress(content), headers)
            headers["Content-Encoding"] = "gzip"
        if wanted := re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", "")):
            begin = int(wanted[1]) if wanted[1] else max(found.size - int(wanted[2]), 0)
            end = min(int(wanted[2]) + 1, found.size) if wanted[1] and wanted[2] else found.size
            if begin >= end:
                raise Refusal(416)
            content, status = content[begin:end], 206
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{found.size}"
        return self._answer(status, _flip_a_bit(content) if isinstance(self._fault, Corrupt) else content, headers)

    def _delete(self) -> None:
        query = self._request.query
        self._gcs.buckets.delete(
            self._request.bucket, self._request.name, query.get("generation"), query.get("ifGenerationMatch")
        )
        self._answer(204)

    def _list(self) -> None:
        query, prefix = self._request.query, self._request.name
        after = base64.b64decode(query.get("pageToken", "")).decode()
        size = min(int(query.get("maxResults", self._gcs.page_size)), self._gcs.page_size)
        objects = self._gcs.objects(self._request.bucket)
        names = [name for name in objects if name.startswith(prefix) and name > after]
        page: dict[str, object] = {"kind": "storage#objects"}
        if names:
            resources = [self._resource(name, objects[name]) for name in names[:size]]
            wanted = re.match(r"items\(([^)]*)\)", query.get("fields", ""))
            kept = wanted[1].split(",") if wanted else [*resources[0], "md5Hash"]
            page["items"] = [{key: each[key] for key in kept if key in each} for each in resources]
        if len(names) > size:
            page["nextPageToken"] = base64.b64encode(names[size - 1].encode()).decode()
        self._answer_json(page)

    def _bucket_get(self) -> None:
        bucket = self._request.bucket
        self._gcs.objects(bucket)  # there is such a bucket
        self._answer_json({"kind": "storage#bucket", "id": bucket, "name": bucket, "location": "EU"})

    def _told_crc32c(self, stored: Stored) -> str:
        return in_base64(stored.crc32c ^ isinstance(self._fault, WrongChecksum))

    def _resource(self, name: str, stored: Stored) -> dict[str, object]:
        bucket = self._request.bucket
        path = f"storage/v1/b/{quote(bucket)}/o/{quote(name, safe='')}"
        resource: dict[str, object] = {
            "kind": "storage#object",
            "id": f"{bucket}/{name}/{stored.generation}",
            "selfLink": f"{self._gcs.url}/{path}",
            "mediaLink": f"{self._gcs.url}/download/{path}?generation={stored.generation}&alt=media",
            "name": name,
            "bucket": bucket,
            "generation": str(stored.generation),
            "metageneration": "1",
            "contentType": stored.content_type,
            "storageClass": "STANDARD",
            "size": str(stored.size),
            "crc32c": self._told_crc32c(stored),
        }
        if stored.content_encoding:
            resource["contentEncoding"] = stored.content_encoding
        return {**resource, "md5Hash": stored.md5} if stored.md5 else resource

    def _answer_object(self, stored: Stored) -> None:
        self._answer_json(self._resource(self._request.name, stored))

    def _answer_json(self, document: dict[str, object], status: int = 200) -> None:
        pretty = "prettyPrint=false" not in self.path  # else on several lines, as the service writes it
        text = json.dumps(document, indent=2 if pretty else None).encode()
        self._answer(status, text, {"Content-Type": "application/json; charset=UTF-8"})

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        if isinstance(self._fault, Stall) and self._fault.late:
            self._gcs.closing.wait(self._fault.seconds)
        if isinstance(self._fault, LoseAnswer | Reset):
            raise _HangUp
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _flip_a_bit(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:] if content else content

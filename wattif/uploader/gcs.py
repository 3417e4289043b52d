"""A lake in Google Cloud Storage; the only module that imports google.cloud.storage."""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage import Blob, Client, transfer_manager
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from wattif.errors import LakeError
from wattif.uploader.store import (
    CHUNK_BYTES,
    Conflict,
    Refused,
    SealedFile,
    StoredObject,
    Unavailable,
    content_type_of,
)

_log = logging.getLogger("wattif.uploader")
_Result = TypeVar("_Result")
_TIMEOUT_S = (60, 60)  # to connect, and to send a request's body; of silence
_CLIENT_RETRY_S = 60.0
_RETRYABLE_STATUS = frozenset({408, 429, 500, 502, 503, 504})


def encode_crc32c(checksum: int) -> str:
    """A CRC32C as the JSON API writes it: four bytes, big-endian, in base64."""
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()


def _decode_crc32c(text: str | None) -> int:
    return int.from_bytes(base64.b64decode(text), "big") if text else -1


class GcsStore:
    """Objects of a bucket below a prefix; files go through the Transfer Manager with threads."""

    def __init__(
        self, bucket: str, prefix: str, *, threads: int, overwrite: bool = False, retry_s: float = _CLIENT_RETRY_S
    ) -> None:
        """Connect. *retry_s*: how long the client itself tries again. `LakeError` when there are no credentials."""
        try:
            self._client = Client(project=None)  # objects belong to a bucket, no request names a project
        except auth.DefaultCredentialsError as error:
            key = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
            found = f"the credentials in {key} cannot be used ({_first_line(error)})" if key else "no credentials"
            raise Refused(
                f"gs://{bucket}: {found} for Google Cloud; run 'gcloud auth application-default login' or point"
                " GOOGLE_APPLICATION_CREDENTIALS to a key file, or leave out --bucket for a lake on this machine"
            ) from None
        self._bucket = self._client.bucket(bucket)
        self._prefix = f"{prefix}/" if prefix else ""
        self._threads = threads
        self._overwrite = overwrite
        self._retry = DEFAULT_RETRY.with_timeout(retry_s)
        self._replace: set[str] = set()  # objects that this run wrote and the server got wrong
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=max(2 * threads, 10))
        self._client._http.mount("https://", adapter)
        self._client._http.mount("http://", adapter)

    @property
    def place(self) -> str:
        """``gs://bucket/prefix``."""
        return f"gs://{self._bucket.name}/{self._prefix}".rstrip("/")

    def _blob(self, name: str) -> Blob:
        return self._bucket.blob(self._prefix + name)

    def put_files(self, files: Sequence[SealedFile]) -> list[StoredObject | LakeError]:
        """Upload files; the server checks each against the CRC32C that was computed when it was produced."""
        fresh = [file for file in files if not self._overwrite and file.name not in self._replace]
        again = [file for file in files if self._overwrite or file.name in self._replace]
        results = {**self._upload(fresh, 0), **self._upload(again, None)}
        return [results[file.name] for file in files]

    def _upload(
        self, files: Sequence[SealedFile], if_generation_match: int | None
    ) -> dict[str, StoredObject | LakeError]:
        blobs = [self._blob(file.name) for file in files]
        for blob, file in zip(blobs, files, strict=True):
            blob.crc32c = encode_crc32c(file.crc32c)  # the server refuses other bytes
            blob.content_type = file.content_type
            blob.chunk_size = CHUNK_BYTES
        outcomes = transfer_manager.upload_many(
            [(str(file.path), blob) for file, blob in zip(files, blobs, strict=True)],
            upload_kwargs={
                "if_generation_match": if_generation_match,
                "checksum": None,
                "timeout": _TIMEOUT_S,
                "retry": self._retry,
            },
            worker_type=transfer_manager.THREAD,
            max_workers=self._threads,
        )
        return {
            file.name: self._judge(file, blob, outcome)
            for file, blob, outcome in zip(files, blobs, outcomes, strict=True)
        }

    def _judge(self, file: SealedFile, blob: Blob, outcome: BaseException | None) -> StoredObject | LakeError:
        """What became of one file. 412 means only that an object of its name exists: it is looked at."""
        if isinstance(outcome, api.PreconditionFailed):
            try:
                there = self._calling(file.name, lambda: self._look_at(blob))
            except LakeError as error:
                return error
            if not there:
                return Unavailable(f"{self.place}/{file.name}: an object was in the way and is gone again")
            found = self._stored(file.name, blob)
            if found.matches(file):
                return found
            return Conflict(
                f"{self.place}/{file.name} holds other bytes than this dataset's; remove it, or run with --overwrite"
            )
        if outcome is not None:
            return self._explain(outcome, file.name)
        stored = self._stored(file.name, blob)
        if not stored.matches(file):
            self._replace.add(file.name)
        return stored

    def _look_at(self, blob: Blob) -> bool:
        try:
            blob.reload(timeout=_TIMEOUT_S, retry=self._retry)
        except api.NotFound:
            return False
        return True

    def _stored(self, name: str, blob: Blob) -> StoredObject:
        return StoredObject(name, int(blob.size or 0), _decode_crc32c(blob.crc32c))

    def put_bytes(self, name: str, content: bytes) -> None:
        """Write a small object, replacing one of that name."""
        blob = self._blob(name)
        self._calling(
            name,
            lambda: blob.upload_from_string(content, content_type_of(name), timeout=_TIMEOUT_S, retry=self._retry),
        )

    def create_bytes(self, name: str, content: bytes) -> bool:
        """Write a small object unless one of that name exists; whether it was written."""
        blob = self._blob(name)

        def create() -> bool:
            try:
                blob.upload_from_string(
                    content, content_type_of(name), if_generation_match=0, timeout=_TIMEOUT_S, retry=self._retry
                )
            except api.PreconditionFailed:
                return False
            return True

        return self._calling(name, create)

    def get_bytes(self, name: str) -> bytes | None:
        """The content of a small object; None when there is none. `LakeError` when there is no bucket."""
        blob = self._blob(name)

        def get() -> bytes | None:
            try:
                return bytes(blob.download_as_bytes(timeout=_TIMEOUT_S, retry=self._retry))
            except api.NotFound:
                # raises NotFound again when it is the bucket that is missing
                next(
                    iter(self._client.list_blobs(self._bucket, max_results=1, timeout=_TIMEOUT_S, retry=self._retry)),
                    None,
                )
                return None

        return self._calling(name, get)

    def fetch(self, name: str, folder: Path) -> Path:
        """A copy in *folder*; the client compares its checksum. `LakeError` when there is no such object."""
        blob, path = self._blob(name), folder / name.replace("/", "_")

        def fetch() -> None:
            try:
                blob.download_to_filename(str(path), timeout=_TIMEOUT_S, retry=self._retry)
            except api.NotFound:
                raise Refused(
                    f"{self.place}/{name} is committed, but not there; bring it back, or generate its day again"
                ) from None

        self._calling(name, fetch)
        return path

    def list(self, prefix: str) -> Iterator[str]:
        """Names of all objects that begin with *prefix*."""
        for blob in self._blobs(prefix, "name"):
            yield blob.name.removeprefix(self._prefix)

    def list_objects(self, prefix: str, *, checksums: bool = True) -> Iterator[StoredObject]:
        """All objects that begin with *prefix*, by name; the service knows every checksum."""
        for blob in self._blobs(prefix, "name,size,crc32c"):
            yield self._stored(blob.name.removeprefix(self._prefix), blob)

    def _blobs(self, prefix: str, fields: str) -> Iterator[Blob]:
        pages = self._calling(
            prefix,
            lambda: self._client.list_blobs(
                self._bucket,
                prefix=self._prefix + prefix,
                fields=f"items({fields}),nextPageToken",
                timeout=_TIMEOUT_S,
                retry=self._retry,
            ),
        )
        objects = iter(pages)
        while (blob := self._calling(prefix, lambda: next(objects, None))) is not None:
            yield blob

    def open_object(self, name: str) -> BinaryIO | None:
        """The content of an object, fetched at once and checked against its checksum; None when there is none."""
        content = self.get_bytes(name)
        return None if content is None else io.BytesIO(content)

    def delete(self, names: Sequence[str]) -> None:
        """Remove objects; those that are not there do not matter."""
        for name in names:
            blob = self._blob(name)

            def delete(blob: Blob = blob) -> None:
                try:
                    blob.delete(timeout=_TIMEOUT_S, retry=self._retry)
                except api.NotFound:
                    _log.debug("%s was gone already", blob.name)

            self._calling(name, delete)

    def _calling(self, name: str, call: Callable[[], _Result]) -> _Result:
        try:
            return call()
        except (api.GoogleAPIError, InvalidResponse, DataCorruption, auth.GoogleAuthError, OSError) as error:
            raise self._explain(error, name) from error

    def _explain(self, error: BaseException, name: str) -> LakeError:
        """What the client's exception means to the user, and whether trying again may help."""
        thing = f"{self.place}/{name}"
        cause = error.cause if isinstance(error, api.RetryError) and error.cause is not None else error
        if isinstance(cause, DataCorruption):
            return Unavailable(f"{thing}: other bytes arrived than the server sent")
        answer = _Answer.of(cause)
        if isinstance(cause, OSError) and cause.filename:
            return Refused(f"{cause.filename}: {cause.strerror}; mend it, then run the same command again")
        if isinstance(cause, auth.RefreshError):
            return Refused(
                f"{thing}: the credentials are not valid any more ({_first_line(cause)});"
                " run 'gcloud auth application-default login'"
            )
        if answer.may_pass or isinstance(cause, api.RetryError):
            return Unavailable(f"{thing}: {answer.status or 'no answer'}: {answer.words}")
        if answer.status == 404:
            return Refused(
                f"gs://{self._bucket.name}: there is no such bucket (404); create it with"
                f" 'gcloud storage buckets create gs://{self._bucket.name}', or correct --bucket"
            )
        if answer.status in (401, 403):
            return Refused(
                f"{thing}: access denied ({answer.status}); this account needs roles/storage.objectUser"
                f" on gs://{self._bucket.name}: {answer.words}"
            )
        if isinstance(cause, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
            return Refused(f"{thing}: {answer.words}; correct STORAGE_EMULATOR_HOST, such as http://127.0.0.1:9023")
        if answer.status is None and isinstance(cause, auth.TransportError | requests.RequestException | OSError):
            return Unavailable(f"{thing}: the network does not answer: {answer.words}")
        return Refused(f"{thing}: {answer.status or type(cause).__name__}: {answer.words}")


@dataclass(frozen=True)
class _Answer:
    """What the server said in an exception of the client's; without a status when it said nothing."""

    status: int | None
    words: str
    may_pass: bool  # the same request may succeed later

    @classmethod
    def of(cls, cause: BaseException) -> _Answer:
        response = getattr(cause, "response", None)
        if not isinstance(response, requests.Response):
            # a stream that ended early: the server kept only a part of a chunk, the upload has to begin anew
            return cls(None, _first_line(cause), isinstance(cause, ValueError) and "Stream" in str(cause))
        words, reasons = response.reason or "", set()
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):  # not the JSON of an error
            document = response.json()["error"]
            words = document["message"]
            reasons = {detail.get("reason") for detail in document["errors"]}
        # A session's address is the service's own affair; of all requests, only those to one are a PUT.
        session_lost = response.status_code in (404, 410) and response.request.method == "PUT"
        if session_lost:
            words = f"the upload session has ended ({words})"
        damaged = response.status_code == 400 and "crc32c" in words.lower()
        slow_down = bool(reasons & {"rateLimitExceeded", "userRateLimitExceeded"})
        may_pass = response.status_code in _RETRYABLE_STATUS or session_lost or damaged or slow_down
        return cls(response.status_code, _first_line(words), may_pass)


def _first_line(words: object) -> str:
    return (str(words).splitlines() or [""])[0][:300]

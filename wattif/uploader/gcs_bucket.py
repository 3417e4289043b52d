"""What lies in a bucket of Google Cloud Storage, below a prefix."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage import Blob, Client
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from wattif.uploader.gcs_answers import explain, first_line
from wattif.uploader.store import Missing, Refused, StoredObject

_Result = TypeVar("_Result")
TIMEOUT_S = (60, 60)  # to connect, and to send a request's body; of silence


def _decode_crc32c(text: str | None) -> int:
    return int.from_bytes(base64.b64decode(text), "big") if text else -1


class GcsBucket:
    """Reads objects of a bucket below a prefix: half of a store."""

    def __init__(self, bucket: str, prefix: str, *, threads: int, retry_s: float) -> None:
        """Connect. *retry_s*: how long the client itself tries again. `LakeError` when there are no credentials."""
        try:
            self._client = Client(project=None)  # objects belong to a bucket, no request names a project
        except auth.DefaultCredentialsError as error:
            key = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
            found = f"the credentials in {key} cannot be used ({first_line(error)})" if key else "no credentials"
            raise Refused(
                f"gs://{bucket}: {found} for Google Cloud; run 'gcloud auth application-default login' or point"
                " GOOGLE_APPLICATION_CREDENTIALS to a key file, or leave out `bucket` for a local lake"
            ) from None
        self._bucket = self._client.bucket(bucket)
        self._prefix = f"{prefix}/" if prefix else ""
        self._threads = threads
        self._retry = DEFAULT_RETRY.with_timeout(retry_s)
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=max(2 * threads, 10))
        self._client._http.mount("https://", adapter)
        self._client._http.mount("http://", adapter)

    @property
    def place(self) -> str:
        """``gs://bucket/prefix``."""
        return f"gs://{self._bucket.name}/{self._prefix}".rstrip("/")

    def _blob(self, name: str) -> Blob:
        return self._bucket.blob(self._prefix + name)

    def _look_at(self, blob: Blob) -> bool:
        try:
            blob.reload(timeout=TIMEOUT_S, retry=self._retry)
        except api.NotFound:
            return False
        return True

    def _stored(self, name: str, blob: Blob) -> StoredObject:
        return StoredObject(name, int(blob.size or 0), _decode_crc32c(blob.crc32c))

    def _read(self, name: str, generation: int) -> bytes | None:
        try:
            blob = self._bucket.blob(self._prefix + name, generation=generation)
            return bytes(blob.download_as_bytes(timeout=TIMEOUT_S, retry=self._retry))
        except api.NotFound:
            return None

    def _generation_of(self, name: str) -> int:
        blob = self._blob(name)
        return int(blob.generation) if self._look_at(blob) else 0

    def get_bytes(self, name: str, most: int | None = None) -> bytes | None:
        """The content of a small object; None when there is none. `LakeError` when there is no bucket."""
        blob, end = self._blob(name), None if most is None else most - 1

        def get() -> bytes | None:
            try:
                return bytes(blob.download_as_bytes(end=end, timeout=TIMEOUT_S, retry=self._retry))
            except api.RequestRangeNotSatisfiable:  # it is empty
                return b""
            except api.NotFound:
                # raises NotFound again when it is the bucket that is missing
                next(
                    iter(self._client.list_blobs(self._bucket, max_results=1, timeout=TIMEOUT_S, retry=self._retry)),
                    None,
                )
                return None

        return self._calling(name, get)

    def fetch(self, name: str, folder: Path) -> Path:
        """A copy in *folder*; the client compares its checksum. `LakeError` when there is no such object."""
        blob, path = self._blob(name), folder / name.replace("/", "_")

        def fetch() -> None:
            try:
                blob.download_to_filename(str(path), timeout=TIMEOUT_S, retry=self._retry)
            except api.NotFound:
                raise Missing(
                    f"{self.place}/{name} is committed, but missing; restore it, or generate its day again"
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
                timeout=TIMEOUT_S,
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

    def _calling(self, name: str, call: Callable[[], _Result]) -> _Result:
        try:
            return call()
        except (api.GoogleAPIError, InvalidResponse, DataCorruption, auth.GoogleAuthError, OSError) as error:
            raise explain(error, self._bucket.name, f"{self.place}/{name}") from error

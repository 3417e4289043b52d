"""What a Cloud Storage of the tests holds: buckets, objects, uploads under way, with their checksums and generations.

No HTTP here. A call that the service would refuse raises `Refusal`, with the status and words of the JSON API.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import google_crc32c

_SMALL = 64 << 10  # objects up to this size keep their content even where contents are discarded
_USUAL = {  # the reason and the message that the service gives with a status
    400: ("invalid", "Invalid request."),
    401: ("authError", "Invalid Credentials"),
    403: (
        "forbidden",
        "someone@example.com does not have storage.objects.create access to the Google Cloud Storage object."
        " Permission 'storage.objects.create' denied on resource (or it may not exist).",
    ),
    404: ("notFound", "The specified bucket does not exist."),
    408: ("requestTimeout", "The request timed out. Please try again."),
    410: ("gone", "The upload session is gone. Please begin another."),
    412: ("conditionNotMet", "At least one of the pre-conditions you specified did not hold."),
    416: ("requestedRangeNotSatisfiable", "Request range not satisfiable."),
    429: ("rateLimitExceeded", "The object exceeded the rate limit for object mutation operations."),
    501: ("notImplemented", "This server does not do that."),
}


class Refusal(Exception):
    """The request is answered with an error; its usual message and reason when they are empty."""

    def __init__(self, status: int, message: str = "", reason: str = "") -> None:
        usual_reason, usual_message = _USUAL.get(status, ("backendError", "We encountered an internal error."))
        super().__init__(message or usual_message)
        self.status = status
        self.reason = reason or usual_reason

    def to_json(self) -> dict[str, object]:
        """The body of the answer."""
        text = str(self)
        details = {"message": text, "domain": "global", "reason": self.reason}
        return {"error": {"code": self.status, "message": text, "errors": [details]}}


@dataclass(frozen=True)
class Stored:
    """An object. Where contents are discarded, no *content* (but of small ones) and no *md5* is known."""

    content: bytes
    size: int
    crc32c: int
    md5: str  # base64
    generation: int
    content_type: str
    content_encoding: str = ""


def in_base64(crc32c: int) -> str:
    """A CRC32C as the JSON API writes it."""
    return base64.b64encode(crc32c.to_bytes(4, "big")).decode()


class Upload:
    """Content on its way to become an object; an impatient client may send it by two requests at a time."""

    def __init__(
        self, bucket: str, name: str, metadata: dict[str, str], *, if_generation: str | None, discard: bool
    ) -> None:
        self.bucket = bucket
        self.name = name
        self.if_generation = if_generation
        self.size = 0
        self.ended: Stored | None = None
        self.lock = threading.RLock()
        self._declared = {"crc32c": metadata.get("crc32c", ""), "md5": metadata.get("md5Hash", "")}
        self._content_type = metadata.get("contentType", "application/octet-stream")
        self._content_encoding = metadata.get("contentEncoding", "")
        self._discard = discard
        self._content = bytearray()
        self._crc32c = 0
        self._md5 = hashlib.md5(usedforsecurity=False)

    def write(self, offset: int, data: bytes) -> None:
        """Keep *data*, which begins at *offset*; what is kept already is ignored."""
        with self.lock:
            if offset > self.size:
                raise Refusal(400, f"Invalid request. Bytes {self.size}-{offset - 1} are missing.")
            data = data[self.size - offset :]
            self.size += len(data)
            self._crc32c = google_crc32c.extend(self._crc32c, data)
            if not self._discard:
                self._md5.update(data)
            if not self._discard or self.size <= _SMALL:
                self._content += data
            else:
                self._content.clear()

    def to_object(self, generation: int, declared_in_header: str, *, unchecked: bool) -> Stored:
        """The object, if its checksums are those of the metadata and of the header `X-Goog-Hash`."""
        found = {"crc32c": in_base64(self._crc32c)}
        if not self._discard:
            found["md5"] = base64.b64encode(self._md5.digest()).decode()
        pairs: Iterable[Sequence[str]] = (pair.strip().split("=", 1) for pair in declared_in_header.split(",") if pair)
        for key, given in [] if unchecked else [*self._declared.items(), *pairs]:
            label = "CRC32C" if key == "crc32c" else "MD5 hash"
            if given and key in found and given != found[key]:
                raise Refusal(400, f'Provided {label} "{given}" doesn\'t match calculated {label} "{found[key]}".')
        kinds = self._content_type, self._content_encoding
        return Stored(bytes(self._content), self.size, self._crc32c, found.get("md5", ""), generation, *kinds)


class Buckets:
    """Buckets and their objects; only the live version of an object is kept."""

    def __init__(self, names: Sequence[str]) -> None:
        self._buckets: dict[str, dict[str, Stored]] = {name: {} for name in names}
        self._generation = 1_700_000_000_000_000
        self._lock = threading.RLock()

    def objects(self, bucket: str) -> dict[str, Stored]:
        """What lies in a bucket, ordered by name."""
        with self._lock:
            if bucket not in self._buckets:
                raise Refusal(404)
            return dict(sorted(self._buckets[bucket].items()))

    def find(self, bucket: str, name: str, generation: str | None = None, if_generation: str | None = None) -> Stored:
        """The object of that name, and generation if one is given."""
        found = self.objects(bucket).get(name)
        if found is None or generation not in (None, str(found.generation)):
            raise Refusal(404, f"No such object: {bucket}/{name}")
        if if_generation not in (None, str(found.generation)):
            raise Refusal(412)
        return found

    def store(self, upload: Upload, declared_in_header: str = "", *, unchecked: bool = False) -> Stored:
        """Make an object of what was uploaded; *unchecked*: whatever its checksums are."""
        with self._lock:
            before = self.objects(upload.bucket).get(upload.name)
            if upload.if_generation not in (None, str(before.generation if before else 0)):
                raise Refusal(412)
            self._generation += 1
            stored = upload.to_object(self._generation, declared_in_header, unchecked=unchecked)
            self._buckets[upload.bucket][upload.name] = stored
        return stored

    def delete(self, bucket: str, name: str, generation: str | None = None, if_generation: str | None = None) -> None:
        """Remove an object."""
        with self._lock:
            self.find(bucket, name, generation, if_generation)
            del self._buckets[bucket][name]

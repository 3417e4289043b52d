"""What Cloud Storage and its client say when something is wrong, and what that means to the user."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage.exceptions import DataCorruption

from wattif.errors import LakeError
from wattif.uploader.store import Refused, Unavailable

_RETRYABLE_STATUS = frozenset({408, 429, 500, 502, 503, 504})


def explain(error: BaseException, bucket: str, thing: str) -> LakeError:
    """What the client's exception means to the user, and whether trying again may help; *thing* is the object's URL."""
    cause = error.cause if isinstance(error, api.RetryError) and error.cause is not None else error
    if isinstance(cause, DataCorruption):
        return Unavailable(f"{thing}: the bytes received differ from those sent")
    answer = _Answer.of(cause)
    if isinstance(cause, OSError) and cause.filename:
        return Refused(f"{cause.filename}: {cause.strerror}; correct this, then run the same command again")
    if isinstance(cause, auth.RefreshError):
        return Refused(
            f"{thing}: the credentials have expired ({first_line(cause)}); run 'gcloud auth application-default login'"
        )
    if answer.may_pass or isinstance(cause, api.RetryError):
        return Unavailable(f"{thing}: {answer.status or 'no answer'}: {answer.words}")
    if answer.status == 404:
        return Refused(
            f"gs://{bucket}: there is no such bucket (404); create it with"
            f" 'gcloud storage buckets create gs://{bucket}', or correct its name"
        )
    if answer.status in (401, 403):
        return Refused(
            f"{thing}: access denied ({answer.status}); this account needs roles/storage.objectUser"
            f" on gs://{bucket}: {answer.words}"
        )
    if isinstance(cause, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Refused(f"{thing}: {answer.words}; correct STORAGE_EMULATOR_HOST; write it as http://127.0.0.1:9023")
    if answer.status is None and isinstance(cause, auth.TransportError | requests.RequestException | OSError):
        return Unavailable(f"{thing}: no answer from the network: {answer.words}")
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
            return cls(None, first_line(cause), isinstance(cause, ValueError) and "Stream" in str(cause))
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
        return cls(response.status_code, first_line(words), may_pass)


def first_line(words: object) -> str:
    """The first line of what was said, cut short."""
    return (str(words).splitlines() or [""])[0][:300]

"""What a service that obstore reaches says when something is wrong, and what that means to the user."""

from __future__ import annotations

import re

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotSupportedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from wattif.errors import LakeError
from wattif.uploader.obstore_service import Service
from wattif.uploader.store import Refused, Unavailable

_RETRYABLE_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_RETRYABLE_CODES = frozenset(  # of answers that name another status
    {
        "SlowDown",
        "RequestTimeout",
        "BadDigest",
        "IncompleteBody",
        "XAmzContentSHA256Mismatch",
        "XAmzContentChecksumMismatch",
        "Md5Mismatch",
        "NoSuchUpload",
        "InvalidPart",
        "InvalidBlockList",
        "OperationAborted",
        "ConditionalRequestConflict",
    }
)
_NO_BUCKET = frozenset({"NoSuchBucket", "ContainerNotFound"})
_NO_CREDENTIALS = frozenset(
    {
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "AuthenticationFailed",
        "TokenRefreshRequired",
        "NoAuthenticationInformation",
    }
)
_ELSEWHERE = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
_OF_CREDENTIALS = re.compile(r"//169\.254\.169\.254/|Error performing token request|az(ure)? cli", re.IGNORECASE)
# of the network, not of what was asked: no connection, one that broke off, silence, a body cut short
_OF_THE_NETWORK = re.compile(
    r"HTTP error|error sending request|error decoding response body|timed out|connection", re.I
)


def names_no_bucket(error: BaseException) -> bool:
    """Whether *error* says that there is no bucket, and not only no object."""
    return _code_of(str(error)) in _NO_BUCKET


def explain(error: BaseException, service: Service, thing: str) -> LakeError:
    """What the client's exception means to the user, and whether trying again may help; *thing* is the object's URL."""
    if isinstance(error, OSError) and error.filename:
        return Refused(f"{error.filename}: {error.strerror}; correct this, then run the same command again")
    text = str(error)
    status, code, words = _status_of(text), _code_of(text), _words_of(text)
    if code in _NO_BUCKET:
        return Refused(f"{service.bucket}: there is no such bucket ({status}); {service.no_bucket}")
    if code in _ELSEWHERE or status == 301 or "redirect without LOCATION" in text:
        return Refused(f"{service.bucket}: lies in another region than the one that was asked; {service.elsewhere}")
    if code in _NO_CREDENTIALS or isinstance(error, UnauthenticatedError) or status == 401:
        return Refused(f"{thing}: the credentials are not accepted ({words}); {service.no_credentials}")
    if code == "RequestTimeTooSkewed":
        return Refused(
            f"{thing}: the clock of this machine is wrong ({words}); set it, then run the same command again"
        )
    if isinstance(error, AlreadyExistsError | PreconditionError):
        return Unavailable(f"{thing}: has changed while it was read or written")
    if status in _RETRYABLE_STATUS or code in _RETRYABLE_CODES:
        return Unavailable(f"{thing}: {status}: {words}")
    if "Account must be specified" in text or _OF_CREDENTIALS.search(text):
        return Refused(f"{service.bucket}: no credentials ({words}); {service.no_credentials}")
    if isinstance(error, PermissionDeniedError) or status == 403:
        return Refused(f"{thing}: access denied ({status or 403}); {service.no_access}: {words}")
    if isinstance(error, BaseError) and not isinstance(error, NotSupportedError) and _OF_THE_NETWORK.search(text):
        return Unavailable(f"{thing}: no answer from the network: {words}")
    return Refused(f"{thing}: {status or type(error).__name__}: {words}")


def _status_of(text: str) -> int | None:
    match = re.search(r"status code: (\d{3})", text)
    return int(match[1]) if match else None


def _code_of(text: str) -> str:
    match = re.search(r"<Code>(\w+)</Code>", text)
    return match[1] if match else ""


def _words_of(text: str) -> str:
    """What the service said, else the client's own first line; cut short."""
    match = re.search(r"<Message>\s*([^<\n]*)", text)
    if match and match[1]:
        return f"{_code_of(text)}: {match[1]}"[:300]
    line = (text.splitlines() or [""])[0].partition(": <")[0]
    return re.sub(r"^Object at location .* not found: |^Generic \w+ error: ", "", line)[:300]

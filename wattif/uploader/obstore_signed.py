"""Requests for which obstore has no call, by addresses that it signs.

Not every credential can sign: a shared access signature cannot, and an Azure role may lack the right to. Then the
answer is None, and whoever asked takes the longer way.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import timedelta
from email.message import Message
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

import obstore
from obstore.exceptions import BaseError

from wattif.uploader.obstore_service import REQUEST_TIMEOUT_S
from wattif.uploader.store import Unavailable

if TYPE_CHECKING:
    from obstore.store import AzureStore, S3Store

_VALID_FOR = timedelta(minutes=5)


def headers_of(store: AzureStore, place: str, name: str) -> Message | None:
    """The headers of an Azure blob; None when its address cannot be signed, or it is not there."""
    answer = _ask(
        store, place, name, right="GET", method="HEAD"
    )  # the right to read, which a signature of HEAD would not carry
    return answer[1] if answer is not None and answer[0] == HTTPStatus.OK else None


def delete_version(store: AzureStore | S3Store, place: str, name: str, e_tag: str) -> bool | None:
    """Remove an object while its ETag is *e_tag*; whether nothing is left of that. None: it cannot be asked so.

    `Unavailable` when the service does not answer.
    """
    answer = _ask(store, place, name, right="DELETE", method="DELETE", headers={"If-Match": e_tag})
    if answer is None:
        return None
    if answer[0] >= HTTPStatus.INTERNAL_SERVER_ERROR or answer[0] == HTTPStatus.TOO_MANY_REQUESTS:
        raise Unavailable(f"{place}/{name}: {answer[0]} when it was to be removed")
    done = answer[0] in (
        HTTPStatus.OK,
        HTTPStatus.ACCEPTED,
        HTTPStatus.NO_CONTENT,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.PRECONDITION_FAILED,
    )
    return True if done else None


def _ask(
    store: AzureStore | S3Store,
    place: str,
    name: str,
    *,
    right: Literal["GET", "DELETE"],
    method: str,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Message] | None:
    try:
        url = obstore.sign(store, right, name, _VALID_FOR)
    except BaseError:
        return None
    request = urllib.request.Request(url, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_S) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers
    except OSError as error:
        raise Unavailable(f"{place}/{name}: no answer from the network: {error}") from error

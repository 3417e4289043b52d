"""What differs from one service that obstore reaches to another, and how its client is set up."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wattif.errors import UsageError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

CLIENT_RETRY_S = 60.0  # the client tries again by itself: it alone can repeat one part of a large file
CONNECT_TIMEOUT_S = 20.0
REQUEST_TIMEOUT_S = 120.0  # for a request and its answer, of at most `obstore_store.ONE_REQUEST_BYTES`


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service, and the ways out of what it refuses."""

    bucket: str  # as an address: s3://bucket
    no_bucket: str  # what to do when there is no such bucket
    no_access: str  # what the account needs
    no_credentials: str  # how to give some
    elsewhere: str  # what to do when the bucket is in another region
    md5_of: Callable[[ObjectStore, str, str | None], str | None]
    """Of the store, a name and the ETag that a write returned: the MD5 in hex that the service names for the object,
    with ``-parts`` when it is one of the MD5s of its parts; None when it names none.
    """


def client_options(endpoint: str | None, *, allow_http: bool) -> ClientConfig:
    """Timeouts, and whether *endpoint* may be reached without encryption: on this machine, or with *allow_http*.

    `UsageError` when it may not.
    """
    parts = urlsplit(endpoint or "")
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname or ""):
        raise UsageError(
            f"{endpoint}: sends data and credentials unencrypted; write https://, or set AWS_ALLOW_HTTP=true or"
            " AZURE_ALLOW_HTTP=true for a network that you trust"
        )
    return {
        "allow_http": allow_http or parts.scheme == "http",
        "connect_timeout": timedelta(seconds=CONNECT_TIMEOUT_S),
        "timeout": timedelta(seconds=REQUEST_TIMEOUT_S),
    }


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def retry_config(retry_for_s: float) -> RetryConfig:
    """How often the client itself tries again: for a part of the patience with the lake, *retry_for_s*."""
    for_s = min(CLIENT_RETRY_S, retry_for_s / 2)
    return {
        "max_retries": 4 if for_s else 0,
        "retry_timeout": timedelta(seconds=for_s),
        "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=15)},
    }

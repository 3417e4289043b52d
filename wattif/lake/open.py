"""From the address of a lake to its store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

from wattif.errors import UsageError
from wattif.extras import needs
from wattif.uploader.retrying import Attempt, RetryingStore, RetryPolicy, log_attempt
from wattif.uploader.store import Store


def open_store(
    url: str | Path,
    *,
    threads: int = 2,
    overwrite: bool = False,
    retry: RetryPolicy | None = None,
    stop: Event | None = None,
    on_retry: Callable[[Attempt], None] = log_attempt,
) -> RetryingStore:
    """The lake at *url*: ``gs://bucket/prefix``, ``file:/folder`` or a path.

    *threads* upload at once; *overwrite*: replace objects that hold other bytes; *retry*: how to retry a store
    that does not answer, which setting *stop* ends; *on_retry* is called with each failed attempt.
    `UsageError` when *url* is no address of a lake.
    """
    policy = retry or RetryPolicy()
    return RetryingStore(_store_at(str(url), threads, overwrite, policy), policy, stop, on_retry)


def opened(
    lake: Store | str | Path,
    *,
    threads: int = 2,
    overwrite: bool = False,
    retry: RetryPolicy | None = None,
    stop: Event | None = None,
    on_retry: Callable[[Attempt], None] = log_attempt,
) -> RetryingStore:
    """The lake at an address, see `open_store`; or a store that is open already, tried again in the same way."""
    if isinstance(lake, str | Path):
        return open_store(lake, threads=threads, overwrite=overwrite, retry=retry, stop=stop, on_retry=on_retry)
    return lake if isinstance(lake, RetryingStore) else RetryingStore(lake, retry, stop, on_retry)


def _store_at(url: str, threads: int, overwrite: bool, policy: RetryPolicy) -> Store:
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "gs":
        with needs("gcs"):
            from wattif.uploader.gcs import CLIENT_RETRY_S, GcsStore

        bucket, _, prefix = rest.partition("/")
        if not bucket:
            raise UsageError(f"{url}: lacks a bucket; write gs://bucket/prefix")
        client_retry_s = min(CLIENT_RETRY_S, policy.retry_for_s)
        return GcsStore(bucket, prefix.strip("/"), threads=threads, overwrite=overwrite, retry_s=client_retry_s)
    if separator and scheme.isalnum() and scheme != "file":
        raise UsageError(f"{url}: unsupported scheme {scheme}://; write gs://bucket/prefix, file:/folder or a path")
    from wattif.uploader.local import LocalStore
    from wattif.uploader.local_folder import check_folder

    if separator and scheme == "file" and not rest.startswith("/"):
        raise UsageError(f"{url}: names a folder on another machine; write file:/folder")
    path = rest if separator and scheme == "file" else url.removeprefix("file:")
    check_folder(Path(path))
    return LocalStore(Path(path), overwrite=overwrite)

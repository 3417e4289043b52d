"""``gs://bucket/prefix``: Cloud Storage."""

from __future__ import annotations

from wattif.errors import UsageError
from wattif.extras import needs
from wattif.uploader.store import Opening, Store


def open_at(rest: str, opening: Opening) -> Store:
    """The lake at *rest*, ``bucket/prefix``; `UsageError` when it lacks a bucket."""
    with needs("gcs"):
        from wattif.uploader.gcs import CLIENT_RETRY_S, GcsStore

    bucket, _, prefix = rest.partition("/")
    if not bucket:
        raise UsageError(f"gs://{rest}: lacks a bucket; write gs://bucket/prefix")
    client_retry_s = min(CLIENT_RETRY_S, opening.retry_for_s)
    return GcsStore(
        bucket, prefix.strip("/"), threads=opening.threads, overwrite=opening.overwrite, retry_s=client_retry_s
    )

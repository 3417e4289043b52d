"""``gs://bucket/prefix``: Cloud Storage."""

from __future__ import annotations

from wattif.extras import needs
from wattif.uploader.address import bucket_and_prefix
from wattif.uploader.store import Opening, Store


def open_at(rest: str, opening: Opening) -> Store:
    """The lake at *rest*, ``bucket/prefix``; `UsageError` when it lacks a bucket."""
    with needs("gcs"):
        from wattif.uploader.gcs import CLIENT_RETRY_S, GcsStore

    bucket, prefix = bucket_and_prefix("gs", rest)
    client_retry_s = min(CLIENT_RETRY_S, opening.retry_for_s)
    return GcsStore(bucket, prefix, threads=opening.threads, overwrite=opening.overwrite, retry_s=client_retry_s)

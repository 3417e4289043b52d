"""Addresses of lakes: a scheme, a bucket and a prefix, or a folder."""

from __future__ import annotations

from wattif.errors import UsageError


def bucket_and_prefix(scheme: str, rest: str, container: str = "bucket") -> tuple[str, str]:
    """The two parts of *rest*, what follows ``scheme://``; `UsageError` when it names no *container*."""
    bucket, _, prefix = rest.partition("/")
    if not bucket:
        raise UsageError(f"{scheme}://{rest}: lacks a {container}; write {scheme}://{container}/prefix")
    return bucket, prefix.strip("/")

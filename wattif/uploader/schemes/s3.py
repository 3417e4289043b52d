"""``s3://bucket/prefix``: Amazon S3, and what speaks its language: MinIO, R2, Ceph."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from wattif.extras import needs
from wattif.uploader.address import bucket_and_prefix
from wattif.uploader.obstore_service import Service, client_options, retry_config
from wattif.uploader.store import Opening, Refused, Store

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_MD5 = re.compile(r'"?([0-9a-f]{32}(?:-\d+)?)"?')
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_NO_CREDENTIALS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run 'aws configure'"


def open_at(rest: str, opening: Opening) -> Store:
    """The lake at *rest*, ``bucket/prefix``; `UsageError` when it lacks a bucket, `Refused` without credentials."""
    with needs("s3"):
        import boto3
        from botocore.exceptions import BotoCoreError
        from obstore.auth.boto3 import Boto3CredentialProvider
        from obstore.store import S3Store

        from wattif.uploader.obstore_store import ObstoreStore

    bucket, prefix = bucket_and_prefix("s3", rest)
    endpoint = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), None)
    try:
        session = boto3.Session()
        credentials = None if _is_set("AWS_SKIP_SIGNATURE") else Boto3CredentialProvider(session)
    except (BotoCoreError, ValueError) as error:
        words = str(error) if isinstance(error, BotoCoreError) else "none found"
        raise Refused(f"s3://{bucket}: no credentials ({words}); {_NO_CREDENTIALS}") from None
    service = Service(
        bucket=f"s3://{bucket}",
        no_bucket=f"create it with 'aws s3 mb s3://{bucket}', or correct `lake`",
        no_access=f"this account needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on {bucket}",
        no_credentials=_NO_CREDENTIALS,
        elsewhere="set AWS_REGION to the bucket's ('aws s3api get-bucket-location --bucket " + bucket + "')",
        md5_of=_md5_of,
    )
    store = S3Store(
        bucket,
        prefix=prefix or None,
        config={
            "checksum_algorithm": "CRC64NVME",  # the service refuses other bytes than were sent
            "region": os.environ.get("AWS_REGION") or session.region_name or "us-east-1",
        },
        client_options=client_options(endpoint, allow_http=_is_set("AWS_ALLOW_HTTP")),
        retry_config=retry_config(opening.retry_for_s),
        credential_provider=credentials,
    )
    return ObstoreStore(store, service, threads=opening.threads, overwrite=opening.overwrite)


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true", "yes")


def _md5_of(store: ObjectStore, name: str, e_tag: str | None) -> str | None:
    """An ETag is an MD5, unless the object is encrypted with a key of KMS or the customer's."""
    match = _MD5.fullmatch(e_tag or "")
    return match[1] if match else None

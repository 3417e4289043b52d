"""``az://container/prefix``: Azure Blob Storage."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Literal

from wattif.extras import needs
from wattif.uploader.address import bucket_and_prefix
from wattif.uploader.obstore_service import Service, client_options, retry_config
from wattif.uploader.store import Opening, Store

if TYPE_CHECKING:
    from obstore.store import AzureConfig, ObjectStore

_NO_CREDENTIALS = (
    "set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY,"
    " AZURE_STORAGE_SAS_TOKEN, a service principal (AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_CLIENT_SECRET) or"
    " AZURE_USE_AZURE_CLI=true after 'az login'"
)
_Key = Literal["account_name", "account_key", "sas_key", "endpoint"]
_OF_CONNECTION_STRING: dict[str, _Key] = {
    "AccountName": "account_name",
    "AccountKey": "account_key",
    "SharedAccessSignature": "sas_key",
    "BlobEndpoint": "endpoint",
}


def open_at(rest: str, opening: Opening) -> Store:
    """The lake at *rest*, ``container/prefix``; `UsageError` without a container, `Refused` without an account."""
    with needs("azure"):
        from obstore.exceptions import BaseError
        from obstore.store import AzureStore

        from wattif.uploader.obstore_answers import explain
        from wattif.uploader.obstore_store import ObstoreStore

    container, prefix = bucket_and_prefix("az", rest, "container")
    config = _config()
    endpoint = config.get("endpoint") or os.environ.get("AZURE_STORAGE_ENDPOINT") or os.environ.get("AZURE_ENDPOINT")
    allow_http = os.environ.get("AZURE_ALLOW_HTTP", "").lower() in ("1", "true", "yes")
    service = Service(
        bucket=f"az://{container}",
        no_bucket=f"create it with 'az storage container create --name {container}', or correct `lake`",
        no_access=f"this account needs the role Storage Blob Data Contributor on {container}",
        no_credentials=_NO_CREDENTIALS,
        elsewhere="correct AZURE_STORAGE_ACCOUNT_NAME",
        md5_of=_md5_of,
    )
    try:
        store = AzureStore(
            container,
            prefix=prefix or None,
            config=config,
            client_options=client_options(endpoint, allow_http=allow_http),
            retry_config=retry_config(opening.retry_for_s),
        )
    except BaseError as error:
        raise explain(error, service, service.bucket) from None
    return ObstoreStore(store, service, threads=opening.threads, overwrite=opening.overwrite)


def _config() -> AzureConfig:
    """What the variables say that Azure's own tools read, and obstore does not."""
    config: AzureConfig = {}
    if account := os.environ.get("AZURE_STORAGE_ACCOUNT"):
        config["account_name"] = account
    if key := os.environ.get("AZURE_STORAGE_KEY"):
        config["account_key"] = key
    for part in os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "").split(";"):
        name, _, value = part.partition("=")
        if name in _OF_CONNECTION_STRING:
            config[_OF_CONNECTION_STRING[name]] = value
    return config


def _md5_of(store: ObjectStore, name: str, e_tag: str | None) -> str | None:
    """The service computes the Content-MD5 of a blob that came in one request, and of no other."""
    from obstore.store import AzureStore

    from wattif.uploader.obstore_signed import headers_of

    headers = (
        headers_of(store, f"az://{store.config['container_name']}/{store.prefix or ''}", name)
        if isinstance(store, AzureStore)
        else None
    )
    if headers is None or headers.get("ETag", "").strip('"') != (e_tag or "").strip('"'):
        return None
    told = headers.get("Content-MD5")
    return base64.b64decode(told).hex() if told else None

"""Servers that answer as S3 and Azure on this machine, each a process of its own, and what lies in them.

What lies there is told by other clients than the one that is tested: boto3, and Azure's REST interface by hand.
"""

from __future__ import annotations

import base64
import email.utils
import hmac
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import boto3

from tests.fakes.store_proxy import free_port, wait_until_it_listens

ACCOUNT = "devstoreaccount1"  # Azurite's, with the key that its documentation names
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
AZURITE = shutil.which("azurite-blob")
_MOTO = """
import sys, threading
from moto.server import ThreadedMotoServer
ThreadedMotoServer("127.0.0.1", int(sys.argv[1]), verbose=False).start()
threading.Event().wait()
"""


@contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_it_listens(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def moto() -> Iterator[int]:
    """A server of S3; its port."""
    port = free_port()
    with _running([sys.executable, "-c", _MOTO, str(port)], port):
        yield port


@contextmanager
def azurite() -> Iterator[int]:
    """A server of Azure Blob Storage; its port."""
    port = free_port()
    assert AZURITE is not None
    options = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence", "--skipApiVersionCheck"]
    with _running([AZURITE, *options, "--silent", "--disableTelemetry"], port):
        yield port


def s3_client(port: int) -> Any:
    """A client of the server of S3 at *port*."""
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


class S3Bucket:
    """A bucket that *client* reaches, `s3_client`."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._client.create_bucket(Bucket=bucket)

    def objects(self) -> dict[str, bytes]:
        """What lies in the bucket."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
        names = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return {name: self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read() for name in names}

    def put(self, name: str, content: bytes) -> None:
        """Lay an object there, as somebody else would."""
        self._client.put_object(Bucket=self._bucket, Key=name, Body=content)

    def content_type(self, name: str) -> str:
        """The media type of an object."""
        return str(self._client.head_object(Bucket=self._bucket, Key=name)["ContentType"])


class AzureContainer:
    """A container of the server at *port*."""

    def __init__(self, port: int, container: str) -> None:
        self._port = port
        self._container = container
        self._ask("PUT", "", {"restype": "container"})

    def objects(self) -> dict[str, bytes]:
        """What lies in the container."""
        listing = ET.fromstring(self._ask("GET", "", {"restype": "container", "comp": "list"})[1])
        assert not listing.findtext("NextMarker")
        names = [each.text or "" for each in listing.iterfind("Blobs/Blob/Name")]
        return {name: self._ask("GET", f"/{quote(name)}", {})[1] for name in names}

    def put(self, name: str, content: bytes) -> None:
        """Lay an object there, as somebody else would."""
        self._ask("PUT", f"/{quote(name)}", {}, content)

    def content_type(self, name: str) -> str:
        """The media type of an object."""
        return self._ask("HEAD", f"/{quote(name)}", {})[0]

    def _ask(self, method: str, path: str, query: dict[str, str], content: bytes | None = None) -> tuple[str, bytes]:
        """A request that is signed with the account's key; media type and content of the answer."""
        headers = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
        if content is not None:
            headers |= {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
        length = str(len(content)) if content else ""
        lines = [method, "", "", length, "", headers.get("Content-Type", ""), "", "", "", "", "", ""]
        lines += [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-ms-")]
        lines += [f"/{ACCOUNT}/{ACCOUNT}/{self._container}{path}"]
        lines += [f"{name}:{query[name]}" for name in sorted(query)]
        digest = hmac.digest(base64.b64decode(KEY), "\n".join(lines).encode(), "sha256")
        headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
        url = f"http://127.0.0.1:{self._port}/{ACCOUNT}/{self._container}{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, data=content, method=method, headers=headers)
        if method == "PUT" and content is None:
            request.add_header("Content-Length", "0")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.headers.get("Content-Type")), answer.read()

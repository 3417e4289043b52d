"""Every kind of store, empty, with a proxy before it where there is a network: what contract tests go through."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.cloud_servers import ACCOUNT, AZURITE, KEY, AzureContainer, S3Bucket, azurite, moto, s3_client
from tests.fakes.gcs_server import GcsServer
from tests.fakes.store_proxy import StoreProxy

SCHEMES = ("folder", "gs", "s3", "az")
_numbers = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Place:
    """An empty lake."""

    scheme: str
    url: str  # of the lake
    environment: dict[str, str]  # where the client finds the server, and what it says who it is
    proxy: StoreProxy | None  # None: there is no network
    objects: Callable[[], dict[str, bytes]]  # what lies in the lake
    put: Callable[[str, bytes], None]  # lay an object there, as somebody else would
    writes: Callable[[], int]  # about how many there have been: how far runs are
    content_type: Callable[[str], str] = lambda name: ""  # the media type of an object, where a store has any


class Servers:
    """Servers of S3 and Azure; each is started when it is first needed, and serves all tests of a session."""

    def __init__(self) -> None:
        self._ports: dict[str, int] = {}
        self._stack = ExitStack()

    def port(self, scheme: str) -> int:
        """The port of the server of *scheme*."""
        if scheme not in self._ports:
            server = moto() if scheme == "s3" else azurite()
            self._ports[scheme] = self._stack.enter_context(server)
        return self._ports[scheme]

    @cache  # noqa: B019  # both last as long as the session
    def s3(self) -> Any:
        """A client of the server of S3."""
        return s3_client(self.port("s3"))

    def close(self) -> None:
        """End them all."""
        self._stack.close()


@contextmanager
def place_of(scheme: str, folder: Path, servers: Servers) -> Iterator[Place]:
    """An empty lake behind *scheme*; skips where its server is not installed."""
    if scheme == "folder":
        yield Place(
            scheme=scheme,
            url=str(folder / "lake"),
            environment={},
            proxy=None,
            objects=lambda: _files(folder / "lake"),
            put=lambda name, content: _write(folder / "lake" / name, content),
            writes=lambda: sum(len(names) for _, _, names in os.walk(folder / "lake")),
        )
    elif scheme == "gs":
        with GcsServer(["lake"], page_size=100) as server, StoreProxy(server.port) as proxy:
            yield Place(
                scheme=scheme,
                url="gs://lake/city",
                environment={"STORAGE_EMULATOR_HOST": proxy.url},
                proxy=proxy,
                objects=lambda: _below({name: each.content for name, each in server.objects("lake").items()}),
                put=lambda name, content: server.put("lake", f"city/{name}", content),
                writes=lambda: proxy.count("write"),
                content_type=lambda name: server.objects("lake")[f"city/{name}"].content_type,
            )
    else:
        if scheme == "az" and AZURITE is None:
            pytest.skip("azurite-blob is not installed: npm install -g azurite")
        port, bucket = servers.port(scheme), f"lake-{next(_numbers)}"
        there = S3Bucket(servers.s3(), bucket) if scheme == "s3" else AzureContainer(port, bucket)
        with StoreProxy(port) as proxy:
            yield Place(
                scheme=scheme,
                url=f"{scheme}://{bucket}/city",
                environment=environment_of(scheme, proxy.url),
                proxy=proxy,
                objects=lambda: _below(there.objects()),
                put=lambda name, content: there.put(f"city/{name}", content),
                writes=lambda: proxy.count("write"),
                content_type=lambda name: there.content_type(f"city/{name}"),
            )


def environment_of(scheme: str, url: str) -> dict[str, str]:
    """How the client of *scheme* finds the server at *url*, and who it says it is."""
    if scheme == "s3":
        return {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    words = {"AccountName": ACCOUNT, "AccountKey": KEY, "BlobEndpoint": f"{url}/{ACCOUNT}"}
    return {"AZURE_STORAGE_CONNECTION_STRING": ";".join(f"{name}={value}" for name, value in words.items())}


def _below(objects: dict[str, bytes]) -> dict[str, bytes]:
    assert all(name.startswith("city/") for name in objects)
    return {name.removeprefix("city/"): content for name, content in objects.items()}


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

"""A lake in Cloud Storage that can be disturbed: the tests' server, files to send, and what becomes of them."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import google_crc32c
import pytest
from google.cloud.storage.retry import DEFAULT_RETRY

from tests.fakes.gcs_server import GcsServer
from wattif.uploader import gcs_bucket
from wattif.uploader.committer import BatchCommitter
from wattif.uploader.gcs import GcsStore
from wattif.uploader.retrying import RetryingStore, RetryPolicy
from wattif.uploader.store import SealedFile, StoredObject

MANIFEST = "_wattif/manifests/1.ndjson"
QUICK = RetryPolicy(retry_for_s=60.0, first_wait_s=0.01, longest_wait_s=0.05)  # for what passes
BRIEF = RetryPolicy(retry_for_s=0.3, first_wait_s=0.01, longest_wait_s=0.05)  # for what does not
ONCE = RetryPolicy(retry_for_s=0.0)


@dataclass(frozen=True)
class Way:
    """A way by which a file goes into the bucket, and the request that is disturbed."""

    kind: str
    size: int  # of the file


MULTIPART = Way("upload-multipart", 300_000)
RESUMABLE = Way("upload-chunk", 9 << 20)
RESUMABLE_BEGIN = Way("upload-begin", 9 << 20)
both_ways = pytest.mark.parametrize(
    "way", [pytest.param(MULTIPART, id="multipart"), pytest.param(RESUMABLE, id="resumable")]
)


@dataclass
class Lake:
    """A server with the bucket ``lake``, stores that look at it, and what they were told to discard."""

    server: GcsServer
    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)
    discarded: list[tuple[SealedFile, StoredObject]] = field(default_factory=list)
    stores: list[GcsStore] = field(default_factory=list)

    def store(self, *, bucket: str = "lake", retry_s: float = 0.0, overwrite: bool = False) -> GcsStore:
        """A store below ``city/``; its client does not try again unless *retry_s* says so."""
        self.stores.append(GcsStore(bucket, "city", threads=3, overwrite=overwrite, retry_s=retry_s))
        return self.stores[-1]

    def file(self, name: str, size: int, kind: str = "") -> SealedFile:
        path = self.folder / name
        path.write_bytes(random.Random(name).randbytes(size))
        return SealedFile(path, f"dt=2024-01-01/{name}", size, google_crc32c.value(path.read_bytes()), kind)

    def move(self, files: Sequence[SealedFile], store: GcsStore | None = None, policy: RetryPolicy = QUICK) -> None:
        BatchCommitter(RetryingStore(store or self.store(), policy, self.stop)).commit(
            files, MANIFEST, b"manifest\n", lambda file, receipt: self.discarded.append((file, receipt))
        )

    def assert_moved(self, files: Sequence[SealedFile]) -> None:
        """The bucket holds the files' bytes and the manifest; each file was discarded, with its own receipt."""
        objects = self.server.objects("lake")
        for file in files:
            assert objects[f"city/{file.name}"].content == file.path.read_bytes()
        assert objects[f"city/{MANIFEST}"].content == b"manifest\n"
        assert self.discarded == [(file, StoredObject(file.name, file.size, file.crc32c)) for file in files]

    def assert_not_committed(self) -> None:
        """Nothing was discarded, and no manifest says that the batch is there."""
        assert self.discarded == []
        assert f"city/{MANIFEST}" not in self.server.objects("lake")


@contextmanager
def open_lake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """An empty lake, to which all clients go; their own waits take hundredths of seconds."""
    monkeypatch.setattr(gcs_bucket, "DEFAULT_RETRY", DEFAULT_RETRY.with_delay(initial=0.02, maximum=0.05))
    with GcsServer(["lake"], page_size=3) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        lake = Lake(server, folder)
        yield lake
        for store in lake.stores:
            store._client.close()


def assert_explains(error: BaseException, *words: str) -> None:
    """The message is one line for people, which holds *words* and no piece of JSON."""
    message = str(error)
    assert "\n" not in message
    assert "{" not in message
    for word in words:
        assert word in message

"""How fast do files that lie ready go into each store on this machine, beside the same bytes sent by a client alone?

    python -m scripts.bench.stores [--files N] [--megabytes N] [--rounds N]

The servers of the tests share the processors with the client, so that they are the limit: only the ratio tells what
WattIf adds, which is checksums, conditions and receipts. The client is obstore; for Cloud Storage it is Google's, since
obstore speaks its XML API, and the test server the JSON API. A folder takes files by rename, where obstore copies them.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import crc32c
import obstore
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from obstore.store import AzureStore, LocalStore, ObjectStore, S3Store

from scripts.bench.throughput import bucket_server
from tests.fakes.cloud_servers import ACCOUNT, KEY
from tests.stores import SCHEMES, Servers, environment_of, place_of
from wattif.lake.open import open_store
from wattif.uploader.store import SealedFile, StoredObject

_THREADS = 2
_CLIENTS = {"gs": "google-cloud-storage"}  # where it is not obstore


def _alone(scheme: str, place: str, server: str) -> Callable[[SealedFile], object]:
    """What sends a file to *place* by its client and nothing else."""
    bucket = urlsplit(place).netloc
    if scheme == "gs":
        options = {"api_endpoint": server}
        client = storage.Client(project="test", credentials=AnonymousCredentials(), client_options=options)
        return lambda file: client.bucket(bucket).blob(file.name).upload_from_filename(str(file.path))
    there: ObjectStore
    if scheme == "folder":
        there = LocalStore(f"{place}-alone", mkdir=True)
    elif scheme == "s3":
        there = S3Store(
            bucket,
            endpoint=server,
            region="us-east-1",
            access_key_id="test",
            secret_access_key="test",
            client_options={"allow_http": True},
        )
    else:
        there = AzureStore(
            bucket,
            account_name=ACCOUNT,
            account_key=KEY,
            endpoint=f"{server}/{ACCOUNT}",
            client_options={"allow_http": True},
        )
    return lambda file: obstore.put(there, file.name, file.path, use_multipart=False)


@contextmanager
def _served(scheme: str, folder: Path, servers: Servers) -> Iterator[tuple[str, str]]:
    """An empty lake and the address of its server, a process of its own."""
    if scheme == "gs":
        with bucket_server(folder):
            yield "gs://lake/city", os.environ["STORAGE_EMULATOR_HOST"]
        return
    with place_of(scheme, folder, servers) as place:
        server = "" if scheme == "folder" else f"http://127.0.0.1:{servers.port(scheme)}"
        if server:
            os.environ.update(environment_of(scheme, server))
        yield place.url, server


def _ready(folder: Path, number: int, content: bytes, names: itertools.count[int]) -> list[SealedFile]:
    folder.mkdir(exist_ok=True)
    checksum = crc32c.crc32c(content)
    files = []
    for each in itertools.islice(names, number):
        path = folder / f"{each}.json"
        path.write_bytes(content)
        files.append(SealedFile(path, f"dt=2024-01-01/{path.name}", len(content), checksum))
    return files


def _rate(files: Sequence[SealedFile], send: Callable[[], object]) -> float:
    """Megabytes a second."""
    began = time.perf_counter()
    send()
    return sum(file.size for file in files) / (time.perf_counter() - began) / 1e6


def measure(scheme: str, folder: Path, servers: Servers, *, files: int, size: int, rounds: int) -> str:
    """The row of a store."""
    content, names = random.Random(1).randbytes(size), itertools.count()
    with _served(scheme, folder, servers) as (place, server):
        ours, send_alone = open_store(place, threads=_THREADS), _alone(scheme, place, server)

        def by_us() -> float:
            ready = _ready(folder / "ready", files, content, names)

            def send() -> None:
                assert all(isinstance(receipt, StoredObject) for receipt in ours.put_files(ready))

            return _rate(ready, send)

        def by_client() -> float:
            ready = _ready(folder / "ready", files, content, names)

            with ThreadPoolExecutor(_THREADS) as pool:
                return _rate(ready, lambda: list(pool.map(send_alone, ready)))

        rates = [(by_us(), by_client()) for _ in range(rounds)]
    us, them = (statistics.median(each) for each in zip(*rates, strict=True))
    return f"{scheme:8} {us:8.0f} MB/s   {_CLIENTS.get(scheme, 'obstore')} alone {them:8.0f} MB/s   {us / them:.2f} x"


def main() -> None:
    """Print a row for each store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=8, help="a round")
    parser.add_argument("--megabytes", type=int, default=40, help="a file")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    servers = Servers()
    try:
        for scheme in SCHEMES:
            with tempfile.TemporaryDirectory() as name:
                size, rounds = options.megabytes * 10**6, options.rounds
                print(measure(scheme, Path(name), servers, files=options.files, size=size, rounds=rounds), flush=True)
    finally:
        servers.close()


if __name__ == "__main__":
    main()

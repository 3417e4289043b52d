"""What lies in a bucket that obstore reaches, below a prefix."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import crc32c
import obstore
from obstore.exceptions import BaseError

from wattif.uploader.obstore_answers import explain, names_no_bucket
from wattif.uploader.obstore_service import Service
from wattif.uploader.store import CHUNK_BYTES, Missing, StoredObject, Unavailable

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import AzureStore, S3Store

CRC32C = "crc32c"  # metadata of each object that is written, in hex: what was sent
_PAGE = 1000  # names, as the services give them
_LOOKERS = 16  # threads that ask for one object each


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An object that is there."""

    size: int
    e_tag: str
    crc32c: int  # as it was sent; -1 when somebody else wrote it


class ObstoreBucket:
    """Reads objects of a bucket below a prefix: half of a store."""

    def __init__(self, store: AzureStore | S3Store, service: Service) -> None:
        """*store* is what lies below its prefix."""
        self._store = store
        self._service = service
        self._place = f"{service.bucket}/{store.prefix or ''}".rstrip("/")

    @property
    def place(self) -> str:
        """``s3://bucket/prefix``."""
        return self._place

    @contextmanager
    def _calling(self, name: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise explain(error, self._service, f"{self._place}/{name}") from error

    def _look(self, name: str) -> Seen | None:
        with self._calling(name):
            try:
                found = obstore.get(self._store, name, options={"head": True})
            except FileNotFoundError as error:
                if names_no_bucket(error):
                    raise
                return None
            return _seen(found)

    def _whole(self, name: str, most: int | None = None) -> tuple[bytes, Seen] | None:
        """The content of a small object, its first *most* bytes, by one request; None when there is none."""
        with self._calling(name):
            try:
                found = obstore.get(self._store, name)
                seen = _seen(found)
                if most is not None and seen.size > most:
                    return next(iter(found.stream(most)))[:most], seen
                content = bytes(found.bytes())
            except FileNotFoundError as error:
                if names_no_bucket(error):
                    raise
                return None
        self._check(name, seen, len(content), crc32c.crc32c(content))
        return content, seen

    def _check(self, name: str, seen: Seen, size: int, checksum: int) -> None:
        if size != seen.size or seen.crc32c not in (-1, checksum):
            raise Unavailable(f"{self._place}/{name}: the bytes received differ from those stored")

    def _chunks(self, name: str, seen: Seen) -> Iterator[bytes]:
        """The content of an object, by a request for each chunk; `Unavailable` when it changes meanwhile."""
        for first in range(0, seen.size, CHUNK_BYTES):
            with self._calling(name):
                end = min(first + CHUNK_BYTES, seen.size)
                try:
                    part = obstore.get(self._store, name, options={"range": (first, end), "if_match": seen.e_tag})
                    content = bytes(part.bytes())
                except FileNotFoundError:
                    raise Unavailable(f"{self._place}/{name}: was removed while it was read") from None
            yield content

    def _read_back(self, name: str, seen: Seen) -> StoredObject:
        """An object as its bytes are, whatever anybody says of them."""
        size = checksum = 0
        for chunk in self._chunks(name, seen):
            size, checksum = size + len(chunk), crc32c.crc32c(chunk, checksum)
        return StoredObject(name, size, checksum)

    def get_bytes(self, name: str, most: int | None = None) -> bytes | None:
        """The content of a small object; None when there is none. `LakeError` when there is no bucket."""
        found = self._whole(name, most)
        return None if found is None else found[0]

    def fetch(self, name: str, folder: Path) -> Path:
        """A copy in *folder*, whose checksum is compared. `LakeError` when there is no such object."""
        path = folder / name.replace("/", "_")
        seen = self._look(name)
        if seen is None:
            raise Missing(f"{self._place}/{name} is committed, but missing; restore it, or generate its day again")
        with self._calling(name), path.open("wb") as file:
            self._copy(name, seen, file)
        return path

    def open_object(self, name: str) -> BinaryIO | None:
        """The content of an object, fetched at once and checked against its checksum; None when there is none."""
        seen = self._look(name)
        if seen is None:
            return None
        content = io.BytesIO()
        self._copy(name, seen, content)
        content.seek(0)
        return content

    def _copy(self, name: str, seen: Seen, file: BinaryIO) -> None:
        size = checksum = 0
        for chunk in self._chunks(name, seen):
            file.write(chunk)
            size, checksum = size + len(chunk), crc32c.crc32c(chunk, checksum)
        self._check(name, seen, size, checksum)

    def list(self, prefix: str) -> Iterator[str]:
        """Names of all objects that begin with *prefix*."""
        for name, _ in self._listed(prefix):
            yield name

    def list_objects(self, prefix: str, *, checksums: bool = True) -> Iterator[StoredObject]:
        """All objects that begin with *prefix*, by name.

        A listing names no checksum: each costs a request, and what somebody else wrote is read.
        """
        listed = self._listed(prefix)
        if not checksums:
            yield from (StoredObject(name, size, -1) for name, size in listed)
            return
        with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="lister") as pool:
            while some := tuple(itertools.islice(listed, _PAGE)):
                for found in pool.map(self._checksum_of, (name for name, _ in some)):
                    if found is not None:
                        yield found

    def _checksum_of(self, name: str) -> StoredObject | None:
        seen = self._look(name)
        if seen is None:
            return None  # removed since it was listed
        return StoredObject(name, seen.size, seen.crc32c) if seen.crc32c != -1 else self._read_back(name, seen)

    def _listed(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Names and sizes; obstore lists whole folders, so names before and after those asked for are left out."""
        folder, _, begin = prefix.rpartition("/")
        with self._calling(prefix):
            pages = obstore.list(
                self._store, folder or None, offset=prefix[:-1] or None if begin else None, chunk_size=_PAGE
            )
        while True:
            with self._calling(prefix):
                page = next(pages, None)
            if page is None:
                return
            for each in page:
                if each["path"].startswith(prefix):
                    yield each["path"], each["size"]
                elif each["path"] > prefix:
                    return


def _seen(found: GetResult) -> Seen:
    sent = found.attributes.get(CRC32C)
    return Seen(
        size=found.meta["size"],
        e_tag=found.meta["e_tag"] or "",
        crc32c=int(sent, 16) if sent else -1,
    )

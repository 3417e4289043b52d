"""What a lake must be able to do; everything else about it is its own affair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from wattif.errors import LakeError

# Cloud Storage takes a file in one request up to the first size, above it in one request to begin and one per chunk.
# A chunk is held in memory, and must be sent within a timeout even over a slow link.
MULTIPART_MAX_BYTES = 8 * 2**20
CHUNK_BYTES = 16 * 2**20

NDJSON = "application/x-ndjson"
_CONTENT_TYPES = {".json": "application/json", ".ndjson": NDJSON, ".parquet": "application/vnd.apache.parquet"}
_OTHER_TYPE = "application/octet-stream"


Guard = Callable[[], None]  # raises `Conflict` when the lake has another owner by now


class Unavailable(LakeError):
    """The lake did not do it this time; the same call may succeed later."""


class Refused(LakeError):
    """The lake does not do it, however often it is asked: no permission, no such bucket, a full disk."""


class Missing(Refused):
    """An object that should be there is not."""


class Conflict(LakeError):
    """The store holds something unexpected: other bytes, another version, another run's claim."""


def content_type_of(name: str) -> str:
    """The media type for the ending of an object's name."""
    return next((kind for ending, kind in _CONTENT_TYPES.items() if name.endswith(ending)), _OTHER_TYPE)


@dataclass(frozen=True)
class SealedFile:
    """A complete file on the staging disk, and what the lake must say of it."""

    path: Path
    name: str  # of the object, relative to the lake's prefix
    size: int  # bytes
    crc32c: int
    kind: str = ""  # media type; when empty, what the name's ending stands for

    @property
    def content_type(self) -> str:
        """The media type under which the lake keeps it."""
        return self.kind or content_type_of(self.name)


@dataclass(frozen=True)
class StoredObject:
    """What the lake says of an object."""

    name: str
    size: int
    crc32c: int  # -1 when the lake names none

    def matches(self, file: SealedFile) -> bool:
        """Whether the object holds the bytes of *file*."""
        return (self.size, self.crc32c) == (file.size, file.crc32c)


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a lake is opened for."""

    threads: int  # that upload at once
    overwrite: bool  # replace objects that hold other bytes
    retry_for_s: float  # how long whoever opens it tries again; the store itself may for a part of it


class Store(Protocol):
    """A lake. Threads may share a store.

    Calls raise `Unavailable` when trying again may help, `Refused` when it does not, and `Conflict` when something else
    lies there. What is written carries the media type of its kind.

    A *guard* is asked as close before a write as the store can, and again after it where another writer could come in
    between; a write that it then forbids is taken back.
    """

    @property
    def place(self) -> str:
        """Where it is, for people: ``gs://bucket/prefix`` or a folder."""

    def put_files(self, files: Sequence[SealedFile], guard: Guard | None = None) -> list[StoredObject | LakeError]:
        """Bring files in; for each, in order, the object that is now there, or why it is not.

        An object of that name that holds the same bytes counts as brought in. One that holds others is
        replaced only when the store was opened for overwriting.
        """

    def put_bytes(self, name: str, content: bytes, guard: Guard | None = None) -> None:
        """Write a small object, replacing one of that name."""

    def swap_bytes(self, name: str, old: bytes | None, new: bytes) -> bool:
        """Write a small object if it holds *old* (None: is not there); whether it was written, as far as is known.

        No other writer comes in between. False may also mean that it was written, but the answer got lost: look at
        what is there.
        """

    def get_bytes(self, name: str, most: int | None = None) -> bytes | None:
        """The content of a small object, its first *most* bytes at most; None when there is none."""

    def fetch(self, name: str, folder: Path) -> Path:
        """A file on this machine with the content of an object: a copy in *folder*, or the object itself."""

    def list(self, prefix: str) -> Iterator[str]:
        """Names of all objects that begin with *prefix*, in order, whoever wrote them."""

    def list_objects(self, prefix: str, *, checksums: bool = True) -> Iterator[StoredObject]:
        """All objects that begin with *prefix*, in order.

        Without *checksums*, those are left out that would have to be computed.
        """

    def open_object(self, name: str) -> BinaryIO | None:
        """The content of an object as a file, to be closed after reading; None when there is none."""

    def delete(self, names: Sequence[str], guard: Guard | None = None) -> None:
        """Remove objects; those that are not there do not matter, nor those that come there meanwhile."""

    def remove_unfinished(self) -> int:
        """Remove what killed writers left behind; the number of files. What a living one writes stays."""


def judged(store: Store, file: SealedFile, result: StoredObject | LakeError) -> StoredObject | LakeError:
    """The *result* of bringing *file* in; one that speaks of other bytes than were sent is `Unavailable`."""
    if isinstance(result, LakeError) or result.matches(file):
        return result
    return Unavailable(
        f"{store.place}/{file.name} has {result.size} bytes with CRC32C {result.crc32c:#010x},"
        f" but {file.size} bytes with {file.crc32c:#010x} were sent"
    )

"""A lake in a bucket that obstore reaches: Amazon S3 and what speaks its language, Azure Blob Storage."""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import crc32c
import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError

from wattif.errors import LakeError
from wattif.uploader.obstore_answers import names_no_bucket
from wattif.uploader.obstore_bucket import CRC32C, ObstoreBucket, Seen
from wattif.uploader.obstore_service import Service
from wattif.uploader.obstore_signed import delete_version
from wattif.uploader.store import (
    CHUNK_BYTES,
    Conflict,
    Guard,
    Refused,
    SealedFile,
    StoredObject,
    Unavailable,
    content_type_of,
)

if TYPE_CHECKING:
    from obstore import Attributes, PutMode
    from obstore.store import AzureStore, S3Store

_log = logging.getLogger("wattif.uploader")
ONE_REQUEST_BYTES = 64 * 2**20  # up to this, a file is held in memory and sent by one conditional request
_PARTS_AT_ONCE = 2  # of a larger file
_AT_ONCE = 50  # objects, between two looks at who owns the lake


class ObstoreStore(ObstoreBucket):
    """Objects of a bucket below a prefix.

    Each object carries the CRC32C of what was sent as metadata. It is confirmed by the MD5 that the service names for
    it; where it names none, or another, the object is read back.
    """

    def __init__(self, store: AzureStore | S3Store, service: Service, *, threads: int, overwrite: bool = False) -> None:
        """*store* is what lies below its prefix; *threads* upload at once."""
        super().__init__(store, service)
        self._threads = threads
        self._overwrite = overwrite
        self._wrong: dict[str, str] = {}  # ETags of what this run wrote and the service got wrong

    def put_files(self, files: Sequence[SealedFile], guard: Guard | None = None) -> list[StoredObject | LakeError]:
        """Upload files. No request replaces an object unseen; those in parts look before they end."""
        if guard is not None:
            guard()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="put") as pool:
            return list(pool.map(functools.partial(self._put_file, guard), files))

    def _put_file(self, guard: Guard | None, file: SealedFile) -> StoredObject | LakeError:
        try:
            return self._in_parts(file, guard) if file.size > ONE_REQUEST_BYTES else self._at_once(file, guard)
        except LakeError as error:
            return error

    def _at_once(self, file: SealedFile, guard: Guard | None) -> StoredObject:
        with self._calling(file.name):
            content = file.path.read_bytes()
        _check_staged(file, len(content), crc32c.crc32c(content))
        md5 = _md5(content).hexdigest()
        attributes = _attributes(file.content_type, file.crc32c)
        try:
            e_tag = self._write(file.name, content, attributes, _over(self._wrong.get(file.name)))
        except Conflict:
            seen = self._look(file.name)
            if seen is None:
                raise Unavailable(f"{self.place}/{file.name}: a conflicting object has disappeared again") from None
            found = self._holds(file, seen, md5)
            if found is not None:
                return found
            if guard is not None:
                guard()
            try:
                e_tag = self._write(file.name, content, attributes, _over(seen.e_tag))
            except Conflict:
                raise self._contested(file.name) from None
        return self._confirm(StoredObject(file.name, file.size, file.crc32c), e_tag, md5)

    def _in_parts(self, file: SealedFile, guard: Guard | None) -> StoredObject:
        seen = self._look(file.name)
        if seen is not None and seen.e_tag != self._wrong.get(file.name):
            found = self._holds(file, seen, None)
            if found is not None:
                return found
        parts = _Parts(file=file, guard=guard)
        with self._calling(file.name):
            put = obstore.put(
                self._store,
                file.name,
                parts.chunks(),
                attributes=_attributes(file.content_type, file.crc32c),
                use_multipart=True,
                chunk_size=CHUNK_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )
        e_tag = put["e_tag"] or ""
        self._take_back_unless(guard, file.name, e_tag)
        return self._confirm(StoredObject(file.name, file.size, file.crc32c), e_tag, parts.md5)

    def _holds(self, file: SealedFile, seen: Seen, md5: str | None) -> StoredObject | None:
        """The object under a file's name, if it holds the file's bytes; None when it may be replaced."""
        if seen.size == file.size:
            sent = StoredObject(file.name, file.size, file.crc32c)
            same = md5 is not None and self._service.md5_of(self._store, file.name, seen.e_tag) == md5
            found = sent if same else self._read_back(file.name, seen)
            if found.matches(file):
                return found
        if self._overwrite:
            return None
        raise Conflict(
            f"{self.place}/{file.name} holds bytes that are not this dataset's; remove it, or run with `overwrite`"
        )

    def _confirm(self, sent: StoredObject, e_tag: str, md5: str) -> StoredObject:
        """What the store holds of what was *sent*."""
        if self._service.md5_of(self._store, sent.name, e_tag) == md5:
            return sent
        _log.debug("%s/%s: is confirmed by reading it back", self.place, sent.name)
        seen = self._look(sent.name)
        if seen is None:
            raise Unavailable(f"{self.place}/{sent.name}: has disappeared again")
        found = self._read_back(sent.name, seen)
        if found != sent:
            self._wrong[sent.name] = seen.e_tag
        return found

    def put_bytes(self, name: str, content: bytes, guard: Guard | None = None) -> None:
        """Write a small object, replacing one of that name.

        With a *guard*, the object that is replaced is the one that was there when the guard was asked; and when the
        guard forbids it afterwards, what was written is removed again.
        """
        mode: PutMode = "overwrite"
        if guard is not None:
            before = self._look(name)
            mode = _over(None if before is None else before.e_tag)
            guard()
        sent = StoredObject(name, len(content), crc32c.crc32c(content))
        try:
            e_tag = self._write(name, content, _attributes(content_type_of(name), sent.crc32c), mode)
        except Conflict:
            if guard is not None:
                guard()
            if self.get_bytes(name) == content:  # another shard was faster
                return
            raise self._contested(name) from None
        self._take_back_unless(guard, name, e_tag)
        if self._confirm(sent, e_tag, _md5(content).hexdigest()) != sent:
            raise Unavailable(f"{self.place}/{name}: the bytes stored differ from those sent")

    def _take_back_unless(self, guard: Guard | None, name: str, e_tag: str) -> None:
        try:
            if guard is not None:
                guard()
        except Conflict:
            self._remove(name, e_tag)
            raise

    def swap_bytes(self, name: str, old: bytes | None, new: bytes) -> bool:
        """Write a small object if it holds *old*; the service compares ETags, so nobody comes in between."""
        mode: PutMode = "create"
        if old is not None:
            there = self._whole(name)
            if there is None or there[0] != old:
                return False
            mode = _over(there[1].e_tag)
        try:
            self._write(name, new, _attributes(content_type_of(name), crc32c.crc32c(new)), mode)
        except Conflict:
            return False
        return True

    def _write(self, name: str, content: bytes, attributes: Attributes, mode: PutMode) -> str:
        """Write an object; its ETag. `Conflict` when another one is there than *mode* says."""
        with self._calling(name):
            try:
                put = obstore.put(self._store, name, content, attributes=attributes, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                raise Conflict(f"{self.place}/{name}: another object has been written there") from None
        return put["e_tag"] or ""

    def _contested(self, name: str) -> Unavailable:
        return Unavailable(f"{self.place}/{name}: another process is writing the same object")

    def delete(self, names: Sequence[str], guard: Guard | None = None) -> None:
        """Remove objects; those that are not there do not matter.

        With a *guard*, only what lay there before it was asked is removed, never what a later owner brings in.
        """
        with ThreadPoolExecutor(self._threads, thread_name_prefix="delete") as pool:
            for first in range(0, len(names), _AT_ONCE):
                some = names[first : first + _AT_ONCE]
                if guard is None:
                    list(pool.map(self._delete, some))
                    continue
                seen = list(pool.map(self._look, some))
                guard()
                there = [(name, each.e_tag) for name, each in zip(some, seen, strict=True) if each is not None]
                list(pool.map(self._remove, *zip(*there, strict=True)) if there else ())

    def _remove(self, name: str, e_tag: str) -> None:
        """Remove an object if it still is the one with *e_tag*.

        Where no such request can be signed, another writer may come in between the look and the removal.
        """
        if delete_version(self._store, self.place, name, e_tag) is None:
            seen = self._look(name)
            if seen is not None and seen.e_tag == e_tag:
                self._delete(name)

    def _delete(self, name: str) -> None:
        with self._calling(name):
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError as error:
                if names_no_bucket(error):
                    raise

    def remove_unfinished(self) -> int:
        """Nothing: an upload that was broken off is no object. A rule of the bucket's removes its parts."""
        return 0


@dataclass(kw_only=True)
class _Parts:
    """A file in parts, which is looked at while it is sent."""

    file: SealedFile
    guard: Guard | None
    _digests: list[bytes] = field(default_factory=list)  # MD5 of each part

    def chunks(self) -> Iterator[bytes]:
        """The parts. What is wrong with them is raised before the last request: then no object appears."""
        size = checksum = 0
        with self.file.path.open("rb") as source:
            while chunk := source.read(CHUNK_BYTES):
                size, checksum = size + len(chunk), crc32c.crc32c(chunk, checksum)
                self._digests.append(_md5(chunk).digest())
                yield chunk
        _check_staged(self.file, size, checksum)
        if self.guard is not None:
            self.guard()

    @property
    def md5(self) -> str:
        """The MD5 of the parts' MD5s, and how many there are: as S3 writes the ETag of such an object."""
        return f"{_md5(b''.join(self._digests)).hexdigest()}-{len(self._digests)}"


def _check_staged(file: SealedFile, size: int, checksum: int) -> None:
    """`Refused` when the staged file does not hold what was sealed."""
    if (size, checksum) != (file.size, file.crc32c):
        raise Refused(f"{file.path}: differs from what was produced; check the disk, then run the same command again")


def _attributes(content_type: str, checksum: int) -> Attributes:
    return {"Content-Type": content_type, CRC32C: f"{checksum:08x}"}


def _over(e_tag: str | None) -> PutMode:
    """Write over the object with *e_tag*; None: over none."""
    return "create" if e_tag is None else {"e_tag": e_tag}


def _md5(content: bytes) -> hashlib._Hash:
    return hashlib.md5(content, usedforsecurity=False)

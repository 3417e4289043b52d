"""A lake in Google Cloud Storage."""

from __future__ import annotations

import base64
import contextlib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from google.api_core import exceptions as api
from google.cloud.storage import Blob, transfer_manager

from wattif.errors import LakeError
from wattif.uploader.gcs_answers import explain
from wattif.uploader.gcs_bucket import TIMEOUT_S, GcsBucket
from wattif.uploader.store import (
    CHUNK_BYTES,
    Conflict,
    Guard,
    SealedFile,
    StoredObject,
    Unavailable,
    content_type_of,
)

CLIENT_RETRY_S = 60.0  # the client tries again by itself: it alone can resume the upload of a chunk
_DELETED_AT_ONCE = 50  # between two looks at who owns the lake


def encode_crc32c(checksum: int) -> str:
    """A CRC32C as the JSON API writes it: four bytes, big-endian, in base64."""
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()


class GcsStore(GcsBucket):
    """Objects of a bucket below a prefix; files go through the Transfer Manager with threads."""

    def __init__(
        self, bucket: str, prefix: str, *, threads: int, overwrite: bool = False, retry_s: float = CLIENT_RETRY_S
    ) -> None:
        """Connect. *retry_s*: how long the client itself tries again. `LakeError` when there are no credentials."""
        super().__init__(bucket, prefix, threads=threads, retry_s=retry_s)
        self._overwrite = overwrite
        self._wrong: dict[str, int] = {}  # generations that this run wrote and the server got wrong

    def put_files(self, files: Sequence[SealedFile], guard: Guard | None = None) -> list[StoredObject | LakeError]:
        """Upload files; the server checks each against the CRC32C that was computed when it was produced.

        No upload replaces an object unseen: each names the generation that it expects, 0 for none.
        So a run that has lost the lake to another one cannot write over what that one has brought in.
        """
        if guard is not None:
            guard()
        results = self._upload(files, self._wrong)
        seen = {name: each.generation for name, each in results.items() if isinstance(each, _Occupied)}
        if seen and guard is not None:
            guard()
        if seen:
            results |= self._upload([file for file in files if file.name in seen], seen)
        final: list[StoredObject | LakeError] = []
        for file in files:
            result = results[file.name]
            if isinstance(result, _Occupied):
                result = Unavailable(f"{self.place}/{file.name}: another process is writing the same object")
            final.append(result)
        return final

    def _upload(
        self, files: Sequence[SealedFile], generations: Mapping[str, int]
    ) -> dict[str, StoredObject | LakeError | _Occupied]:
        outcomes: dict[str, StoredObject | LakeError | _Occupied] = {}
        by_generation: dict[int, list[SealedFile]] = {}
        for file in files:
            by_generation.setdefault(generations.get(file.name, 0), []).append(file)
        for generation, some in by_generation.items():
            blobs = [self._blob(file.name) for file in some]
            for blob, file in zip(blobs, some, strict=True):
                blob.crc32c = encode_crc32c(file.crc32c)  # the server refuses other bytes
                blob.content_type = file.content_type
                blob.chunk_size = CHUNK_BYTES
            answers = transfer_manager.upload_many(
                [(str(file.path), blob) for file, blob in zip(some, blobs, strict=True)],
                upload_kwargs={
                    "if_generation_match": generation,
                    "checksum": None,
                    "timeout": TIMEOUT_S,
                    "retry": self._retry,
                },
                worker_type=transfer_manager.THREAD,
                max_workers=self._threads,
            )
            for file, blob, answer in zip(some, blobs, answers, strict=True):
                outcomes[file.name] = self._judge(file, blob, answer)
        return outcomes

    def _judge(
        self, file: SealedFile, blob: Blob, outcome: BaseException | None
    ) -> StoredObject | LakeError | _Occupied:
        """What became of one file. 412 means only that another object of its name exists: it is looked at."""
        if isinstance(outcome, api.PreconditionFailed):
            try:
                there = self._calling(file.name, lambda: self._look_at(blob))
            except LakeError as error:
                return error
            if not there:
                return Unavailable(f"{self.place}/{file.name}: a conflicting object has disappeared again")
            found = self._stored(file.name, blob)
            if found.matches(file):
                return found
            if self._overwrite:
                return _Occupied(int(blob.generation))
            return Conflict(
                f"{self.place}/{file.name} holds bytes that are not this dataset's; remove it, or run with `overwrite`"
            )
        if outcome is not None:
            return explain(outcome, self._bucket.name, f"{self.place}/{file.name}")
        stored = self._stored(file.name, blob)
        if not stored.matches(file):
            self._wrong[file.name] = int(blob.generation or 0)
        return stored

    def put_bytes(self, name: str, content: bytes, guard: Guard | None = None) -> None:
        """Write a small object, replacing one of that name.

        With a *guard*, the object that is replaced is the one that was there when the guard was asked; and when the
        guard forbids it afterwards, what was written is removed again.
        """
        if guard is None:
            self._calling(name, lambda: self._write(name, content, None))
            return
        before = self._calling(name, lambda: self._generation_of(name))
        guard()
        try:
            generation = self._calling(name, lambda: self._write(name, content, before))
        except Conflict:
            guard()
            if self._calling(name, lambda: self.get_bytes(name)) == content:  # another shard was faster
                return
            raise Unavailable(f"{self.place}/{name}: another process is writing the same object") from None
        try:
            guard()
        except Conflict:
            self._calling(name, lambda: self._remove(name, generation))
            raise

    def swap_bytes(self, name: str, old: bytes | None, new: bytes) -> bool:
        """Write a small object if it holds *old*; the server compares generations, so nobody comes in between."""
        generation = 0
        if old is not None:
            generation = self._calling(name, lambda: self._generation_of(name))
            if not generation or self._calling(name, lambda: self._read(name, generation)) != old:
                return False
        try:
            self._calling(name, lambda: self._write(name, new, generation))
        except Conflict:
            return False
        return True

    def _write(self, name: str, content: bytes, generation: int | None) -> int:
        """Write an object over the *generation* that is there (0: none; None: whatever is); its new generation."""
        blob = self._blob(name)
        try:
            blob.upload_from_string(
                content,
                content_type_of(name),
                if_generation_match=generation,
                timeout=TIMEOUT_S,
                retry=self._retry,
            )
        except api.PreconditionFailed:
            raise Conflict(f"{self.place}/{name}: another object has been written there") from None
        return int(blob.generation or 0)

    def _remove(self, name: str, generation: int | None) -> None:
        with contextlib.suppress(api.NotFound, api.PreconditionFailed):
            self._blob(name).delete(if_generation_match=generation, timeout=TIMEOUT_S, retry=self._retry)

    def delete(self, names: Sequence[str], guard: Guard | None = None) -> None:
        """Remove objects; those that are not there do not matter.

        With a *guard*, only what lay there before it was asked is removed, never what a later owner brings in.
        """
        for first in range(0, len(names), _DELETED_AT_ONCE):
            some = names[first : first + _DELETED_AT_ONCE]
            there: dict[str, int | None] = dict.fromkeys(some)
            if guard is not None:
                there = {name: self._calling(name, functools.partial(self._generation_of, name)) for name in some}
                guard()
            for name, generation in there.items():
                if generation != 0:
                    self._calling(name, functools.partial(self._remove, name, generation))

    def remove_unfinished(self) -> int:
        """Nothing: an upload that was broken off is no object, and its session ends by itself."""
        return 0


@dataclass(frozen=True)
class _Occupied:
    """Other bytes lie under a file's name, and may be replaced."""

    generation: int

"""The staging folder: files are sealed here, wait for their batch, and are removed when the lake has confirmed them.

This is the only module that removes data from staging. Below the folder there is one of the dataset's fingerprint:

    dt=2024-01-01/readings-….json.part               being written
    dt=2024-01-01/readings-….json.crc32c-1a2b3c4d    sealed: complete, with the checksum it was produced with
    7.free                                           confirmed: the next file is written over it

Writing over a file's pages is three to four times as fast as writing new ones, so a confirmed file is not deleted
while there are more to write.

What an earlier run left is never brought into a lake: its bytes are a function of the dataset, and making them again
costs about as much as reading them, so nobody has to trust what lies in a folder. A leftover waits until its file is
made again, or until a manifest in the lake says that it is not needed any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import logging
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Event
from types import TracebackType

import crc32c

from wattif.engine.private import open_own, own_folder
from wattif.errors import Interrupted, StagingError
from wattif.uploader.store import NDJSON, SealedFile, StoredObject

_log = logging.getLogger("wattif.staging")
_LOCK = "wattif.lock"
_UNFINISHED = ".part"
_FREE = ".free"
_CHUNK = 1 << 18
_LOOK_AGAIN_S = 0.5
_SEALED = re.compile(r"(?P<name>.+)\.crc32c-(?P<crc32c>[0-9a-f]{8})")


class Staging:
    """The sealed files of one dataset; a context manager that holds the folder's lock.

    `StagingError` when the folder cannot be used, or another process still uses it after *wait_s* seconds;
    `Interrupted` when *stop* is set meanwhile.
    """

    def __init__(self, folder: Path, fingerprint: str, *, wait_s: float = 0.0, stop: Event | None = None) -> None:
        self._top = folder
        self._wait_s = wait_s
        self._stop = stop or Event()
        self._folder = folder / fingerprint[:16]
        self.leftovers: dict[str, Path] = {}  # sealed by an earlier run: path by object name
        self._free: list[Path] = []  # confirmed files, to be written over; `append` and `pop` are atomic
        self._numbers = itertools.count()

    def __enter__(self) -> Staging:
        try:
            self._lock = os.fdopen(open_own(self._top / _LOCK, 0o600), "r+")
        except OSError as error:
            raise StagingError(
                f"`staging_dir` {self._top}: cannot be written to ({error.strerror}); name another"
            ) from None
        try:
            self._wait_for_lock()
            self._lock.truncate(0)
            self._lock.write(str(os.getpid()))
            self._lock.flush()
            own_folder(self._folder)
            self._find_leftovers()
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for path in self._free:
            path.unlink(missing_ok=True)
        for folder in (*sorted(self._folder.rglob("*/"), reverse=True), self._folder):  # those within come first
            with contextlib.suppress(OSError):  # it is not empty, or not there
                folder.rmdir()
        self._lock.truncate(0)
        self._lock.close()

    def _wait_for_lock(self) -> None:
        until = time.monotonic() + self._wait_s
        while True:
            try:
                return fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._lock.seek(0)
                used = f"`staging_dir` {self._top} is in use by process {self._lock.read().strip() or 'unknown'}"
            if time.monotonic() >= until:
                raise StagingError(f"{used}; wait for it to end, or name another folder")
            _log.info("%s; waiting", used)
            if self._stop.wait(_LOOK_AGAIN_S):
                raise Interrupted("stopped")

    def _find_leftovers(self) -> None:
        for path in (*self._folder.glob("dt=*/*"), *self._folder.glob("*/dt=*/*")):
            sealed = _SEALED.fullmatch(path.name)
            if sealed and path.is_file() and not path.is_symlink():
                self.leftovers[path.relative_to(self._folder).with_name(sealed["name"]).as_posix()] = path
            elif path.name.endswith(_UNFINISHED) or path.is_symlink():
                path.unlink()
        for path in (*self._folder.glob(f"*{_FREE}"), *self._folder.glob("_wattif/**/*")):  # a table, half made
            if path.is_symlink() or not path.is_dir():
                path.unlink()
        strangers = [
            path.name
            for path in self._top.iterdir()
            if path.is_dir() and path != self._folder and re.fullmatch(r"[0-9a-f]{16}", path.name)
        ]
        if strangers:
            _log.warning(
                "%s holds files of another dataset (%s) that never reached the lake; finish that run or delete them",
                self._top,
                ", ".join(sorted(strangers)),
            )

    def supersede(self, file: SealedFile) -> None:
        """*file* was produced again: what an earlier run sealed under its name is not waited for any more."""
        path = self.leftovers.pop(file.name, None)
        if path is not None and path != file.path:  # else the new one lies over it
            path.unlink(missing_ok=True)

    def create(self, name: str, kind: str = NDJSON) -> Part:
        """Begin the file *name* of the media type *kind*, over a confirmed one where there is one."""
        path = self._folder / (name + _UNFINISHED)
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(IndexError):  # none is free
            self._free.pop().replace(path)
        return Part(path, name, kind)

    def discard(self, file: SealedFile, receipt: StoredObject) -> None:
        """Give *file* free, of which the lake says *receipt*; a local lake may have taken it by rename already."""
        if not receipt.matches(file):
            raise StagingError(f"{file.path} is kept, because the lake holds something else as {receipt.name}")
        free = self._folder / f"{next(self._numbers)}{_FREE}"
        with contextlib.suppress(FileNotFoundError):  # taken
            file.path.replace(free)
            self._free.append(free)

    def discard_leftovers(self, names: Iterable[str]) -> None:
        """Remove leftovers that committed batches of the lake hold: an earlier run ended before it could."""
        for name in names:
            path = self.leftovers.pop(name, None)
            if path is not None:
                path.unlink(missing_ok=True)


class Part:
    """A file that is being written: `write` it, then `seal` or `abandon` it."""

    def __init__(self, path: Path, name: str, kind: str = NDJSON) -> None:
        self._path = path
        self._kind = kind
        self._name = name
        self._file = open_own(path, 0o644)  # not truncated: its pages are wanted
        self._size = 0
        self._crc32c = 0

    def write(self, data: memoryview) -> None:
        """Append *data*; `OSError` as the file system gives it."""
        for start in range(0, len(data), _CHUNK):
            chunk = data[start : start + _CHUNK]
            self._crc32c = crc32c.crc32c(chunk, self._crc32c)
            self._size += len(chunk)
            while chunk:
                chunk = chunk[os.write(self._file, chunk) :]

    def seal(self) -> SealedFile:
        """Close the file and give it the name under which it is visible."""
        os.truncate(self._file, self._size)
        self._close()
        sealed = self._path.with_name(f"{self._path.name.removesuffix(_UNFINISHED)}.crc32c-{self._crc32c:08x}")
        self._path.replace(sealed)
        return SealedFile(sealed, self._name, self._size, self._crc32c, self._kind)

    def _close(self) -> None:
        """Close once: the system may have given the number to another thread's file since."""
        descriptor, self._file = self._file, -1
        if descriptor >= 0:
            os.close(descriptor)

    def abandon(self) -> None:
        """Remove what was written so far."""
        self._close()
        self._path.unlink(missing_ok=True)

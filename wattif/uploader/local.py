"""A lake that is a folder on this machine."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import crc32c

from wattif.errors import LakeError
from wattif.uploader.store import Conflict, Refused, SealedFile, StoredObject

_CHUNK = 1 << 20
_UNFINISHED = ".part"
_FILES_A_TASK = 64  # of a thread that looks at files: few enough to share large ones, enough to make tasks worth it


def file_crc32c(path: Path) -> int:
    """CRC32C of a file's content."""
    checksum = 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            checksum = crc32c.crc32c(chunk, checksum)
    return checksum


class LocalStore:
    """Objects are files below *folder*; each appears under its name only when it is complete."""

    def __init__(self, folder: Path, *, overwrite: bool = False) -> None:
        self._folder = folder
        self._overwrite = overwrite
        self._numbers = itertools.count()

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._folder)

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _unfinished(self, target: Path) -> Path:
        """A name that no other thread or process writes to."""
        return target.with_name(f"{target.name}.{os.getpid()}-{next(self._numbers)}{_UNFINISHED}")

    def put_files(self, files: Sequence[SealedFile]) -> list[StoredObject | LakeError]:
        """Move files in: by rename on the same file system, else by copy, read back and compared."""
        return [self._put_file(file) for file in files]

    def _put_file(self, file: SealedFile) -> StoredObject | LakeError:
        target = self._path(file.name)
        try:
            if target.exists() and not self._overwrite:
                found = StoredObject(file.name, target.stat().st_size, file_crc32c(target))
                if found.matches(file):
                    return found
                return Conflict(f"{target} holds other bytes than this dataset's; remove it, or run with --overwrite")
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                file.path.replace(target)
                return StoredObject(file.name, target.stat().st_size, file.crc32c)  # the very file that was sealed
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
            unfinished = self._unfinished(target)
            shutil.copyfile(file.path, unfinished)
            copied = StoredObject(file.name, unfinished.stat().st_size, file_crc32c(unfinished))
            if not copied.matches(file):
                unfinished.unlink()
                return Refused(
                    f"{unfinished}: the copy of {file.path} differs from what was produced;"
                    " check the disks, then run the same command again"
                )
            unfinished.replace(target)
            return copied
        except OSError as error:
            return _explain(error, target)

    def put_bytes(self, name: str, content: bytes) -> None:
        """Write a small object, replacing one of that name."""
        target = self._path(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self._unfinished(target)
            unfinished.write_bytes(content)
            unfinished.replace(target)
        except OSError as error:
            raise _explain(error, target) from error

    def create_bytes(self, name: str, content: bytes) -> bool:
        """Write a small object unless one of that name exists; whether it was written."""
        target = self._path(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self._unfinished(target)
            unfinished.write_bytes(content)
            try:
                os.link(unfinished, target)  # unlike a rename, fails when the name is taken
            finally:
                unfinished.unlink()
        except FileExistsError:
            return False
        except OSError as error:
            raise _explain(error, target) from error
        return True

    def get_bytes(self, name: str) -> bytes | None:
        """The content of a small object; None when there is none."""
        try:
            return self._path(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _explain(error, self._path(name)) from error

    def fetch(self, name: str, folder: Path) -> Path:
        """The file itself; `LakeError` when there is none."""
        path = self._path(name)
        if not path.is_file():
            raise Refused(f"{path} is committed, but not there; bring it back, or generate its day again")
        return path

    def list(self, prefix: str) -> Iterator[str]:
        """Names of all files that begin with *prefix*, folder by folder, in order."""
        top = self._path(prefix if prefix.endswith("/") else prefix.rpartition("/")[0])

        def fail(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise _explain(error, top)

        for path, folders, names in os.walk(top, onerror=fail):
            folder = Path(path).relative_to(self._folder).as_posix() + "/"
            folder = "" if folder == "./" else folder
            inner = (f"{folder}{name}/" for name in folders)
            kept = sorted(name for name in inner if name.startswith(prefix) or prefix.startswith(name))
            folders[:] = [name[len(folder) : -1] for name in kept]
            for name in sorted(names):
                if f"{folder}{name}".startswith(prefix) and not name.endswith(_UNFINISHED):
                    yield f"{folder}{name}"

    def list_objects(self, prefix: str, *, checksums: bool = True) -> Iterator[StoredObject]:
        """All files that begin with *prefix*, as `list` has them; several threads compute the *checksums*."""
        threads = os.cpu_count() or 1
        tasks: deque[Future[Sequence[StoredObject]]] = deque()
        names = self.list(prefix)
        with ThreadPoolExecutor(threads, thread_name_prefix="lister") as pool:
            while some := tuple(itertools.islice(names, _FILES_A_TASK)):
                tasks.append(pool.submit(self._look_at, some, checksums))
                if len(tasks) > 2 * threads:
                    yield from tasks.popleft().result()
            while tasks:
                yield from tasks.popleft().result()

    def _look_at(self, names: Sequence[str], checksums: bool) -> Sequence[StoredObject]:
        found = []
        for name in names:
            path = self._path(name)
            try:
                found.append(StoredObject(name, path.stat().st_size, file_crc32c(path) if checksums else -1))
            except FileNotFoundError:
                continue  # removed since it was listed
            except OSError as error:
                raise _explain(error, path) from error
        return found

    def open_object(self, name: str) -> BinaryIO | None:
        """The file; None when there is none."""
        try:
            return self._path(name).open("rb", buffering=0)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise _explain(error, self._path(name)) from error

    def delete(self, names: Sequence[str]) -> None:
        """Remove files, and the folders that this leaves empty."""
        for name in names:
            path = self._path(name)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise _explain(error, path) from error
            with contextlib.suppress(OSError):  # not empty yet
                path.parent.rmdir()


def _explain(error: OSError, target: Path) -> LakeError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Refused(f"{target}: the lake's disk is full; free some space, then run the same command again")
    return Refused(f"{target}: {error.strerror or error}; mend it, then run the same command again")

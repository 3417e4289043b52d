"""A lake that is a folder on this machine."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import itertools
import os
import shutil
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import crc32c

from wattif.errors import LakeError
from wattif.uploader.local_folder import explain
from wattif.uploader.store import Conflict, Guard, Missing, Refused, SealedFile, StoredObject

_CHUNK = 1 << 20
_UNFINISHED = "_wattif/unfinished"  # the folder of files that are being written
_FILES_PER_TASK = 64  # of a thread that looks at files: few enough to share large ones, enough to make tasks worth it


def open_file(path: Path) -> BinaryIO:
    """*path* to be read, unbuffered; `IsADirectoryError` when it is no regular file: a pipe would wait for ever."""
    file = io.FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise IsADirectoryError(errno.EISDIR, "not a file", str(path))
    return cast(BinaryIO, file)


def file_crc32c(path: Path, checksum: int = 0) -> int:
    """CRC32C of a file's content, after content of the *checksum*."""
    with open_file(path) as file:
        while chunk := file.read(_CHUNK):
            checksum = crc32c.crc32c(chunk, checksum)
    return checksum


@dataclass(frozen=True, kw_only=True)
class _Unfinished:
    """A file that has no name of the lake's yet."""

    path: Path
    file: BinaryIO


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

    def put_files(self, files: Sequence[SealedFile], guard: Guard | None = None) -> list[StoredObject | LakeError]:
        """Move files in: by rename on the same file system, else by copy, read back and compared."""
        return [self._put_file(file, guard) for file in files]

    def _put_file(self, file: SealedFile, guard: Guard | None) -> StoredObject | LakeError:
        target = self._path(file.name)
        try:
            if target.exists() and not self._overwrite:
                found = StoredObject(file.name, target.stat().st_size, file_crc32c(target))
                if found.matches(file):
                    return found
                return Conflict(f"{target} holds bytes that are not this dataset's; remove it, or run with `overwrite`")
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with self._held(guard):
                    file.path.replace(target)
                return StoredObject(file.name, target.stat().st_size, file.crc32c)  # the very file that was sealed
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
            return self._copy(file, target, guard)
        except OSError as error:
            return explain(error, target)
        except Conflict as error:
            return error

    def _copy(self, file: SealedFile, target: Path, guard: Guard | None) -> StoredObject | LakeError:
        with self._unfinished() as unfinished, file.path.open("rb") as source:
            shutil.copyfileobj(source, unfinished.file, _CHUNK)
            unfinished.file.flush()
            copied = StoredObject(file.name, unfinished.path.stat().st_size, file_crc32c(unfinished.path))
            if not copied.matches(file):
                return Refused(
                    f"{target}: the copy of {file.path} differs from what was produced;"
                    " check the disks, then run the same command again"
                )
            with self._held(guard):
                unfinished.path.replace(target)
        return copied

    def put_bytes(self, name: str, content: bytes, guard: Guard | None = None) -> None:
        """Write a small object, replacing one of that name."""
        target = self._path(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._unfinished() as unfinished:
                unfinished.file.write(content)
                unfinished.file.flush()
                with self._held(guard):
                    unfinished.path.replace(target)
        except OSError as error:
            raise explain(error, target) from error

    def swap_bytes(self, name: str, old: bytes | None, new: bytes) -> bool:
        """Write a small object if it holds *old*; other writers on this machine wait meanwhile."""

        def unchanged() -> None:
            if self.get_bytes(name) != old:
                raise Conflict(f"{self._path(name)}: changed in the meantime")

        try:
            self.put_bytes(name, new, unchanged)
        except Conflict:
            return False
        return True

    @contextlib.contextmanager
    def _held(self, guard: Guard | None) -> Iterator[None]:
        """The lake's folder, locked while *guard* is asked and what it allows is done; without a guard, nothing."""
        if guard is None:
            yield
            return
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            guard()
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _unfinished(self) -> Iterator[_Unfinished]:
        """A new file that is being written; removed at the end unless it got its name. Its lock says that we live."""
        folder = self._path(_UNFINISHED)
        path = folder / f"{os.getpid()}-{id(self):x}-{next(self._numbers)}"
        while True:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                file = path.open("xb")
            except (FileNotFoundError, FileExistsError):
                if folder.exists() and not folder.is_dir():
                    raise
                continue  # another run removed the empty folder
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists():
                break
            file.close()  # another run took it for a dead one's before it was locked
        try:
            with file:
                yield _Unfinished(path=path, file=file)
        finally:
            path.unlink(missing_ok=True)

    def remove_unfinished(self) -> int:
        """Remove what killed writers left behind; the number of files. What a living one writes stays."""
        removed = 0
        folder = self._path(_UNFINISHED)
        try:
            left = list(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):  # never made, or another run has tidied up
            return 0
        except OSError as error:
            raise explain(error, folder) from error
        try:
            for path in left:
                with contextlib.suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
                    removed += 1
            with contextlib.suppress(OSError):  # in use again, or gone
                folder.rmdir()
        except OSError as error:
            raise explain(error, folder) from error
        return removed

    def get_bytes(self, name: str, most: int | None = None) -> bytes | None:
        """The content of a small object; None when there is none."""
        try:
            with open_file(self._path(name)) as file:
                return file.read() if most is None else file.read(most)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise explain(error, self._path(name)) from error

    def fetch(self, name: str, folder: Path) -> Path:
        """The file itself; `LakeError` when there is none."""
        path = self._path(name)
        if not path.is_file():
            raise Missing(f"{path} is committed, but missing; restore it, or generate its day again")
        return path

    def list(self, prefix: str) -> Iterator[str]:
        """Names of all files that begin with *prefix*, folder by folder, in order; links to folders count as files."""
        top = self._path(prefix if prefix.endswith("/") else prefix.rpartition("/")[0])

        def fail(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise explain(error, top)

        for path, folders, names in os.walk(top, onerror=fail):
            folder = Path(path).relative_to(self._folder).as_posix() + "/"
            folder = "" if folder == "./" else folder
            inner = (f"{folder}{name}/" for name in folders)
            kept = sorted(name for name in inner if name.startswith(prefix) or prefix.startswith(name))
            links = [name for name in folders if (Path(path) / name).is_symlink()]
            folders[:] = [name[len(folder) : -1] for name in kept if name[len(folder) : -1] not in links]
            for name in sorted([*names, *links]):
                if f"{folder}{name}".startswith(prefix):
                    yield f"{folder}{name}"

    def list_objects(self, prefix: str, *, checksums: bool = True) -> Iterator[StoredObject]:
        """All files that begin with *prefix*, as `list` has them; several threads compute the *checksums*."""
        threads = os.cpu_count() or 1
        tasks: deque[Future[Sequence[StoredObject]]] = deque()
        names = self.list(prefix)
        with ThreadPoolExecutor(threads, thread_name_prefix="lister") as pool:
            while some := tuple(itertools.islice(names, _FILES_PER_TASK)):
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
                if not stat.S_ISREG(path.stat().st_mode):  # a link to a folder, a pipe
                    found.append(StoredObject(name, 0, -1))
                    continue
                found.append(StoredObject(name, path.stat().st_size, file_crc32c(path) if checksums else -1))
            except FileNotFoundError:
                continue  # removed since it was listed
            except OSError as error:
                raise explain(error, path) from error
        return found

    def open_object(self, name: str) -> BinaryIO | None:
        """The file; None when there is none."""
        try:
            return open_file(self._path(name))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise explain(error, self._path(name)) from error

    def delete(self, names: Sequence[str], guard: Guard | None = None) -> None:
        """Remove files, and the folders that this leaves empty."""
        for first in range(0, len(names), _FILES_PER_TASK):
            with self._held(guard):
                for name in names[first : first + _FILES_PER_TASK]:
                    self._delete(self._path(name))

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise explain(error, path) from error
        with contextlib.suppress(OSError):  # not empty yet
            path.parent.rmdir()

"""Folders and files that nobody else can have prepared: what lies in staging is ours, or it is refused by name."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from wattif.errors import StagingError

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def prepare_folder(folder: Path, *, create: bool) -> None:
    """Make sure that *folder* can be used; the default one is made, one that was named must exist.

    `StagingError` when it is not there, cannot be written to, or others could exchange what we put into it: it must
    belong to us, or to root, and others may write into it only as into a temporary folder (its sticky bit is set).
    """
    if create:
        with contextlib.suppress(OSError):  # what went wrong shows in the checks
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            own_folder(folder)
    if not folder.is_dir():
        raise StagingError(f"`staging_dir` {folder}: no such folder; create it or name another")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StagingError(f"`staging_dir` {folder}: is not writable; change its permissions or name another")
    state = folder.stat()
    if state.st_uid not in (os.geteuid(), 0):
        raise StagingError(
            f"`staging_dir` {folder}: belongs to user {state.st_uid}, who could replace its files; name another"
        )
    if state.st_mode & _OTHERS_WRITE and not state.st_mode & stat.S_ISVTX:
        raise StagingError(
            f"`staging_dir` {folder}: others could replace its files; run 'chmod go-w' on it, or name another"
        )


def own_folder(folder: Path) -> None:
    """Make *folder* with mode 0700, or make sure that the one that is there is a folder that only we can write to.

    `StagingError` when somebody else made it, or it is a link; `OSError` when it cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode):
        raise StagingError(f"{folder}: is not a folder; remove it, or name another `staging_dir`")
    if state.st_uid != os.geteuid() or state.st_mode & _OTHERS_WRITE:
        raise StagingError(
            f"{folder}: someone else created it or can write to it; remove it, or name another `staging_dir`"
        )


def open_own(path: Path, mode: int) -> int:
    """Open *path* for reading and writing, made where it is not there; the descriptor.

    `StagingError` when it is a link, no plain file, or somebody else's.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise
        raise StagingError(f"{path}: is not a regular file; remove it, or name another `staging_dir`") from None
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1 or state.st_uid != os.geteuid():
        os.close(descriptor)
        raise StagingError(f"{path}: is not a regular file of ours alone; remove it, or name another `staging_dir`")
    return descriptor

"""A folder as a lake: whether it can be one, and what the system's errors there mean."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from wattif.errors import LakeError
from wattif.uploader.store import Refused

_NO_PERMISSION = "no permission to read this folder; change its permissions or name another lake"


def check_folder(folder: Path) -> None:
    """`Refused` says why *folder* cannot be a lake: a file or a dangling link on its way, or no permission."""
    for path in (*reversed(folder.absolute().parents), folder.absolute()):
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
        except OSError:
            is_folder = None  # there is nothing, or nothing that can be looked at
        if is_folder:
            continue
        if path.is_symlink():
            raise Refused(
                f"{path}: a link to {path.readlink()}, which is not a folder; correct the link or the lake's name"
            )
        if is_folder is False:  # asked once: another run may be making it
            raise Refused(f"{path}: a file, not a folder; name another folder for the lake")
        parent = path.parent
        if not os.access(parent, os.R_OK | os.X_OK):
            raise Refused(f"{parent}: {_NO_PERMISSION}")
        return
    if not os.access(folder, os.R_OK | os.X_OK):
        raise Refused(f"{folder}: {_NO_PERMISSION}")


def explain(error: OSError, target: Path) -> LakeError:
    """What the system's *error* at *target* means to the user."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Refused(f"{target}: the lake's disk is full; free some space, then run the same command again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Refused(f"{target}: {error.strerror}; change the permissions or name another lake")
    return Refused(f"{target}: {error.strerror or error}; correct this, then run the same command again")

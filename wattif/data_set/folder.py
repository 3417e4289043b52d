"""The folder of a data set: it appears as a whole, or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wattif.errors import InvalidValue


@contextmanager
def whole_folder(
    target: Path, own: frozenset[str], is_same: Callable[[Path], bool], *, overwrite: bool
) -> Iterator[Path]:
    """An empty folder to write into, which takes the place of *target* at the end; removed when something fails.

    *own*: names of the files that a data set can have. What else lies in *target* is refused, or kept beside them with
    *overwrite*; so is a data set that is not the same, says *is_same*, or replaced. `InvalidValue` names `output_dir`.
    """
    target = target.resolve()  # what a link leads to, not the link
    if target == Path.cwd() or target in Path.cwd().parents:
        reason = "is where you are, or above it, and would be replaced as a whole; name a folder below"
        raise InvalidValue("output_dir", target, reason)
    new, old = (target.with_name(f".{target.name}.{state}") for state in ("unfinished", "replaced"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(new, target):
            try:
                _put_back(old, target, own)
                _check(target, own, is_same, overwrite=overwrite)
                yield new
                _exchange(new, target, old, own)
            finally:
                shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        if error.errno == errno.EBUSY:
            reason = "is a mount point, which cannot be replaced as a whole; name a folder in it"
            raise InvalidValue("output_dir", target, reason) from error
        where = f" ({error.filename})" if error.filename is not None else ""
        room = "make room, or " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        reason = f"{error.strerror or error}{where}; {room}name another folder"
        raise InvalidValue("output_dir", target, reason) from error


@contextmanager
def _locked(folder: Path, target: Path) -> Iterator[None]:
    """*folder*, empty, and nobody else's: what a killed run left there is removed."""
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), folder.stat()):  # it took the place of the target meanwhile
            raise BlockingIOError
        for each in folder.iterdir():
            each.unlink()
        yield
    except BlockingIOError:
        raise InvalidValue(
            "output_dir", target, "another run is writing it; wait for it, or name another folder"
        ) from None
    finally:
        os.close(descriptor)


def _check(target: Path, own: frozenset[str], is_same: Callable[[Path], bool], *, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise InvalidValue("output_dir", target, "is a file; name a folder")
    if not os.access(target, os.W_OK):
        raise InvalidValue("output_dir", target, "is not writable; change its permissions, or name another folder")
    there = {each.name for each in target.iterdir()}
    if not there or overwrite:
        return
    others = sorted(there - own)
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        reason = f"holds {others[0]}{more}; name another folder, or keep that beside the data set with `overwrite`"
        raise InvalidValue("output_dir", target, reason)
    if not is_same(target):
        reason = f"holds another data set ({min(there)}, …); name another folder, or replace it with `overwrite`"
        raise InvalidValue("output_dir", target, reason)


def _exchange(new: Path, target: Path, old: Path, own: frozenset[str]) -> None:
    if target.is_dir() and any(target.iterdir()):
        target.rename(old)
    new.rename(target)
    _put_back(old, target, own)


def _put_back(old: Path, target: Path, own: frozenset[str]) -> None:
    """Finish what a run did that was killed while it took the place of *target*: nothing that lay there is lost."""
    if not old.exists():
        return
    if not target.exists():
        old.rename(target)
        return
    for each in old.iterdir():
        if each.name not in own:
            each.rename(target / each.name)
    shutil.rmtree(old)

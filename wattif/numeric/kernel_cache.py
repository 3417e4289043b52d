"""Compiled kernels on disk: where they are kept, by which key, and how one is read back.

The first place that can be used is taken:

1. ``WATTIF_CACHE``, a folder;
2. ``wattif`` in the user's cache (``XDG_CACHE_HOME``, else ``~/.cache``), where all checkouts and environments of the
   same sources share one set of kernels;
3. the temporary folder;
4. none: kernels live in memory, and each process compiles its own. One warning says so.

A kernel is machine code that this process will run, so a place is used only if nobody else can write to it. A file
carries the checksum of its content: what is truncated or damaged is compiled anew. No error of a file system reaches
the caller.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pickle
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import compiler, serialize
from numba.core.runtime.nrt import rtsys

_LOG = logging.getLogger(__name__)
_DECLARES_KERNEL = re.compile(rb"^ *@(?:\w+\.)?kernel\b|\bkernel\(", re.M)
_IMPORTS = re.compile(rb"^ *(?:from|import) +(wattif[\w.]*)(?: +import +(\([^)]*\)|[^\n]*))?", re.M)
_PACKAGE = Path(__file__).resolve().parent.parent
_SUFFIX = ".kernel"
_CHECKSUM_BYTES = hashlib.sha256().digest_size


def kernel_sources(package: Path) -> list[Path]:
    """Every module below *package* that declares a kernel, and all that such a module imports of the package, in order.

    These are all the sources that can change what a kernel compiles to. Found in their text: importing them would
    take longer than it may.
    """
    texts = {path: path.read_bytes() for path in package.rglob("*.py")}
    waiting = [path for path, text in texts.items() if _DECLARES_KERNEL.search(text)]
    found: set[Path] = set()
    while waiting:
        source = waiting.pop()
        if source in found:
            continue
        found.add(source)
        for module, names in _IMPORTS.findall(texts[source]):
            place = package.parent.joinpath(*module.decode().split("."))
            parts = [place / name for name in re.findall(r"\w+", names.decode())]
            for each in (place, *parts):
                waiting += [path for path in (each.with_suffix(".py"), each / "__init__.py") if path in texts]
    return sorted(found)


def kernels_key(package: Path) -> str:
    """What the compiled kernels of *package* depend on, beside the machine: their sources, numba, its switches, Python.

    numba's own cache notices a change of the file that a kernel stands in, but not of the files of the kernels it
    calls; a stale kernel would write wrong bytes.
    """
    digest = hashlib.sha256()
    switches = sorted(item for item in os.environ.items() if item[0].startswith("NUMBA_"))
    digest.update(repr((numba.__version__, sys.version_info[:2], switches)).encode())
    for source in kernel_sources(package):
        digest.update(f"\0{source.relative_to(package)}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _places(name: str) -> Iterator[tuple[Path, int]]:
    """Folders that may hold the kernels *name*, the first choice first, each with its mode when it is made."""
    if named := os.environ.get("WATTIF_CACHE"):
        yield Path(named).absolute() / name, 0o755
    user_cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not user_cache.is_absolute():
        with contextlib.suppress(RuntimeError):  # no HOME, and a user without an entry in the password file
            home = Path.home()
            user_cache = home / ".cache" if home.is_dir() else user_cache
    if user_cache.is_absolute():
        yield user_cache / "wattif" / name, 0o755
    with contextlib.suppress(OSError):  # nowhere to write
        temporary = Path(tempfile.gettempdir())
        if temporary != Path.cwd():  # which it names for want of another
            yield temporary / f"wattif-{os.geteuid()}-{name}", 0o700


def _is_ours(folder: Path, mode: int) -> bool:
    """Whether *folder* is there, or can be made, and nobody but us and root can write to it."""
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        about = folder.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid not in (os.geteuid(), 0) or about.st_mode & 0o022:
            return False
        return os.access(folder, os.R_OK | os.W_OK | os.X_OK) or any(folder.glob(f"*{_SUFFIX}"))
    except OSError:
        return False


@cache
def kernel_folder() -> Path | None:
    """The folder of the compiled kernels of these sources; None if they can only be kept in memory."""
    with contextlib.suppress(OSError):
        name = f"kernels-{kernels_key(_PACKAGE)}"
        for folder, mode in _places(name):
            if _is_ours(folder, mode):
                return folder
    _LOG.warning("compiled kernels are kept in memory only, so each start compiles again; set WATTIF_CACHE to a folder")
    return None


class KernelCache:
    """numba's interface to the files of one kernel; *on_miss* is called before the kernel is compiled."""

    def __init__(self, name: str, on_miss: Callable[[str], None]) -> None:
        self._name = name
        self._on_miss = on_miss

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The compiled kernel, or None if there is none that can be read."""
        rtsys.initialize(target_context)  # all that a kernel calls; what compiles one is loaded when one is compiled
        file = self._file(signature, target_context.codegen())
        content = b""
        if file is not None:
            with contextlib.suppress(OSError):
                content = file.read_bytes()
        checksum, payload = content[:_CHECKSUM_BYTES], content[_CHECKSUM_BYTES:]
        if hashlib.sha256(payload).digest() != checksum:
            self._on_miss(self._name)
            return None
        return compiler.CompileResult._rebuild(target_context, *pickle.loads(payload))

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep a compiled kernel, if there is a place for it."""
        file = self._file(signature, compiled.codegen)
        if file is None or compiled.library.has_dynamic_globals:
            return
        payload = serialize.dumps(compiled._reduce())
        with contextlib.suppress(OSError), tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as part:
            try:
                os.fchmod(part.fileno(), 0o644)  # others may read what is in an image; the folder says who may write
                part.write(hashlib.sha256(payload).digest() + payload)
                part.close()
                Path(part.name).replace(file)
            except OSError:
                Path(part.name).unlink()

    def _file(self, signature: Any, codegen: Any) -> Path | None:
        folder = kernel_folder()
        if folder is None:
            return None
        variant = hashlib.sha256(repr((signature, codegen.magic_tuple())).encode()).hexdigest()[:16]
        return folder / f"{self._name}-{variant}{_SUFFIX}"

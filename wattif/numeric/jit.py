"""The hot loops, compiled by numba to machine code that runs without the interpreter lock.

Every compiled function of the project is declared with `kernel`. There is no ``fastmath`` and no call into
the C library's ``exp`` or ``cos`` (see `wattif.numeric.ieee`), so that a kernel gives the same bits on every
machine.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

_CONFIG: Any = numba.config
_DECLARES_KERNEL = re.compile(rb"^ *@(?:jit\.)?kernel\b", re.M)
_IMPORTS = re.compile(rb"^ *(?:from|import) +(wattif[\w.]*)(?: +import +(\([^)]*\)|[^\n]*))?", re.M)
_Function = TypeVar("_Function", bound=Callable[..., object])


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


def _cache_folder() -> Path:
    """Where compiled kernels are kept: one folder per state of the sources.

    numba's own cache notices a change of the file a kernel stands in, but not of the files of the kernels it
    calls; a stale kernel would write wrong bytes. So the folder's name is a digest of all these sources.
    """
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for source in kernel_sources(package):
        digest.update(source.read_bytes())
    home = Path(_CONFIG.CACHE_DIR or package / "__pycache__")
    if not os.access(home if home.exists() else home.parent, os.W_OK):
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wattif"
    return home / f"kernels-{digest.hexdigest()[:16]}"


CACHE_FOLDER = _cache_folder()
_CONFIG.CACHE_DIR = str(CACHE_FOLDER)


def kernel(function: _Function) -> _Function:
    """Compile *function* on first use, keep it on disk, and release the interpreter lock while it runs."""
    return cast(_Function, numba.njit(nogil=True, cache=True, error_model="numpy")(function))


def are_compiled() -> bool:
    """Whether an earlier process has left compiled kernels for this machine."""
    return any(CACHE_FOLDER.glob("**/*.nbi"))

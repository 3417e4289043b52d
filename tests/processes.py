"""The environment of a program that a test starts: nothing of the user's but where to find programs and kernels."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from wattif.numeric.kernel_cache import kernel_folder


def environment(home: Path, **more: str) -> dict[str, str]:
    """*home* is the program's home; kernels that are compiled already are found, too."""
    known = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": tempfile.gettempdir(), "NO_GCE_CHECK": "true"}
    folder = kernel_folder()
    if folder is not None:
        known["WATTIF_CACHE"] = str(folder.parent)
    return {**known, **more}


def without_compiling(error: str) -> str:
    """What a program said on standard error, but for the kernels that it compiled: another test may have come first."""
    return "".join(line for line in error.splitlines(keepends=True) if not line.startswith("compiling "))

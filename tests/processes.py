"""The environment of a program that a test starts: nothing of the user's but where to find programs and kernels."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
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


def wait_until_it_listens_to_signals(process: subprocess.Popen[str], seconds: float = 60.0) -> None:
    """Come back when a verb that *process* runs handles SIGTERM, or has ended."""
    end = time.monotonic() + seconds
    while process.poll() is None and not _handles(process.pid, signal.SIGTERM):
        assert time.monotonic() < end, f"waited for {seconds} s in vain"
        time.sleep(0.02)


def _handles(process: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal, as Linux tells by one bit for each."""
    caught = re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)

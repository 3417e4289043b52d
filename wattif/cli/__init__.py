"""The command line: one verb, one file. `python generator.py …` is `python -m wattif generate …`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from wattif.cli.main import main as do


def main(arguments: Sequence[str] | None = None, program: str | None = None) -> int:
    """The program `wattif`, in a process of its own; see `wattif.cli.main.main`.

    No kernel multiplies matrices. So numba need not find scipy's BLAS: it takes time and memory to load, and under a
    limit of memory (ulimit -v) OpenBLAS waits for ever, deaf to signals.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if "scipy" not in sys.modules:
        sys.modules["scipy"] = None  # type: ignore[assignment]  # as if it were not installed
    code = do(arguments, program)
    if code == 1:  # libraries that lack memory may crash on their way out, or wait for threads that never began
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code

"""What is said before the first reading is computed."""

from __future__ import annotations

import sys


def announce_compiling() -> None:
    """Say that kernels are compiled, when they are not yet."""
    from wattif.numeric import jit

    if not jit.are_compiled():
        print("compiling the model for this machine; only the first run does", file=sys.stderr)

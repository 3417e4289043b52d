"""What is said before the first reading is computed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager


class CompilingLines:
    """Says which kernels are compiled: a line each, and before the first one, why it takes so long."""

    def __init__(self) -> None:
        self._told = False

    def __call__(self, kernel: str) -> None:
        """Say that *kernel* is compiled; around progress bars, if there are any."""
        from tqdm import tqdm

        if not self._told:
            self._told = True
            tqdm.write("compiling the model for this machine; only the first run does", file=sys.stderr)
        tqdm.write(f"compiling {kernel}", file=sys.stderr)


def telling_what_compiles() -> AbstractContextManager[None]:
    """While it is entered, standard error shows which kernels are compiled."""
    from wattif.numeric import jit

    tell: Callable[[str], None] = CompilingLines()
    return jit.on_compile(tell)

"""What is logged, on standard error."""

from __future__ import annotations

import logging
import sys


def log_to_stderr(*, verbose: bool) -> None:
    """Warnings, or each step with its time."""
    level = logging.DEBUG if verbose else logging.WARNING
    form = "%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s" if verbose else "%(levelname)s: %(message)s"
    logging.basicConfig(stream=sys.stderr, format=form, datefmt="%H:%M:%S")
    for handler in logging.getLogger().handlers:
        handler.setLevel(level)
    logging.getLogger("wattif").setLevel(level)
    if not verbose:  # what its warnings say comes as an error of ours
        logging.getLogger("google").setLevel(logging.ERROR)

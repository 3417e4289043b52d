"""The command line: one verb, one file. `python generator.py …` is `python -m wattif generate …`."""

from wattif.cli.main import main

__all__ = ["main"]

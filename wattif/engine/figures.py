"""The figures of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Figures:
    """What a run did.

    Attributes
    ----------
    readings
        Rows of readings that it made.
    files
        Files that it brought into the lake.
    bytes
        Size of these files.
    batches
        Batches that it committed.
    batches_skipped
        Batches that an earlier run committed.
    seconds
        Time while producing and storing.
    total_seconds
        Time with what comes before: opening the lake, compiling, the tables that are made whole.
    """

    readings: int = 0
    files: int = 0
    bytes: int = 0
    batches: int = 0
    batches_skipped: int = 0
    seconds: float = 0.0
    total_seconds: float = 0.0

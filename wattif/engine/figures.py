"""The figures of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Figures:
    """What a run did."""

    readings: int = 0
    files: int = 0
    bytes: int = 0
    batches: int = 0
    batches_skipped: int = 0  # committed by an earlier run
    seconds: float = 0.0  # while producing and storing
    total_seconds: float = 0.0  # with what comes before: opening the lake, compiling, the tables that are made whole

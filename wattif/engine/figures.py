"""The figures of a run."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from wattif.engine.lateness import lateness_of
from wattif.lake.runs import Lateness


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
    late_s
        By how many seconds each batch landed after its time by the plan; empty without one.
    """

    readings: int = 0
    files: int = 0
    bytes: int = 0
    batches: int = 0
    batches_skipped: int = 0
    seconds: float = 0.0
    total_seconds: float = 0.0
    late_s: list[float] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Count what *other* did, too."""
        for each in fields(Figures):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    @property
    def lateness(self) -> Lateness | None:
        """How late batches landed; None without a plan of arrival."""
        return lateness_of(self.late_s)

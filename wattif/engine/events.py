"""What happens during a run, as small records that the caller can draw, log, or stream.

def show(event: Event) -> None:
    if isinstance(event, BatchCommitted):
        print(event.partition, event.bytes)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from wattif.uploader.retrying import Attempt, log_attempt


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something happened."""


@dataclass(frozen=True, kw_only=True)
class RunPlanned(Event):
    """The first event of a run: all that will be in the lake, including what is already there."""

    rows: int
    bytes: int
    batches: int


@dataclass(frozen=True, kw_only=True)
class LandingsPlanned(Event):
    """The run lands its batches by a plan: after `RunPlanned`, in seconds from now; below zero: overdue."""

    first_s: float
    last_s: float


@dataclass(frozen=True, kw_only=True)
class RowsMade(Event):
    """Rows were written to staging, or found there; a negative number when an unfinished file was given up."""

    rows: int


@dataclass(frozen=True, kw_only=True)
class TotalAdjusted(Event):
    """Faults on the way change what `RunPlanned` said, by so much."""

    rows: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class FileStored(Event):
    """A file is in the lake, confirmed."""

    bytes: int


@dataclass(frozen=True, kw_only=True)
class _OfBatch(Event):
    table: str
    partition: str
    index: int


@dataclass(frozen=True, kw_only=True)
class BatchWaits(_OfBatch):
    """A batch is made, and waits for the time at which it lands by the plan."""

    wait_s: float


@dataclass(frozen=True, kw_only=True)
class BatchLanded(_OfBatch):
    """A batch that has a time by the plan is in the lake."""

    late_s: float  # after that time


@dataclass(frozen=True, kw_only=True)
class _SizedBatch(_OfBatch):
    rows: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class BatchCommitted(_SizedBatch):
    """A batch is complete: its manifest is in the lake."""

    files: int


@dataclass(frozen=True, kw_only=True)
class BatchSkipped(_SizedBatch):
    """A batch was committed by an earlier run; rows and bytes are those of its plan."""


@dataclass(frozen=True, kw_only=True)
class Retrying(Event):
    """The store did not answer, and is asked again."""

    attempt: int  # the one that failed, from 1 on
    tried_for_s: float
    wait_s: float


@dataclass(frozen=True, kw_only=True)
class Compiling(Event):
    """A kernel is compiled for the first time on this machine."""

    kernel: str


Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener of those who do not care."""


class Events:
    """Hands events to one listener, one at a time, whichever threads they come from."""

    def __init__(self, listener: Listener = ignore) -> None:
        self._listener = listener
        self._lock = threading.Lock()

    def tell(self, event: Event) -> None:
        """Hand on *event*; what the listener raises ends the run."""
        with self._lock:
            self._listener(event)

    def tell_retry(self, attempt: Attempt) -> None:
        """Hand on what a store says of an attempt that failed; its error goes to the log."""
        log_attempt(attempt)
        self.tell(Retrying(attempt=attempt.number, tried_for_s=attempt.tried_for_s, wait_s=attempt.wait_s))

    def tell_compiling(self, kernel: str) -> None:
        """Hand on that a kernel is compiled."""
        self.tell(Compiling(kernel=kernel))

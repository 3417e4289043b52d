"""What a verb of the command line is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Generic, TypeVar

from wattif.cli.options import Options, Stored

AnyOptions = TypeVar("AnyOptions", bound=Options)


@dataclass(frozen=True, kw_only=True)
class Verb(Generic[AnyOptions]):
    """A verb: its options, and what it does with them."""

    options: type[AnyOptions]
    run: Callable[[AnyOptions, Event], int]  # returns the exit code; ends early when the event is set
    interrupted: str  # what an interrupted run says
    stored: Stored | None = None  # where to look for options that were not given
    ends_when_asked: bool = True  # looks at the event; others are interrupted where they are

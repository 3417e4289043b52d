"""The parts that the hours of a dataset are computed in, and what a part holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from threading import Event
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wattif.engine.ordered import in_order
from wattif.numeric.calendar import day_number, month_after

MEASURED, DELIVERED, DEDUPLICATED = range(3)
WITHOUT, OFF_GRID, MISPLACED = range(3)  # readings of an hour without the renamed column, not at the beginning of an
# interval, and not of the UTC day of their partition
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Renamed:
    """A column that has another name, and so no value under its own, in the partitions from a day on."""

    column: str
    since: date


@dataclass(frozen=True)
class Span:
    """A block of meters in a month: a unit of work."""

    month: date  # its first day
    first_meter: int
    meters: int

    @property
    def days(self) -> range:
        """Its days since 1970."""
        return range(day_number(self.month), day_number(month_after(self.month)))


@dataclass(frozen=True)
class PartHours:
    """What a part's hours hold. The views are those of `VIEWS`, or one that stands for all when they are equal."""

    part: Span
    cells: NDArray[np.int64]  # (views, meters, hours of the month, width of a cell)
    totals: NDArray[np.int64]  # (views, days of the month, 2 + quantities), by partition
    odd: NDArray[np.int64]  # (views, meters, hours of the month, 3): so many are `WITHOUT`, `OFF_GRID`, `MISPLACED`
    local: NDArray[np.int64]  # (views, meters, local days of the month, 2): readings and energy, where asked for
    causes: Counter[str] = field(default_factory=Counter)  # rows by which delivered ones differ from measured ones


def in_threads(parts: Iterable[Span], work: Callable[[Span], _Result], workers: int, stop: Event) -> Iterator[_Result]:
    """*work* on each of *parts* by so many threads, results in order; no more than *workers* + 1 are kept."""
    with ThreadPoolExecutor(workers, thread_name_prefix="hours") as pool:
        try:
            yield from in_order(pool, work, parts, workers)
        except BaseException:
            stop.set()  # what is being computed need not be finished
            raise

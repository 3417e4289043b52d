"""Readings that a clock which was reset puts into other years: which meters' days reach into which month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from wattif.answers.hour_parts import Span
from wattif.model.measuring import MeasuredEvent
from wattif.numeric.calendar import day_of


class FarClocks:
    """The far days of *events*, on which true *days* (since 1970) they occur, and what months they belong to.

    *around*: how many days before and after a UTC day its moments may belong to: 1 where local days count.
    """

    def __init__(self, events: Iterable[MeasuredEvent], days: range, around: int) -> None:
        self._around = around
        self._told = sorted(
            (told, day, event.event.meter) for event in events for day, told in event.far_days if day in days
        )

    def months(self) -> set[date]:
        """The first days of all months that far days belong to."""
        return {
            day_of(told + shift).replace(day=1)
            for told in {told for told, _, _ in self._told}
            for shift in range(-self._around, self._around + 1)
        }

    def days_of(self, part: Span) -> Iterator[tuple[int, int]]:
        """The true days and meters of which readings may fall into *part*, each once, in order."""
        meters = range(part.first_meter, part.first_meter + part.meters)
        told_days = range(part.days.start - self._around, part.days.stop + self._around)
        yield from sorted({(day, meter) for told, day, meter in self._told if told in told_days and meter in meters})

"""Readings block by block: the columns that the model gives, and what they cannot say."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wattif.model import quantities
from wattif.model.reported import Mark, ReportedDays
from wattif.model.scenario import Scenario
from wattif.numeric.calendar import DAY_S
from wattif.tables.block import Rows, TakenRows
from wattif.tables.column import Column
from wattif.tables.unit import Unit


@dataclass(frozen=True, kw_only=True)
class ReadingsBlock:
    """A day of some consecutive meters of one city; see `wattif.tables.block.Block`."""

    fields: tuple[Column, ...]
    day: date
    first: int
    city: str
    macs: NDArray[np.uint64]
    quantities: NDArray[np.int64]  # (meters, quantities, readings); valid until the next block is made
    marks: tuple[Mark, ...]  # rows that are not sent, wrong clocks, negative power

    @property
    def count(self) -> int:
        """Number of meters."""
        return len(self.macs)

    @property
    def slots(self) -> int:
        """Readings of a meter's day."""
        return int(self.quantities.shape[2])

    @property
    def interval_s(self) -> int:
        """Seconds between two readings."""
        return DAY_S // self.slots

    @cached_property
    def sent(self) -> NDArray[np.bool_] | None:
        """Which readings are rows, (meters, readings); None when all of them are."""
        marks = [mark for mark in self.marks if mark.sent is not None and not mark.sent.all()]
        if not marks:
            return None
        sent = np.ones((self.count, self.slots), np.bool_)
        for mark in marks:
            sent[mark.place] = mark.sent
        return sent

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """See `Block.places`."""
        return np.arange(self.count * self.slots) if self.sent is None else np.flatnonzero(self.sent)

    @cached_property
    def clock_s(self) -> NDArray[np.int64]:
        """How far the meters' clocks are ahead, (meters, readings)."""
        clock_s = np.zeros((self.count, self.slots), np.int64)
        for mark in self.marks:
            if mark.clock_s is not None:
                clock_s[mark.place] = mark.clock_s
        return clock_s

    @cached_property
    def negative(self) -> NDArray[np.bool_]:
        """Where the power has the wrong sign, (meters, readings)."""
        negative = np.zeros((self.count, self.slots), np.bool_)
        for mark in self.marks:
            if mark.negative is not None:
                negative[mark.place] = mark.negative
        return negative

    def values(self, column: str, rows: Rows | None = None) -> NDArray[Any]:
        """See `Block.values`."""
        field = next(field for field in self.fields if field.name == column)
        meters, readings = np.divmod(self.places if rows is None else self.places[rows], self.slots)
        if field.kind == "mac":
            return self.macs[meters]
        if field.kind == "city":
            return np.full(len(meters), self.city)
        if field.kind == "timestamp":
            seconds = readings * self.interval_s + self.clock_s[meters, readings]
            times: NDArray[Any] = np.datetime64(self.day, "s") + seconds.astype("timedelta64[s]")
            return times
        found: NDArray[Any] = self.quantities[meters, field.quantity, readings]
        if field.quantity == quantities.POWER_W:
            found = np.where(self.negative[meters, readings], -found, found)
        return found

    def whose(self, rows: Rows) -> tuple[NDArray[np.uint64], NDArray[np.datetime64]]:
        """See `Block.whose`; in rows without a time, the start of the interval."""
        meters, readings = np.divmod(self.places[rows], self.slots)
        seconds = readings * self.interval_s
        if self._has_clocks:
            seconds += self.clock_s[meters, readings]
        return self.macs[meters], np.datetime64(self.day, "s") + seconds.astype("timedelta64[s]")

    @cached_property
    def _has_clocks(self) -> bool:
        """Whether rows tell what a wrong clock shows."""
        told = any(field.kind == "timestamp" for field in self.fields)
        return told and any(mark.clock_s is not None for mark in self.marks)

    def take(self, rows: Rows) -> TakenRows:
        """See `Block.take`."""
        return TakenRows({field.name: self.values(field.name, rows) for field in self.fields})

    def copy(self) -> ReadingsBlock:
        """See `Block.copy`."""
        return replace(self, quantities=self.quantities.copy())


class ReadingBlocks:
    """Makes the blocks of any unit of readings: a pure function of the unit. Threads may share it."""

    def __init__(self, scenario: Scenario, fields: Sequence[Column]) -> None:
        self._scenario = scenario
        self._fields = tuple(fields)
        self._electrical = any(field.quantity in quantities.ELECTRICAL for field in fields)
        self._own = threading.local()

    def of(self, unit: Unit) -> Iterator[ReadingsBlock]:
        """The unit's readings, in blocks that end with a transformer; each is valid until the next is asked for."""
        world, scenario = self._scenario.world, self._scenario
        if not hasattr(self._own, "days"):
            self._own.days = ReportedDays(world, scenario.fleet, self._scenario.events, electrical=self._electrical)
        days: ReportedDays = self._own.days
        first, end, day = unit.first, unit.last + 1, unit.day
        macs = scenario.fleet.part(unit.first, unit.count).macs
        while first < end:
            count = min(days.block_meters, world.network.neighbors(first), end - first)
            columns, marks = days.compute(day, first, count)
            yield ReadingsBlock(
                fields=self._fields,
                day=day,
                first=first,
                city=world.city_of(first).id,
                macs=macs[first - unit.first :][:count],
                quantities=columns,
                marks=tuple(marks),
            )
            first += count

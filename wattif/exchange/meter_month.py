"""A month of local days of a meter, collected from the UTC days of the dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wattif.exchange.periods import Period
from wattif.exchange.quality import NOT_SENT
from wattif.model import quantities
from wattif.model.fleet import mac_text
from wattif.model.scenario import Scenario
from wattif.numeric.calendar import DAY_S, day_of
from wattif.tables.reading_blocks import ReadingBlocks
from wattif.tables.readings import READINGS
from wattif.tables.unit import Unit

_BUFFER_READINGS = 1 << 20  # of a group of meters: 40 MB
# a column of energy, and the register that adds it up
REGISTER_OF = {
    "consumption_wh": quantities.REGISTER_WH,
    "export_wh": quantities.EXPORT_REGISTER_WH,
}
ENERGY_OF = {"consumption_wh": quantities.CONSUMPTION_MWH, "export_wh": quantities.EXPORT_MWH}
_KEPT = (*ENERGY_OF.values(), *REGISTER_OF.values())  # columns of a block of readings


@dataclass(frozen=True, kw_only=True)
class MeterMonth:
    """What a meter reported in whole UTC days, and which of it the period is; arrays have one element a reading."""

    number: int
    mac: int
    city: str
    period: Period
    interval_s: int
    first_s: int  # where the first reading of the arrays begins, seconds since 1970
    columns: NDArray[np.int64]  # (kept columns, readings)
    status: NDArray[np.int64]  # flags as in the column `status`; `NOT_SENT` where no row came

    @property
    def mac_text(self) -> str:
        """Its MAC address as readings write it."""
        text: str = mac_text(np.array([self.mac], np.uint64))[0].decode()
        return text

    @cached_property
    def _within(self) -> slice:
        return self.between(self.period.start_s, self.period.end_s)

    def between(self, start_s: int, end_s: int) -> slice:
        """The readings from one moment to another."""
        return slice((start_s - self.first_s) // self.interval_s, (end_s - self.first_s) // self.interval_s)

    def energy_mwh(self, energy: str, part: slice | None = None) -> NDArray[np.int64]:
        """A column of energy in mWh, of the period or of *part* of the arrays; 0 where no row came."""
        own = part or self._within
        found: NDArray[np.int64] = np.where(
            self.status[own] == NOT_SENT, 0, self.columns[_KEPT.index(ENERGY_OF[energy]), own]
        )
        return found

    def register_wh(self, energy: str) -> NDArray[np.int64]:
        """The register of a column of energy at the end of each reading of the arrays, in Wh."""
        found: NDArray[np.int64] = self.columns[_KEPT.index(REGISTER_OF[energy])]
        return found

    def status_within(self, part: slice | None = None) -> NDArray[np.int64]:
        """The flags of the period, or of *part* of the arrays."""
        return self.status[part or self._within]


class MeterMonths:
    """Makes months of meters. Memory is bounded by `_BUFFER_READINGS`, and grows with the days of a month."""

    def __init__(self, scenario: Scenario) -> None:
        self._world = scenario.world
        self._fleet = scenario.fleet
        self._blocks = ReadingBlocks(scenario, ())  # energies, registers and flags come whatever is asked for

    def of(self, meters: range, periods: Mapping[str, Period | None]) -> Iterator[MeterMonth]:
        """Those of *meters*, in order, whose city has one of *periods*; each is valid until the next is asked for."""
        slots = self._world.readings_per_day
        touched = [each.utc_days for each in periods.values() if each is not None]
        if not touched:
            return
        days = range(min(each.start for each in touched), max(each.stop for each in touched))
        group = max(_BUFFER_READINGS // (slots * len(days)), 1)
        for first in range(meters.start, meters.stop, group):
            own = range(first, min(first + group, meters.stop))
            yield from self._group(own, days, periods)

    def _group(self, meters: range, days: range, periods: Mapping[str, Period | None]) -> Iterator[MeterMonth]:
        world, slots = self._world, self._world.readings_per_day
        columns = np.empty((len(meters), len(_KEPT), len(days) * slots), np.int64)
        status = np.empty((len(meters), len(days) * slots), np.int64)
        for place, number in enumerate(days):
            day = day_of(number).isoformat()
            of_day = slice(place * slots, (place + 1) * slots)
            for block in self._blocks.of(Unit(READINGS, day, meters.start, len(meters))):
                rows = slice(block.first - meters.start, block.first - meters.start + block.count)
                columns[rows, :, of_day] = block.quantities[:, _KEPT]
                status[rows, of_day] = block.quantities[:, quantities.STATUS]
                if block.sent is not None:
                    status[rows, of_day][~block.sent] = NOT_SENT
        macs = self._fleet.macs[self._fleet.slice_of(meters.start, len(meters))]
        for place, number in enumerate(meters):
            city = world.city_of(number).id
            period = periods[city]
            if period is not None:
                yield MeterMonth(
                    number=number,
                    mac=int(macs[place]),
                    city=city,
                    period=period,
                    interval_s=world.interval_s,
                    first_s=days.start * DAY_S,
                    columns=columns[place],
                    status=status[place],
                )

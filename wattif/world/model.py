"""The whole model behind one method: the readings of some meters on one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from wattif.kernels.electrical import mains_frequency, supply_voltage
from wattif.kernels.meter_days import Surroundings, residential_days
from wattif.kernels.residential import CONTEXT, FIRST
from wattif.world import calendar, quantities
from wattif.world.cities import City
from wattif.world.classes import MeterClass
from wattif.world.grid import METERS_PER_TRANSFORMER, transformer_of

DAY_S = 86_400
_BLOCK_BYTES = 1 << 20  # columns that are computed and stamped together should stay in the second-level cache


@dataclass(frozen=True)
class World:
    """What determines every reading, beside the meter and the day."""

    seed: int
    epoch: date  # first day of the dataset's first month: trends and registers count from it
    interval_s: int
    city: City
    meter_class: MeterClass

    @property
    def readings_per_day(self) -> int:
        """Readings of a meter on a UTC day."""
        return DAY_S // self.interval_s


class MeterDays:
    """Computes meter-days; keeps what neighbouring ones share. Not to be used by two threads at once.

    `block_meters` says how many meters one call should compute.
    """

    def __init__(self, world: World, *, electrical: bool = True) -> None:
        self._world = world
        self._electrical = electrical
        day_bytes = quantities.COUNT * world.readings_per_day * 8
        self.block_meters = min(max(_BLOCK_BYTES // day_bytes, 1), METERS_PER_TRANSFORMER)
        self._columns = np.zeros((self.block_meters, quantities.COUNT, world.readings_per_day), np.int64)
        self._frequency_mhz = np.empty(world.readings_per_day, np.int64)
        self._supply_v = np.empty(world.readings_per_day)
        self._day: date | None = None
        self._transformer = -1

    def _go_to(self, day: date, transformer: int) -> None:
        world, city = self._world, self._world.city
        profile = world.meter_class.profile
        number = calendar.day_number(day)
        if day != self._day:
            self._local_quarter = calendar.local_quarters(city, number * calendar.QUARTERS - FIRST, CONTEXT)
            self._profile = calendar.profile_at(city, profile, self._local_quarter, of_day=True)
            self._weekend = calendar.weekend_at(self._local_quarter)
            self._month = calendar.month_of(city, profile, world.epoch, day.replace(day=1))
            mains_frequency(world.seed, number, city.nominal_hz, world.interval_s, self._frequency_mhz)
        if (day, transformer) != (self._day, self._transformer):
            local_day = self._local_quarter[FIRST:]
            supply_voltage(world.seed, transformer, number, local_day, city.nominal_v, world.interval_s, self._supply_v)
        self._day, self._transformer = day, transformer

    def compute(self, day: date, first_meter: int, base_mwh: NDArray[np.int64]) -> NDArray[np.int64]:
        """The columns (meters, quantities, readings) of consecutive meters of one transformer on *day*.

        *base_mwh* holds one mean a meter, at most `block_meters`. The result is valid until the next call.
        Without *electrical*, voltage, current and power factor are not computed.
        """
        world = self._world
        if len(base_mwh) > self.block_meters:
            raise ValueError(f"{len(base_mwh)} meters in a block of {self.block_meters}")
        self._go_to(day, transformer_of(first_meter))
        around = Surroundings(
            calendar.day_number(day), world.interval_s, world.city.nominal_v, self._month, self._profile,
            self._local_quarter, self._weekend, self._frequency_mhz, self._supply_v,
        )  # fmt: skip
        columns = self._columns[: len(base_mwh)]
        residential_days(
            world.seed, first_meter, base_mwh, world.meter_class.energy, world.meter_class.connection_w, around,
            self._electrical, columns,
        )  # fmt: skip
        return columns

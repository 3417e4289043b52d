"""The whole model behind one method: the readings of some meters on one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from wattif.model import local_time, quantities
from wattif.model.cities import City
from wattif.model.classes import CLASSES, PROFILES, RESIDENTIAL, connection_w
from wattif.model.electrical import mains_frequency, supply_voltage
from wattif.model.fleet import Fleet
from wattif.model.grid import METERS_PER_TRANSFORMER, transformer_of
from wattif.model.meter_days import ClassModels, Ledger, Meters, Sky, Surroundings, fill_meter_days
from wattif.model.months import month_of
from wattif.model.residential import CONTEXT, FIRST
from wattif.model.solar import daily_yield
from wattif.model.weather import city_number
from wattif.numeric import calendar

DAY_S = 86_400
_BLOCK_BYTES = 1 << 20  # columns that are computed and stamped together should stay in the second-level cache


@dataclass(frozen=True)
class World:
    """What determines every reading, beside the meters and the day."""

    seed: int
    epoch: date  # first day of the dataset's first month: trends and registers count from it
    interval_s: int
    cities: tuple[City, ...]

    def city_of(self, meter: int) -> City:
        """The city that *meter* is in."""
        return self.cities[transformer_of(meter) % len(self.cities)]

    @property
    def readings_per_day(self) -> int:
        """Readings of a meter on a UTC day."""
        return DAY_S // self.interval_s


class MeterDays:
    """Computes meter-days; keeps what neighbouring ones share. Not to be used by two threads at once.

    `block_meters` says how many meters one call should compute. `ledger` holds, for each of a block, what it has not
    registered before the day (zero unless the caller says otherwise), and after a call the registers at its start.
    """

    def __init__(self, world: World, fleet: Fleet, *, electrical: bool = True) -> None:
        self._world = world
        self._fleet = fleet
        self._electrical = electrical
        day_bytes = quantities.COUNT * world.readings_per_day * 8
        self.block_meters = min(max(_BLOCK_BYTES // day_bytes, 1), METERS_PER_TRANSFORMER)
        self._columns = np.zeros((self.block_meters, quantities.COUNT, world.readings_per_day), np.int64)
        self.ledger = Ledger(*(np.zeros(self.block_meters, np.int64) for _ in Ledger._fields))
        self._days = [
            _CityDay(world, city, has_sun=bool(fleet.solar.any()), electrical=electrical) for city in world.cities
        ]
        self._models = [_class_models(city) for city in world.cities]
        self._numbered: date | None = None  # the day that the column of sequence numbers is of

    def compute(self, day: date, first_meter: int, meters: int) -> NDArray[np.int64]:
        """The columns (meters, quantities, readings) of so many consecutive meters of one transformer on *day*.

        At most `block_meters`. The result is valid until the next call. Without *electrical*, voltage, current
        and power factor are not computed.
        """
        if meters > self.block_meters:
            raise ValueError(f"{meters} meters in a block of {self.block_meters}")
        transformer = transformer_of(first_meter)
        city = transformer % len(self._world.cities)
        around = self._days[city].at(day, transformer)
        own = slice(first_meter, first_meter + meters)
        fleet = self._fleet
        block = Meters(
            first_meter,
            fleet.base_mwh[own],
            fleet.meter_class[own],
            fleet.profile[own],
            fleet.solar[own],
            fleet.car[own],
        )
        if day != self._numbered:
            first_seq = (day - self._world.epoch).days * self._world.readings_per_day
            self._columns[:, quantities.SEQ] = np.arange(first_seq, first_seq + self._world.readings_per_day)
            self._numbered = day
        columns = self._columns[:meters]
        fill_meter_days(
            self._world.seed,
            block,
            self._models[city],
            around,
            self._days[city].sky,
            self._electrical,
            self.ledger,
            columns,
        )
        return columns


def _class_models(city: City) -> ClassModels:
    return ClassModels(
        np.array([each.energy.spread for each in CLASSES]),
        np.array([each.energy.day_noise for each in CLASSES]),
        np.array([connection_w(each, city) for each in CLASSES]),
        city.mean_kwh[RESIDENTIAL.id] * 1e6,
    )


class _CityDay:
    """What the meters of a city share on a day, and those of a transformer."""

    def __init__(self, world: World, city: City, *, has_sun: bool, electrical: bool) -> None:
        self._world = world
        self._city = city
        self._has_sun = has_sun
        self._electrical = electrical
        self._frequency_mhz = np.empty(world.readings_per_day, np.int64)
        self._supply_v = np.empty(world.readings_per_day)
        self._day: date | None = None
        self._around: Surroundings
        self._epoch_day = calendar.day_number(world.epoch)
        epoch_quarter = int(calendar.local_quarters(city.time_zone, self._epoch_day * calendar.QUARTERS, 1)[0])
        self.sky = Sky(city_number(city.id), city.latitude, city.longitude, self._epoch_day, epoch_quarter, np.empty(0))

    def at(self, day: date, transformer: int) -> Surroundings:
        """The surroundings of the meters of *transformer* on *day*."""
        if day != self._day:
            self._go_to(day)
        if transformer != self._around.transformer:
            city, world, around = self._city, self._world, self._around
            if self._electrical:
                supply_voltage(
                    world.seed, transformer, around.utc_day, around.local_quarter[FIRST:], city.nominal_v,
                    world.interval_s, self._supply_v,
                )  # fmt: skip
            self._around = around._replace(transformer=transformer)
        return self._around

    def _go_to(self, day: date) -> None:
        world, city = self._world, self._city
        number = calendar.day_number(day)
        quarters = calendar.local_quarters(city.time_zone, number * calendar.QUARTERS - FIRST, CONTEXT)
        # a home's shape is relative to its own day; what works by the clock is relative to the year or the week
        profiles = [
            local_time.profile_at(city, profile, quarters, of_day=profile in RESIDENTIAL.profiles)
            for profile in PROFILES
        ]
        mains_frequency(
            world.seed, city_number(city.id), number, city.nominal_hz, city.frequency_spread_mhz, world.interval_s,
            self._frequency_mhz,
        )  # fmt: skip
        self._around = Surroundings(
            number, -1, world.interval_s, city.nominal_v, month_of(world.seed, city, world.epoch, day.replace(day=1)),
            np.stack(profiles), quarters, local_time.weekend_at(city, quarters), self._frequency_mhz, self._supply_v,
        )  # fmt: skip
        known = len(self.sky.yields_wh)
        if self._has_sun and number - self._epoch_day >= known:
            more = [
                daily_yield(world.seed, self.sky.city, self._epoch_day + n, city.latitude, city.longitude)
                for n in range(known, number - self._epoch_day + 1)
            ]
            self.sky = self.sky._replace(yields_wh=np.concatenate([self.sky.yields_wh, more]))
        self._day = day

"""The whole model behind one method: the readings of some meters on one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.model import local_time, quantities
from wattif.model.appliances import STEPS
from wattif.model.cities import City
from wattif.model.classes import CLASSES, PROFILES, RESIDENTIAL, connection_w, energy_of
from wattif.model.electric_car import CLOCK, CLOCK_LOOKBACK
from wattif.model.electrical import mains_frequency, supply_voltage
from wattif.model.energy import Month
from wattif.model.fleet import Fleet
from wattif.model.grid import METERS_PER_TRANSFORMER, transformer_of
from wattif.model.levels import Around
from wattif.model.meter_days import (
    FILL_POWER,
    Ledger,
    Sky,
    charge_cars,
    fill_columns,
    fill_electrical,
    fill_energies,
    use_panels,
)
from wattif.model.months import month_of, profile_means
from wattif.model.rhythm import CONTEXT, FIRST
from wattif.model.solar import ROOFS, Place, daily_yields, monthly_clearness
from wattif.model.weather import city_number
from wattif.numeric import calendar

DAY_S = 86_400
_BLOCK_BYTES = 1 << 20  # columns that are computed and stamped together should stay in the second-level cache


@dataclass(frozen=True, kw_only=True)
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


class _Buffers(NamedTuple):
    """What the steps of a block fill, all arrays of shape (meters, …)."""

    columns: NDArray[np.int64]  # (meters, quantities, readings)
    watts: NDArray[np.int32]
    days_mwh: NDArray[np.int64]
    around_w: NDArray[np.float64]  # (meters, fields of `wattif.model.levels.Around`)
    cars_mwh: NDArray[np.int64]  # (meters, readings)
    ledger: Ledger

    def of(self, meters: int) -> _Buffers:
        """The part of the first *meters*."""
        columns, watts, days_mwh, around_w, cars_mwh, ledger = self
        own = Ledger._make(each[:meters] for each in ledger)
        return _Buffers(
            columns=columns[:meters],
            watts=watts[:meters],
            days_mwh=days_mwh[:meters],
            around_w=around_w[:meters],
            cars_mwh=cars_mwh[:meters],
            ledger=own,
        )


class MeterDays:
    """Computes meter-days; keeps what neighbouring ones share. Not thread-safe.

    `block_meters` says how many meters one call should compute. `ledger` holds, for each of a block, what it has not
    registered before the day (zero unless the caller says otherwise), and after a call the registers at its start.
    """

    def __init__(self, world: World, fleet: Fleet, *, electrical: bool = True) -> None:
        self._world = world
        self._fleet = fleet
        self._electrical = electrical
        readings = world.readings_per_day
        day_bytes = quantities.COUNT * readings * 8 + STEPS * 4
        self.block_meters = count = min(max(_BLOCK_BYTES // day_bytes, 1), METERS_PER_TRANSFORMER)
        self._has_solar, self._has_cars = bool(fleet.solar.any()), bool(fleet.car.any())
        self._buffers = _Buffers(
            columns=np.zeros((count, quantities.COUNT, readings), np.int64),
            watts=np.zeros((count, STEPS), np.int32),
            days_mwh=np.zeros(count, np.int64),
            around_w=np.zeros((count, len(Around._fields))),
            cars_mwh=np.zeros((count if self._has_cars else 0, readings), np.int64),
            ledger=Ledger._make(np.zeros(count, np.int64) for _ in Ledger._fields),
        )
        self.ledger = self._buffers.ledger
        self._parts = [self._buffers.of(meters) for meters in range(count + 1)]  # by number of meters
        self._days = [_CityDay(world, city, has_sun=self._has_solar, electrical=electrical) for city in world.cities]
        self._spreads = [np.array([energy_of(each, city).spread for each in CLASSES]) for city in world.cities]
        self._day_noise = np.array([each.energy.day_noise for each in CLASSES])
        self._connections_w = [np.array([connection_w(each, city) for each in CLASSES]) for city in world.cities]
        self._numbered: date | None = None  # the day that the column of sequence numbers is of

    def compute(self, day: date, first_meter: int, meters: int) -> NDArray[np.int64]:
        """The columns (meters, quantities, readings) of so many consecutive meters of one transformer on *day*.

        At most `block_meters`. The result is valid until the next call. Without *electrical*, voltage, current
        and power factor are not computed.
        """
        if meters > self.block_meters:
            raise ValueError(f"{meters} meters in a block of {self.block_meters}")
        seed, interval_s = self._world.seed, self._world.interval_s
        transformer = transformer_of(first_meter)
        city = transformer % len(self._world.cities)
        around = self._days[city].at(day, transformer)
        sky = self._days[city].sky
        fleet, own = self._fleet, self._fleet.slice_of(first_meter, meters)
        base_mwh, meter_class, profile = fleet.base_mwh[own], fleet.meter_class[own], fleet.profile[own]
        solar, car = fleet.solar[own], fleet.car[own]
        columns, watts, days_mwh, around_w, cars_mwh, ledger = self._parts[meters]
        self._number(day)
        fill_energies(
            seed,
            first_meter,
            base_mwh,
            meter_class,
            self._spreads[city],
            self._day_noise,
            profile,
            around.month,
            around.utc_day,
            ledger,
            around.profile_means,
            days_mwh,
            around_w,
        )
        for kind in set(meter_class.tolist()):
            FILL_POWER[kind](
                seed,
                first_meter,
                meter_class,
                profile,
                around.utc_day,
                around_w,
                around.profiles,
                around.local_quarter,
                around.weekend,
                watts,
            )
        if self._has_solar and solar.any():
            use_panels(
                seed,
                first_meter,
                solar,
                transformer,
                sky,
                around.utc_day,
                interval_s,
                watts,
                ledger.export_register_mwh,
                columns,
            )
        if self._has_cars and car.any():
            charge_cars(
                seed,
                first_meter,
                car,
                around.utc_day,
                sky,
                interval_s,
                ledger.register_mwh,
                cars_mwh,
            )
        fill_columns(
            days_mwh,
            watts,
            meter_class,
            self._connections_w[city],
            cars_mwh,
            car,
            solar,
            around.frequency_mhz,
            interval_s,
            ledger.register_mwh,
            ledger.export_register_mwh,
            columns,
        )
        if self._electrical:
            home_mwh = self._world.cities[city].mean_kwh[RESIDENTIAL.id] * 1e6
            fill_electrical(
                seed,
                first_meter,
                base_mwh,
                home_mwh,
                around.utc_day,
                self._world.cities[city].nominal_v,
                interval_s,
                around.supply_v,
                columns,
            )
        return columns

    def _number(self, day: date) -> None:
        """Fill the column of sequence numbers."""
        if day != self._numbered:
            readings = self._world.readings_per_day
            first_seq = (day - self._world.epoch).days * readings
            self._buffers.columns[:, quantities.SEQ] = np.arange(first_seq, first_seq + readings)
            self._numbered = day


@dataclass(frozen=True, kw_only=True)
class _Surroundings:
    """What the meters of a city share on a UTC day; the voltage, those of a transformer."""

    utc_day: int  # days since 1970
    month: Month
    profile_means: NDArray[np.float64]  # (3, profiles): of the day before, the day, and the day after
    profiles: NDArray[np.float64]  # (profiles, quarters of an hour around the day), see `wattif.model.residential`
    local_quarter: NDArray[np.int64]
    weekend: NDArray[np.int64]
    frequency_mhz: NDArray[np.int64]  # one per reading
    supply_v: NDArray[np.float64]  # one per reading, at the transformer


class _CityDay:
    """The surroundings of a city's meters, day by day and transformer by transformer."""

    def __init__(self, world: World, city: City, *, has_sun: bool, electrical: bool) -> None:
        self._world = world
        self._city = city
        self._has_sun = has_sun
        self._electrical = electrical
        self._frequency_mhz = np.empty(world.readings_per_day, np.int64)
        self._supply_v = np.empty(world.readings_per_day)
        self._day: date | None = None
        self._transformer = -1
        self._around: _Surroundings
        self._epoch_day = calendar.day_number(world.epoch)
        self.sky = Sky(
            place=Place(
                city=city_number(city.id),
                latitude=city.latitude,
                longitude=city.longitude,
                clearness=monthly_clearness(city.latitude, city.longitude, city.irradiation_kwh_m2),
            ),
            epoch_day=self._epoch_day,
            epoch_clock=self._clock_of(self._epoch_day),
            clock=self._clock_of(self._epoch_day),
            yields_wh=np.empty((len(ROOFS), 0)),
        )

    def at(self, day: date, transformer: int) -> _Surroundings:
        """The surroundings of the meters of *transformer* on *day*; valid until the next call."""
        if day != self._day:
            self._go_to(day)
        if transformer != self._transformer:
            if self._electrical:
                supply_voltage(
                    self._world.seed,
                    transformer,
                    self._around.utc_day,
                    self._around.local_quarter[FIRST:],
                    self._city.nominal_v,
                    self._world.interval_s,
                    self._supply_v,
                )
            self._transformer = transformer
        return self._around

    def _clock_of(self, day: int) -> NDArray[np.int64]:
        """The local time around *day*, as cars want it."""
        first = day * calendar.QUARTERS - CLOCK_LOOKBACK
        return calendar.local_quarters(self._city.time_zone, first, CLOCK)

    def _go_to(self, day: date) -> None:
        world, city = self._world, self._city
        number = calendar.day_number(day)
        quarters = calendar.local_quarters(city.time_zone, number * calendar.QUARTERS - FIRST, CONTEXT)
        profiles = [local_time.profile_at(city, profile, quarters, of_week=True) for profile in PROFILES]
        mains_frequency(
            world.seed,
            city_number(city.id),
            number,
            city.nominal_hz,
            city.frequency_spread_mhz,
            world.interval_s,
            self._frequency_mhz,
        )
        self._around = _Surroundings(
            utc_day=number,
            month=month_of(world.seed, city, world.epoch, day.replace(day=1)),
            profile_means=np.stack([profile_means(city, day + timedelta(days=step)) for step in (-1, 0, 1)]),
            profiles=np.stack(profiles),
            local_quarter=quarters,
            weekend=local_time.weekend_at(city, quarters),
            frequency_mhz=self._frequency_mhz,
            supply_v=self._supply_v,
        )
        known = self.sky.yields_wh.shape[1]
        if self._has_sun and number - self._epoch_day >= known:
            more = [
                daily_yields(world.seed, self.sky.place, self._epoch_day + n)
                for n in range(known, number - self._epoch_day + 1)
            ]
            self.sky = self.sky._replace(yields_wh=np.column_stack([self.sky.yields_wh, *more]))
        self.sky = self.sky._replace(clock=self._clock_of(number))
        self._day, self._transformer = day, -1

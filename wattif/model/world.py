"""The whole model behind one method: the readings of some meters on one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.model import quantities
from wattif.model.appliances import STEPS
from wattif.model.cities import City
from wattif.model.city_day import CityDay
from wattif.model.classes import CLASSES, RESIDENTIAL, connection_w, energy_of
from wattif.model.fleet import Fleet
from wattif.model.levels import Around
from wattif.model.meter_days import (
    FILL_POWER,
    Ledger,
    charge_cars,
    fill_columns,
    fill_electrical,
    fill_energies,
    use_panels,
)
from wattif.model.network import LAKE_LAYOUT, Layout, Network
from wattif.numeric.calendar import DAY_S

_BLOCK_BYTES = 1 << 20  # columns that are computed and stamped together should stay in the second-level cache
_BLOCK_METERS = 20  # at most, however short their day


@dataclass(frozen=True, kw_only=True)
class World:
    """What determines every reading, beside the meters and the day."""

    seed: int
    epoch: date  # first day of the dataset's first month: trends and registers count from it
    interval_s: int
    cities: tuple[City, ...]
    class_mix: tuple[float, ...] | None = None  # shares of the classes of customers; None: each city's own
    layout: Layout = LAKE_LAYOUT  # of meters that share transformers

    @cached_property
    def network(self) -> Network:
        """Which transformer feeds which meter."""
        return Network.of(self.seed, self.cities, self.class_mix, self.layout)

    def city_of(self, meter: int) -> City:
        """The city that *meter* is in."""
        number: int = self.network.city_of(self.network.transformer_of(meter))
        return self.cities[number]

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
        self._near = fleet.around(fleet.ranges[0].start, 0)  # those of whom the last day was computed, and some more
        self._electrical = electrical
        readings = world.readings_per_day
        day_bytes = quantities.COUNT * readings * 8 + STEPS * 4
        self.block_meters = count = min(max(_BLOCK_BYTES // day_bytes, 1), _BLOCK_METERS)
        self._has_solar, self._has_cars = fleet.owners.solar > 0.0, fleet.owners.car > 0.0
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
        self._days = [
            CityDay(world.seed, world.epoch, world.interval_s, city, has_sun=self._has_solar, electrical=electrical)
            for city in world.cities
        ]
        self._spreads = [np.array([energy_of(each, city).spread for each in CLASSES]) for city in world.cities]
        self._day_noise = np.array([each.energy.day_noise for each in CLASSES])
        self._connections_w = [np.array([connection_w(each, city) for each in CLASSES]) for city in world.cities]
        self._numbered: date | None = None  # the day that the column of sequence numbers is of

    def compute(self, day: date, first_meter: int, meters: int) -> NDArray[np.int64]:
        """The columns (meters, quantities, readings) of so many consecutive meters of one transformer on *day*.

        At most `block_meters`. The result is valid until the next call. Without *electrical*, voltage, current,
        power factor and frequency are not computed.
        """
        if meters > self.block_meters:
            raise ValueError(f"{meters} meters in a block of {self.block_meters}")
        seed, interval_s = self._world.seed, self._world.interval_s
        network = self._world.network
        transformer = network.transformer_of(first_meter)
        city = network.city_of(transformer)
        around = self._days[city].at(day, transformer)
        sky = self._days[city].sky
        if not self._near.has(first_meter, meters):
            self._near = self._fleet.around(first_meter, meters)
        fleet, own = self._near, self._near.slice_of(first_meter, meters)
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

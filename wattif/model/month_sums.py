"""What meters use month by month, without a reading of it being made: the same energies that readings sum to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.model.city_day import clock_around
from wattif.model.classes import CLASSES, energy_of
from wattif.model.electric_car import charged_mwh
from wattif.model.energy import Month, month_at_home, register_and_day
from wattif.model.fleet import Fleet
from wattif.model.months import month_of
from wattif.model.world import World
from wattif.numeric import calendar
from wattif.numeric.jit import kernel


@kernel
def _fill_months(
    seed: int,
    meters: NDArray[np.int64],
    base_mwh: NDArray[np.int64],
    spread: NDArray[np.float64],
    profile: NDArray[np.int8],
    last: Month,
    first_month: int,
    sums_mwh: NDArray[np.int64],
) -> None:
    """Fill *sums_mwh* (meters, months) from *first_month* since the epoch on; *last*: the last month."""
    for i in range(meters.shape[0]):
        for n in range(sums_mwh.shape[1]):
            sums_mwh[i, n] = month_at_home(
                seed, meters[i], base_mwh[i], spread[i], profile[i], last, first_month + n - last.since_epoch
            )


@kernel
def _registers(
    seed: int,
    meters: NDArray[np.int64],
    base_mwh: NDArray[np.int64],
    spread: NDArray[np.float64],
    day_noise: NDArray[np.float64],
    profile: NDArray[np.int8],
    month: Month,
    utc_day: int,
) -> NDArray[np.int64]:
    """The register of each meter at the start of *utc_day*, which lies in *month*, without its car."""
    registers_mwh = np.empty(meters.shape[0], np.int64)
    for i in range(meters.shape[0]):
        registers_mwh[i] = register_and_day(
            seed, meters[i], base_mwh[i], spread[i], day_noise[i], profile[i], month, utc_day
        )[0]
    return registers_mwh


@kernel
def _add_cars(
    seed: int, meters: NDArray[np.int64], first_day: int, clocks: NDArray[np.int64], sums_mwh: NDArray[np.int64]
) -> None:
    """Add what cars draw between each two of *clocks*, see `charged_mwh`, to *sums_mwh* (meters, months)."""
    for i in range(meters.shape[0]):
        before_mwh = charged_mwh(seed, meters[i], first_day, clocks[0])
        for n in range(sums_mwh.shape[1]):
            after_mwh = charged_mwh(seed, meters[i], first_day, clocks[n + 1])
            sums_mwh[i, n] += after_mwh - before_mwh
            before_mwh = after_mwh


@dataclass(frozen=True, kw_only=True)
class _Homes:
    """Meters of one city; arrays have an element each."""

    world: World
    city: City
    meters: NDArray[np.int64]  # their numbers
    base_mwh: NDArray[np.int64]
    spread: NDArray[np.float64]
    day_noise: NDArray[np.float64]
    profile: NDArray[np.int8]

    def months(self, first: date, count: int) -> NDArray[np.int64]:
        """What they import in *count* months from *first* on, without cars: (meters, months)."""
        seed, epoch = self.world.seed, self.world.epoch
        last = month_of(seed, self.city, epoch, calendar.months_later(first, count - 1))
        sums_mwh = np.empty((len(self.meters), count), np.int64)
        since_epoch = last.since_epoch - (count - 1)
        _fill_months(seed, self.meters, self.base_mwh, self.spread, self.profile, last, since_epoch, sums_mwh)
        return sums_mwh

    def before(self, day: date) -> NDArray[np.int64]:
        """What they import in the month of *day* before it, without cars."""
        seed, first = self.world.seed, day.replace(day=1)
        month = month_of(seed, self.city, self.world.epoch, first)
        at, start = (
            _registers(
                seed,
                self.meters,
                self.base_mwh,
                self.spread,
                self.day_noise,
                self.profile,
                month,
                calendar.day_number(each),
            )
            for each in (day, first)
        )
        return at - start


def month_sums(world: World, fleet: Fleet, meters: range, borders: Sequence[date]) -> NDArray[np.int64]:
    """What *meters* (consecutive) import from each of *borders* to the next, in mWh: (meters, len(borders) - 1).

    The first and the last border may be any day of the dataset or the day after it, the others are the first days of
    the months between.
    """
    sums_mwh = np.empty((len(meters), len(borders) - 1), np.int64)
    city_of = world.network.cities_of(meters.start, len(meters))
    fleet = fleet.part(meters.start, len(meters))
    for number in np.unique(city_of).tolist():
        chosen = np.flatnonzero(city_of == number)
        city = world.cities[number]
        classes = fleet.meter_class[chosen]
        homes = _Homes(
            world=world,
            city=city,
            meters=meters.start + chosen,
            base_mwh=fleet.base_mwh[chosen],
            spread=np.array([energy_of(each, city).spread for each in CLASSES])[classes],
            day_noise=np.array([each.energy.day_noise for each in CLASSES])[classes],
            profile=fleet.profile[chosen],
        )
        sums_mwh[chosen] = _between(homes, borders)
        if (car := fleet.car[chosen]).any():
            clocks = np.stack([clock_around(city, calendar.day_number(border)) for border in borders])
            charged = sums_mwh[chosen[car]]
            _add_cars(world.seed, homes.meters[car], calendar.day_number(world.epoch) - 2, clocks, charged)
            sums_mwh[chosen[car]] = charged
    return sums_mwh


def _between(homes: _Homes, borders: Sequence[date]) -> NDArray[np.int64]:
    """See `month_sums`, without cars."""
    first, end = borders[0], borders[-1]
    sums_mwh = homes.months(first.replace(day=1), len(borders) - 1)
    if end.day > 1:  # of the last month, what lies before the end
        sums_mwh[:, -1] = homes.before(end)
    if first.day > 1:
        sums_mwh[:, 0] -= homes.before(first)
    return sums_mwh

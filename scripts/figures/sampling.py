"""Readings to compute figures of: meters of one class in one city, over whole local days."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from wattif.model import local_time, quantities
from wattif.model.cities import City
from wattif.model.classes import PROFILES
from wattif.model.fleet import make_fleet
from wattif.model.world import MeterDays, World
from wattif.numeric import calendar

SEED = 42
HOMES, SHOPS, FACTORIES = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)  # class mixes
HALF_HOUR_S, QUARTER_S, STEP_S = 1800, 900, 10
SPRING = (date(2024, 3, 1), date(2024, 5, 31))  # the months of the British homes
YEAR = (date(2024, 1, 1), date(2024, 12, 31))

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Readings of meters of one class in one city, over whole local days."""

    city: City
    interval_s: int
    meter_profile: NDArray[np.int8]  # (meters,): index into `PROFILES`
    values: Floats  # (meters, readings): mean power in W, or volts
    local_quarter: NDArray[np.int64]  # local time at the start of each reading
    utc_day: NDArray[np.int64]  # of each reading, days since 1970

    @property
    def hour(self) -> Floats:
        """Local time of each reading, hours since midnight."""
        hour: Floats = self.local_quarter % calendar.QUARTERS / 4.0
        return hour

    @property
    def relative(self) -> Floats:
        """Each meter divided by its own mean."""
        relative: Floats = self.values / self.values.mean(axis=1, keepdims=True)
        return relative

    def following(self, profile: str) -> Sample:
        """The meters that follow *profile*."""
        return self.only(self.meter_profile == PROFILES.index(profile))

    def only(self, chosen: NDArray[np.bool_]) -> Sample:
        """Some of the meters."""
        return replace(self, meter_profile=self.meter_profile[chosen], values=self.values[chosen])

    def profile(self, name: str) -> Floats:
        """The standard load profile at each reading, relative to the mean over all of them."""
        values = local_time.profile_at(self.city, name, self.local_quarter)
        if self.interval_s > QUARTER_S:
            later = local_time.profile_at(self.city, name, self.local_quarter + 1)
            values = (values + later) / 2.0
        relative: Floats = values / values.mean()
        return relative

    def mean_day(self, values: Floats) -> Floats:
        """The mean of *values* (one per reading) by the local time of the day."""
        step = max(self.interval_s // QUARTER_S, 1)
        slot = self.local_quarter % calendar.QUARTERS // step
        day: Floats = np.bincount(slot, values) / np.bincount(slot)
        return day

    def daily(self) -> Floats:
        """Mean of each local day, (meters, days); a day of 23 or 25 hours counts by its mean, too."""
        starts = np.flatnonzero(np.diff(self.local_quarter // calendar.QUARTERS, prepend=-1))
        lengths = np.diff(starts, append=self.values.shape[1])
        means: Floats = np.add.reduceat(self.values, starts, axis=1) / lengths
        return means


def sample(  # what to make, and what of it to keep
    city: City,
    class_mix: Sequence[float],
    meters: int,
    days: tuple[date, date],
    interval_s: int,
    *,
    one_per_transformer: bool = False,
    volts: bool = False,
    seed: int = SEED,
) -> Sample:
    """Compute the readings of *days* (local ones, first and last), with as many threads as there are processors.

    *volts*: one-minute means of the voltage instead of the power of an interval.
    """
    first, last = days[0] - timedelta(days=1), days[1] + timedelta(days=1)
    world = World(seed=seed, epoch=first.replace(day=1), interval_s=interval_s, cities=(city,))
    numbers: Sequence[int] = range(meters)
    if one_per_transformer:
        numbers = [world.network.meters_of(transformer).start for transformer in range(meters)]
    fleet = make_fleet(seed, numbers[-1] + 1, [city], class_mix)
    utc_days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    together = 6 if volts else 1  # readings whose mean is kept
    kept = world.readings_per_day // together
    values = np.empty((meters, len(utc_days) * kept))

    def fill(chosen: range) -> None:
        """One thread's meters: day by day, since neighbouring meters share a day's profiles."""
        model = MeterDays(world, fleet, electrical=volts)
        block = 1 if one_per_transformer else model.block_meters
        for n, day in enumerate(utc_days):
            at = slice(n * kept, (n + 1) * kept)
            for i in range(chosen.start, chosen.stop, block):
                count = min(block, chosen.stop - i)
                columns = model.compute(day, numbers[i], count)
                if volts:
                    values[i : i + count, at] = (
                        columns[:, quantities.VOLTAGE_DV].reshape(count, kept, together).mean(axis=2) / 10.0
                    )
                else:
                    values[i : i + count, at] = columns[:, quantities.CONSUMPTION_MWH] * 3.6 / interval_s

    threads = os.cpu_count() or 1
    share = -(-meters // threads)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, [range(i, min(i + share, meters)) for i in range(0, meters, share)]))
    quarters = calendar.local_quarters(
        city.time_zone, calendar.day_number(first) * calendar.QUARTERS, len(utc_days) * calendar.QUARTERS
    )
    seconds = np.arange(values.shape[1]) * (interval_s * together)
    local = quarters[seconds // QUARTER_S]
    whole = (local // calendar.QUARTERS >= calendar.day_number(days[0])) & (
        local // calendar.QUARTERS <= calendar.day_number(days[1])
    )
    utc_day = calendar.day_number(first) + seconds // 86_400
    return Sample(
        city=city,
        interval_s=interval_s * together,
        meter_profile=fleet.profile[list(numbers)],
        values=values[:, whole],
        local_quarter=local[whole],
        utc_day=utc_day[whole],
    )

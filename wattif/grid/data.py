"""A grid data set, part by part: the world of the readings, summed up by month."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.grid.peaks import POWER_FACTOR, coincident_peaks_kw, month_days
from wattif.model.classes import PROFILES
from wattif.model.scenario import Scenario
from wattif.numeric.calendar import day_number, month_after
from wattif.tables import meters
from wattif.tables.arrow import arrow_table
from wattif.tables.grid import METERS, TRANSFORMERS, month_column
from wattif.tables.network import transformer_columns
from wattif.tables.table import WHOLE
from wattif.tables.unit import Unit

MWH_PER_KWH = 1e6
PART_METERS = 25_000  # at once
Kwh = NDArray[np.float64]  # (meters, months)


def whole_months(borders: Sequence[date]) -> list[int]:
    """*borders* in days since 1970, the first and the last moved out to those of their months."""
    last = borders[-1] if borders[-1].day == 1 else month_after(borders[-1])
    return [day_number(each) for each in (borders[0].replace(day=1), *borders[1:-1], last)]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some consecutive meters and their months."""

    meters: range
    transformers: NDArray[np.int64]  # that feed them
    profile: NDArray[np.int8]
    kwh: Kwh
    table: pa.Table  # rows of `METERS`


@dataclass(frozen=True, kw_only=True)
class Loads:
    """What the meters of each transformer use: arrays of shape (transformers, profiles, months) and (transformers,)."""

    kwh: NDArray[np.float64]
    customers: NDArray[np.int64]

    @classmethod
    def none(cls, data: GridData) -> Loads:
        """Before the first part of *data* is added."""
        transformers = data.scenario.world.network.transformers(data.scenario.meters)
        kwh = np.zeros((transformers, len(PROFILES), len(data.months)))
        return cls(kwh=kwh, customers=np.zeros(transformers, np.int64))

    def add(self, part: Part) -> None:
        """Add the meters of *part*."""
        np.add.at(self.kwh, (part.transformers, part.profile), part.kwh)
        np.add.at(self.customers, part.transformers, 1)


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of the meters at which something goes wrong."""

    asked: float
    deviation: float  # standard, of the share that comes of it by chance


@dataclass(frozen=True, kw_only=True)
class GridData:
    """The tables of a grid data set, made from a *scenario*."""

    scenario: Scenario
    borders: Sequence[date]  # the first day of each month, and the day after the last; the first may be any day
    kwh: Callable[[range], Kwh]  # what each of some meters used in each month
    labels: pa.Table  # rows of `LABELS`
    share: Share | None  # None: anomalies were not asked for as a share
    is_summed: bool  # its months are sums of readings

    @property
    def months(self) -> list[date]:
        """The first day of each month."""
        return [border.replace(day=1) for border in self.borders[:-1]]

    def parts(self) -> Iterator[Part]:
        """All meters, in order; few parts are in memory at once."""
        workers, end = os.cpu_count() or 1, self.scenario.meters
        waiting: deque[Future[Part]] = deque()
        with ThreadPoolExecutor(workers, thread_name_prefix="months") as pool:
            for first in range(0, end, PART_METERS):
                waiting.append(pool.submit(self._part, range(first, min(first + PART_METERS, end))))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _part(self, numbers: range) -> Part:
        kwh = self.kwh(numbers)
        rows = meters.TABLE.columns_of(self.scenario, Unit(meters.TABLE.name, WHOLE, numbers.start, len(numbers)))
        columns = {**rows, "customer_class": rows["class"]}
        columns |= {month_column("monthly_consumption", month): kwh[:, n] for n, month in enumerate(self.months)}
        return Part(
            meters=numbers,
            transformers=rows["transformer"],
            profile=self.scenario.fleet.profile[self.scenario.fleet.slice_of(numbers.start, len(numbers))],
            kwh=kwh,
            table=arrow_table(METERS.columns_in_months(self.months), columns),
        )

    def transformers(self, loads: Loads) -> pa.Table:
        """Rows of `TRANSFORMERS`, from the loads of all parts."""
        world, months = self.scenario.world, self.months
        numbers = np.arange(len(loads.customers))
        hours = np.array([(end - begin).days * 24.0 for begin, end in pairwise(self.borders)])
        peaks_kw = np.empty((len(numbers), len(months)))
        for place, city in enumerate(world.cities):
            own = np.flatnonzero(world.network.city_of(numbers) == place)
            for n, month in enumerate(months):
                mean_kw = loads.kwh[own, :, n] / hours[n]
                peaks_kw[own, n] = coincident_peaks_kw(mean_kw, month_days(city, month), loads.customers[own])
        columns = transformer_columns(world, self.scenario.meters, numbers)
        load_kwh = loads.kwh.sum(axis=1)
        utilization = peaks_kw / POWER_FACTOR / columns["capacity_kva"][:, None]
        by_month = {"monthly_load_kwh": load_kwh, "monthly_peak_kw": peaks_kw, "monthly_utilization": utilization}
        decimals = {"monthly_load_kwh": 6, "monthly_peak_kw": 3, "monthly_utilization": 4}
        columns |= {
            month_column(name, month): values[:, n].round(decimals[name])
            for name, values in by_month.items()
            for n, month in enumerate(months)
        }
        columns["load_kwh"] = load_kwh.sum(axis=1).round(6)
        columns["peak_load_kw"] = peaks_kw.max(axis=1).round(3)
        columns["utilization"] = utilization.max(axis=1).round(4)
        columns["overloaded"] = columns["utilization"] > 1.0
        return arrow_table(TRANSFORMERS.columns_in_months(months), columns)

"""What the pictures show, as arrays: nothing here knows how it is drawn.

Quarter-hours are not averaged from readings but produced with an interval of 900 s: registers of two intervals agree
wherever they share an instant, so these are the exact means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from wattif.model import local_time, quantities
from wattif.model.cities import City
from wattif.model.classes import CLASSES, PROFILES
from wattif.model.fleet import Fleet
from wattif.model.world import MeterDays, World
from wattif.numeric import calendar

Floats = NDArray[np.float64]

QUARTER_S = 900
MOST_METERS = 400  # of a group: more would not change the picture


@dataclass(frozen=True, kw_only=True)
class TimeAxis:
    """The quarters of an hour of a picture, all arrays of shape (quarters,)."""

    first_quarter: int  # UTC, quarters since 1970
    local_quarter: NDArray[np.int64]  # local time, quarters since 1970
    free: NDArray[np.bool_]  # weekends and holidays
    zone: str

    @classmethod
    def of(cls, first: date, days: int, city: City | None) -> TimeAxis:
        """The local time of *city*; UTC, with weekends but no holidays, without one."""
        start, count = calendar.day_number(first) * calendar.QUARTERS, days * calendar.QUARTERS
        if city is None:
            quarters = np.arange(start, start + count)
            weekday = (quarters // calendar.QUARTERS + 3) % 7  # 1970 began on a Thursday
            return cls(first_quarter=start, local_quarter=quarters, free=weekday >= 5, zone="UTC")
        quarters = calendar.local_quarters(city.time_zone, start, count)
        weekend = local_time.weekend_at(city, quarters) == 1
        return cls(first_quarter=start, local_quarter=quarters, free=weekend, zone=city.time_zone)


@dataclass(frozen=True, kw_only=True)
class MeanDays:
    """Mean days, of shape (96,), relative to the mean of all days; NaN at quarters that no day of the kind has."""

    working: Floats
    free: Floats

    @classmethod
    def of(cls, power: Floats, axis: TimeAxis) -> MeanDays:
        """The mean days of *power* (quarters,), in its own unit: not relative yet."""
        working, free = (mean_day(power, axis.local_quarter, chosen) for chosen in (~axis.free, axis.free))
        return cls(working=working, free=free)

    def relative_to(self, mean: float) -> MeanDays:
        """The same days, relative to *mean*."""
        return MeanDays(working=self.working / mean, free=self.free / mean) if mean > 0 else self


@dataclass(frozen=True, kw_only=True)
class MeterData:
    """A meter on some days; readings are arrays of shape (readings,), quarter-hours of shape (quarters,)."""

    number: int
    mac: str
    meter_class: str
    profile: str
    city: City
    solar: bool
    car: bool
    first: date
    days: int
    interval_s: int
    axis: TimeAxis
    power_w: NDArray[np.int32]
    export_w: NDArray[np.int32]
    voltage_v: NDArray[np.float32]
    register_kwh: Floats
    export_register_kwh: Floats
    quarter_w: Floats
    own_day: MeanDays
    standard_day: MeanDays


@dataclass(frozen=True, kw_only=True)
class GroupData:
    """A class of meters, or a fleet, on some days; power of shape (quarters,), in W a meter."""

    name: str
    meters: int  # that belong to it
    drawn: int  # of which so many are drawn
    cities: tuple[City, ...]
    first: date
    days: int
    axis: TimeAxis
    mean_w: Floats
    low_w: Floats  # 10 % of the meters' quarter-hours lie below
    high_w: Floats  # 10 % lie above
    export_w: Floats
    typical_w: Floats  # the meter with the median energy
    typical: int  # its number
    coincidence: float
    own_day: MeanDays
    standard_day: MeanDays
    profiles: tuple[str, ...]


def load_duration(power: NDArray[np.generic]) -> tuple[Floats, Floats]:
    """The load duration curve: the share of the time (0 to 1), and the power that is reached for so long."""
    ordered = np.sort(power.astype(np.float64))[::-1]
    return np.arange(1, len(ordered) + 1) / len(ordered), ordered


def mean_day(power: Floats, local_quarter: NDArray[np.int64], chosen: NDArray[np.bool_]) -> Floats:
    """The mean of *power* at each of the 96 quarters of the local day, over those *chosen*; NaN where none is."""
    of_day = local_quarter[chosen] % calendar.QUARTERS
    count = np.bincount(of_day, minlength=calendar.QUARTERS)
    total = np.bincount(of_day, weights=power[chosen], minlength=calendar.QUARTERS)
    mean: Floats = np.divide(total, count, out=np.full(calendar.QUARTERS, np.nan), where=count > 0)
    return mean


def coincidence_factor(power: Floats) -> float:
    """The peak of the sum over the sum of the peaks, of *power* (meters, quarters); 0 when nobody uses any."""
    peaks = float(power.max(axis=1).sum())
    return float(power.sum(axis=0).max()) / peaks if peaks > 0 else 0.0


def envelope(values: NDArray[np.generic], bins: int) -> tuple[Floats, Floats, Floats]:
    """Where each of at most *bins* equal pieces of *values* begins (0 to 1), its minimum and its maximum."""
    starts = np.unique(np.arange(min(bins, len(values))) * len(values) // min(bins, len(values)))
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return starts / len(values), low.astype(np.float64), high.astype(np.float64)


def drawn_evenly(numbers: NDArray[np.int64], most: int = MOST_METERS) -> NDArray[np.int64]:
    """At most *most* of *numbers*, at equal distances, the first and the last among them."""
    if len(numbers) <= most:
        return numbers
    places = np.arange(most) * (len(numbers) - 1) // (most - 1)
    return numbers[places]


def meter_data(world: World, fleet: Fleet, number: int, first: date, days: int) -> MeterData:
    """Everything that the picture of meter *number* shows of so many *days*."""
    city, profile = world.city_of(number), PROFILES[fleet.profile[number]]
    axis = TimeAxis.of(first, days, city)
    a_day = world.readings_per_day
    power_w, export_w = np.empty(days * a_day, np.int32), np.empty(days * a_day, np.int32)
    voltage_v = np.empty(days * a_day, np.float32)
    register_kwh, export_register_kwh = np.empty(days * a_day), np.empty(days * a_day)
    model = MeterDays(world, fleet)
    for day in range(days):
        columns = model.compute(first + timedelta(days=day), number, 1)[0]
        own = slice(day * a_day, (day + 1) * a_day)
        power_w[own] = columns[quantities.POWER_W]
        export_w[own] = columns[quantities.EXPORT_MWH] * (3600 / world.interval_s / 1000)
        voltage_v[own] = columns[quantities.VOLTAGE_DV] / 10
        register_kwh[own] = columns[quantities.REGISTER_WH] / 1000
        export_register_kwh[own] = columns[quantities.EXPORT_REGISTER_WH] / 1000
    quarter_w = quarter_power(world, fleet, [number], first, days)[0][0]
    standard = local_time.profile_at(city, profile, axis.local_quarter)
    mac = f"{int(fleet.macs[number]):012X}"
    return MeterData(
        number=number,
        mac=":".join(mac[i : i + 2] for i in range(0, 12, 2)),
        meter_class=CLASSES[fleet.meter_class[number]].id,
        profile=profile,
        city=city,
        solar=bool(fleet.solar[number]),
        car=bool(fleet.car[number]),
        first=first,
        days=days,
        interval_s=world.interval_s,
        axis=axis,
        power_w=power_w,
        export_w=export_w,
        voltage_v=voltage_v,
        register_kwh=register_kwh,
        export_register_kwh=export_register_kwh,
        quarter_w=quarter_w,
        own_day=MeanDays.of(quarter_w, axis).relative_to(float(quarter_w.mean())),
        standard_day=MeanDays.of(standard, axis).relative_to(float(standard.mean())),
    )


def group_data(
    world: World, fleet: Fleet, members: NDArray[np.int64], first: date, days: int, *, name: str
) -> GroupData:
    """Everything that the picture of the meters *members* shows of so many *days*."""
    drawn = drawn_evenly(members)
    power, export_w = quarter_power(world, fleet, drawn.tolist(), first, days)
    cities = tuple(city for city in world.cities if any(world.city_of(number) is city for number in drawn.tolist()))
    typical = int(np.argsort(power.sum(axis=1))[len(drawn) // 2])
    own, standard = _mean_days(world, fleet, drawn, power, first)
    low, high = np.quantile(power, [0.1, 0.9], axis=0)
    used = np.unique(fleet.profile[drawn])
    return GroupData(
        name=name,
        meters=len(members),
        drawn=len(drawn),
        cities=cities,
        first=first,
        days=days,
        axis=TimeAxis.of(first, days, cities[0] if len(cities) == 1 else None),
        mean_w=power.mean(axis=0, dtype=np.float64),
        low_w=low,
        high_w=high,
        export_w=export_w / len(drawn),
        typical_w=power[typical].astype(np.float64),
        typical=int(drawn[typical]),
        coincidence=coincidence_factor(power),
        own_day=own,
        standard_day=standard,
        profiles=tuple(PROFILES[profile] for profile in used),
    )


def quarter_power(world: World, fleet: Fleet, numbers: Sequence[int], first: date, days: int) -> tuple[Floats, Floats]:
    """The imported power of each of *numbers* (meters, quarters), and the exported one of all (quarters,), in W."""
    power, export_w = np.empty((len(numbers), days * calendar.QUARTERS)), np.zeros(days * calendar.QUARTERS)
    model = MeterDays(replace(world, interval_s=QUARTER_S), fleet, electrical=False)
    for day in range(days):
        own = slice(day * calendar.QUARTERS, (day + 1) * calendar.QUARTERS)
        for row, number in enumerate(numbers):
            columns = model.compute(first + timedelta(days=day), number, 1)[0]
            power[row, own] = columns[quantities.CONSUMPTION_MWH] * 0.004
            export_w[own] += columns[quantities.EXPORT_MWH] * 0.004
    return power, export_w


def _mean_days(
    world: World, fleet: Fleet, drawn: NDArray[np.int64], power: Floats, first: date
) -> tuple[MeanDays, MeanDays]:
    """The mean days of a group and of its standard profiles, weighted by energy; each meter by its own local time."""
    places = np.array([world.cities.index(world.city_of(number)) for number in drawn.tolist()])
    own, standard = np.zeros((2, calendar.QUARTERS)), np.zeros((2, calendar.QUARTERS))
    standard_mean, days = 0.0, power.shape[1] // calendar.QUARTERS
    for place in np.unique(places):
        city = world.cities[place]
        axis = TimeAxis.of(first, days, city)
        here = places == place
        of_city = MeanDays.of(power[here].sum(axis=0), axis)
        own += (of_city.working, of_city.free)
        weights = np.bincount(fleet.profile[drawn[here]], fleet.base_mwh[drawn[here]], len(PROFILES))
        expected = np.zeros(len(axis.local_quarter))
        for profile in np.flatnonzero(weights):
            expected += weights[profile] * local_time.profile_at(city, PROFILES[profile], axis.local_quarter)
        of_profiles = MeanDays.of(expected, axis)
        standard += (of_profiles.working, of_profiles.free)
        standard_mean += float(expected.mean())
    return (
        MeanDays(working=own[0], free=own[1]).relative_to(float(power.sum(axis=0).mean())),
        MeanDays(working=standard[0], free=standard[1]).relative_to(standard_mean),
    )

"""The air of a city's zones, hour by hour: fine and coarse dust, nitrogen dioxide, ozone, carbon monoxide.

What a city has in common makes most of it: days on which the air stands still follow one another, cold days are heated
against, traffic has its hours, rain washes dust out, light and warmth make ozone, and nitrogen monoxide takes it away.
Each zone has its own share of traffic, and its own hours besides. Every number is a function of (seed, city, zone,
hour). The formulas and where the levels come from: docs/air_quality.md.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.model.air_levels import AirLevels
from wattif.model.air_quality_index import MOST_HOURS
from wattif.model.cities import City
from wattif.model.holidays import day_type
from wattif.model.solar import Place, clearness, mean_clearness, monthly_clearness, sun_at_midnight
from wattif.model.weather import city_number, daily_temperature, normal_c
from wattif.numeric.calendar import QUARTERS, day_number, day_of, local_quarters
from wattif.numeric.ieee import cos_turns, exp, sin_turns
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key, value_noise

HOURS = 24
DAY_CORRELATION = 0.65  # of how still the air is, on two days in a row
_MEMORY_DAYS = 24  # what is left out weighs 0.65**24, or 3e-5
_HEATING_BELOW_C = 15.0
_WARMEST_HOUR = 15.0
_STILL_VARIANCE = 0.9  # of the straight lines between the middles of days, in the mean of a day
# Passenger and goods traffic relative to its mean, local hours, assumed: two peaks on weekdays, one in the afternoon
# of other days, on Sundays a little less than on Saturdays.
_WEEKDAY = (
    0.35, 0.25, 0.2, 0.2, 0.35, 0.75, 1.3, 1.75, 1.8, 1.45, 1.25, 1.25,
    1.25, 1.25, 1.3, 1.45, 1.7, 1.9, 1.75, 1.35, 1.0, 0.8, 0.65, 0.5,
)  # fmt: skip  # twelve hours a row
_WEEKEND = (
    0.55, 0.45, 0.35, 0.25, 0.25, 0.3, 0.4, 0.55, 0.75, 0.95, 1.1, 1.2,
    1.25, 1.2, 1.2, 1.2, 1.2, 1.2, 1.15, 1.05, 0.95, 0.8, 0.65, 0.5,
)  # fmt: skip  # twelve hours a row
_TRAFFIC = {"weekday": np.array(_WEEKDAY), "saturday": np.array(_WEEKEND), "sunday": 0.85 * np.array(_WEEKEND)}
_WEEK = np.concatenate([*(5 * [_TRAFFIC["weekday"]]), _TRAFFIC["saturday"], _TRAFFIC["sunday"]])
_TRAFFIC_MEAN = math.fsum(_WEEK.tolist()) / len(_WEEK)
# Of fine and coarse dust, NO2, oxidant, CO: how much of it is traffic's, and how much less it is at the warmest hour.
_SHAPES = np.array([(0.15, 0.12), (0.5, 0.0), (0.7, 0.35), (0.0, 0.0), (0.5, 0.2)])
_TITRATION = 1.5  # ozone taken away where NO2 is: it came as NO, of which there is more
_QUICK = 1 << 40  # counters beyond those of the slow noise

_AIR_DAY = int(Stream.AIR_DAY)
_AIR_HOUR = int(Stream.AIR_HOUR)
_AIR_ZONE = int(Stream.AIR_ZONE)
_AIR_ZONE_HOURS = int(Stream.AIR_ZONE_HOURS)


class Drivers(NamedTuple):
    """What the hours of a city are made from, each array of shape (hours,)."""

    first_hour: int  # since 1970, UTC
    local_hours: NDArray[np.float64]  # since 1970, local time
    traffic: NDArray[np.float64]  # relative to its mean
    heating: NDArray[np.float64]  # emissions by the mean temperature of days, relative to the year's
    warmer_k: NDArray[np.float64]  # that mean less the climate's
    dry: NDArray[np.float64]  # the clearness of days, relative to that of the year, less 1
    light: NDArray[np.float64]  # the light of days, relative to the mean of a year


@kernel
def still_air(seed: int, city: int, local_hour: float) -> float:
    """How still the air over a city is, about standard normal: AR(1) by days, straight lines between their middles."""
    key = stream_key(seed, _AIR_DAY, city)
    position = local_hour / 24.0 - 0.5
    left = math.floor(position)
    share = position - left
    total, squares, weight = 0.0, 0.0, 1.0
    for age in range(_MEMORY_DAYS):
        total += weight * (normal(draw(key, left - age)) * (1.0 - share) + normal(draw(key, left + 1 - age)) * share)
        squares += weight * weight
        weight *= DAY_CORRELATION
    return total / math.sqrt(squares)


@kernel
def _lognormal(sigma: float, z: float, variance: float) -> float:
    """A factor with a mean of 1, from *z* of that *variance*."""
    return exp(sigma * z - 0.5 * sigma * sigma * variance)


@kernel
def shared_air(seed: int, city: int, drivers: Drivers, levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """What all zones share, (5, hours): PM2.5 and coarse dust (ug/m3), NO2 (ppb), O3 without traffic (ppb), CO (ppm).

    *levels*: the means of a year, in the same order.
    """
    hour_key = stream_key(seed, _AIR_HOUR, city)
    air = np.empty((5, drivers.traffic.shape[0]))
    for n in range(air.shape[1]):
        still = still_air(seed, city, drivers.local_hours[n])
        noise = value_noise(hour_key, (drivers.first_hour + n) / 3.0)
        swing = cos_turns((drivers.local_hours[n] - _WARMEST_HOUR) / HOURS)  # 1 when warm air carries away the most
        traffic, heating, dry, light = drivers.traffic[n], drivers.heating[n], drivers.dry[n], drivers.light[n]
        for each in range(5):
            of_traffic, drop = _SHAPES[each]
            air[each, n] = levels[each] * (1.0 - of_traffic + of_traffic * traffic) * (1.0 - drop * swing)
        dust = _lognormal(0.45, still, _STILL_VARIANCE) * exp(0.08 * noise)
        gases = _lognormal(0.35, still, _STILL_VARIANCE) * exp(0.08 * noise) * heating
        air[0, n] *= dust * heating * exp(0.25 * dry)
        air[1, n] *= _lognormal(0.3, still, _STILL_VARIANCE) * exp(0.6 * dry)
        air[2, n] *= gases
        air[3, n] *= (0.8 + 0.2 * light) * (1.0 + 0.28 * light * swing) * _lognormal(0.05, still, _STILL_VARIANCE)
        warmth = 1.0 + (0.015 + 0.03 * max(swing, 0.0)) * drivers.warmer_k[n]  # most by day
        air[3, n] *= max(warmth, 0.3) * exp(0.03 * noise)
        air[4, n] *= gases
    return air


@kernel
def ozone(oxidant_ppb: float, no2_ppb: float) -> float:
    """Ozone in ppb, what traffic leaves of what light and distance bring, where there is so much NO2: never below 0."""
    return oxidant_ppb * exp(-_TITRATION * no2_ppb / oxidant_ppb)


@kernel
def zone_air(seed: int, city: int, zone: int, first_hour: int, shared: NDArray[np.float64]) -> NDArray[np.int64]:
    """The concentrations (5, hours) of a zone, as `wattif.model.air_quality_index` names and counts them."""
    zone_key = stream_key(seed, _AIR_ZONE, city)
    hours_key = draw(stream_key(seed, _AIR_ZONE_HOURS, city), zone)
    own_traffic = _lognormal(0.25, normal(draw(zone_key, 2 * zone)), 1.0)
    own_dust = 0.6 + 0.4 * own_traffic * _lognormal(0.15, normal(draw(zone_key, 2 * zone + 1)), 1.0)
    air = np.empty((5, shared.shape[1]), np.int64)
    for n in range(shared.shape[1]):
        slow = 0.14 * value_noise(hours_key, (first_hour + n) / 12.0)
        quick = 0.1 * normal(draw(hours_key, _QUICK + first_hour + n))
        dust, traffic = own_dust * exp(slow + 0.5 * quick), own_traffic * exp(slow + quick)
        fine_ug_m3 = shared[0, n] * dust
        no2_ppb = shared[2, n] * traffic
        air[0, n] = int(10.0 * fine_ug_m3 + 0.5)
        air[1, n] = int(10.0 * (fine_ug_m3 + shared[1, n] * dust) + 0.5)
        air[2, n] = int(10.0 * no2_ppb + 0.5)
        air[3, n] = int(10.0 * ozone(shared[3, n], no2_ppb) + 0.5)
        air[4, n] = int(1000.0 * shared[4, n] * traffic + 0.5)
    return air


def _levels(air: AirLevels) -> NDArray[np.float64]:
    """The figures of a city as `shared_air` takes them: of ozone, as much as leaves the city's own level."""
    oxidant_ppb = air.o3_ppb + air.no2_ppb
    for _ in range(64):
        oxidant_ppb += 0.5 * (air.o3_ppb - ozone(oxidant_ppb, air.no2_ppb))
    means = np.array([air.pm2_5_ug_m3, air.pm10_ug_m3 - air.pm2_5_ug_m3, air.no2_ppb, oxidant_ppb, air.co_ppm])
    return means / _week_means()


@lru_cache
def _week_means() -> NDArray[np.float64]:
    """The means of `_SHAPES` over a week, (5,): the traffic's hours are the warm ones, too."""
    hours = [
        (traffic / _TRAFFIC_MEAN, cos_turns((n - _WARMEST_HOUR) / HOURS)) for n, traffic in enumerate(_WEEK.tolist())
    ]
    return np.array(
        [
            math.fsum((1.0 - share + share * traffic) * (1.0 - drop * swing) for traffic, swing in hours) / len(hours)
            for share, drop in _SHAPES.tolist()
        ]
    )


def _heating(celsius: float) -> float:
    return 1.0 + 0.03 * max(_HEATING_BELOW_C - celsius, 0.0)


def _noon_height(place: Place, day: int) -> float:
    """The sine of the sun's height at noon of a day since 1970."""
    sine, _ = sun_at_midnight(day)
    cosine = math.sqrt(1.0 - sine * sine)
    return max(sin_turns(place.latitude / 360.0) * sine + cos_turns(place.latitude / 360.0) * cosine, 0.0)


class _Climate(NamedTuple):
    """What the days of a city are compared with: means of a year."""

    heating: float
    clearness: float
    light: float


@lru_cache
def _climate(city: City) -> _Climate:
    place = _place(city)
    days = [day_number(date(2025, month, 15)) for month in range(1, 13)]
    clear = [mean_clearness(place, day) for day in days]
    return _Climate(
        heating=math.fsum(map(_heating, city.temperature_c)) / 12.0,
        clearness=math.fsum(clear) / 12.0,
        light=math.fsum(share * _noon_height(place, day) for share, day in zip(clear, days, strict=True)) / 12.0,
    )


def _place(city: City) -> Place:
    sky = monthly_clearness(city.latitude, city.longitude, city.irradiation_kwh_m2)
    return Place(city=city_number(city.id), latitude=city.latitude, longitude=city.longitude, clearness=sky)


def drivers_of(seed: int, city: City, first_day: date, days: int) -> Drivers:
    """Those of all hours of so many UTC days."""
    first = day_number(first_day)
    quarters = local_quarters(city.time_zone, first * QUARTERS, days * QUARTERS)[::4]
    place, climate = _place(city), _climate(city)
    numbers = range(int(quarters[0]) // QUARTERS - 1, int(quarters[-1]) // QUARTERS + 2)
    of_days = []
    for number in numbers:
        day = day_of(number)
        celsius, clear = daily_temperature(seed, city, day), clearness(seed, place, number)
        light = clear * _noon_height(place, number) / climate.light
        warmer_k = celsius - normal_c(city.temperature_c, day)
        of_days.append((_heating(celsius) / climate.heating, warmer_k, clear / climate.clearness - 1.0, light))
    # straight lines between the middles of days: no midnight has a step
    left, share = np.divmod(quarters / QUARTERS - 0.5 - numbers.start, 1.0)
    before, after = (np.array(of_days)[left.astype(np.int64) + step].T for step in (0, 1))
    heating, warmer_k, dry, light = before * (1.0 - share) + after * share
    traffic_of = {number: _TRAFFIC[day_type(city, day_of(number))] for number in numbers}
    moments = np.stack(np.divmod(quarters // 4, HOURS), axis=1).tolist()
    return Drivers(
        first_hour=first * HOURS,
        local_hours=quarters / 4.0,
        traffic=np.array([traffic_of[number][hour] for number, hour in moments]) / _TRAFFIC_MEAN,
        heating=heating,
        warmer_k=warmer_k,
        dry=dry,
        light=light,
    )


class SharedHours(NamedTuple):
    """The hours of some days, with those before that a mean of the first ones needs."""

    first_hour: int  # since 1970, UTC
    air: NDArray[np.float64]  # see `shared_air`


@lru_cache(maxsize=16)
def shared_hours(seed: int, city: City, first_day: date, days: int) -> SharedHours:
    """What all zones of *city* share in the hours of so many UTC days, and in the `MOST_HOURS` - 1 before them."""
    drivers = drivers_of(seed, city, first_day - timedelta(days=1), days + 1)
    air = shared_air(seed, city_number(city.id), drivers, _levels(city.air))
    skipped = HOURS - MOST_HOURS + 1
    return SharedHours(drivers.first_hour + skipped, np.ascontiguousarray(air[:, skipped:]))

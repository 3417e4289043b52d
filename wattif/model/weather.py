"""Weather: the temperature of a city by day and hour, and how much more its people use for it.

A day's mean is the climate's plus an autoregressive anomaly, and rarely a heat wave or a cold snap; each is a function
of (seed, city, day), so any day can be computed alone. The results shape the datasets' bytes: additions and
multiplications only, beside `wattif.numeric.ieee`.
"""

from __future__ import annotations

import hashlib
import math
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.model.city_figures import thermal_response
from wattif.numeric.calendar import QUARTERS, day_number, day_of, local_quarters
from wattif.numeric.ieee import cos_turns
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key, uniform

DAY_CORRELATION = 0.7  # of the anomalies of two days in a row
WARMEST_QUARTER = 60  # 15:00 local time
_MEMORY_DAYS = 32  # what is left out weighs 0.7**32, or 1e-5
# Heat waves and cold snaps: about one a year each, on top of the anomalies.
EXTREME_BLOCK_DAYS, EXTREME_CHANCE = 30, 0.16
SHORTEST_EXTREME_DAYS, LONGEST_EXTREME_DAYS = 4, 10
EXTREME_LEAST_SD, EXTREME_RANGE_SD = 1.5, 0.9
_WEATHER_DAY = int(Stream.WEATHER_DAY)
_WEATHER_EXTREME = int(Stream.WEATHER_EXTREME)


class HourlyTemperature(NamedTuple):
    """The 24 hours of a UTC day, each array of shape (24,)."""

    temperature_c: NDArray[np.float64]  # at the full hour
    daily_mean_c: NDArray[np.float64]  # of the local day that the hour belongs to
    extreme_k: NDArray[np.float64]  # of that mean, what a heat wave (above 0) or a cold snap (below) adds


@cache
def city_number(city_id: str) -> int:
    """A number below 2**63 for the streams of a city; unlike Python's hash, the same in every process."""
    return int.from_bytes(hashlib.sha256(city_id.encode()).digest()[:8], "big") >> 1


def normal_c(monthly_c: tuple[float, ...], day: date) -> float:
    """The climate's mean of *day*: a smooth curve through the monthly means, each in the middle of its month.

    Catmull, Rom: A class of local interpolating splines, 1974; periodic over the year.
    """
    first = day.replace(day=1)
    length_days = ((first + timedelta(days=31)).replace(day=1) - first).days
    position = day.month - 1.5 + (day.day - 0.5) / length_days
    left = math.floor(position)
    x = position - left
    a, b, c, d = (monthly_c[(left + step) % 12] for step in (-1, 0, 1, 2))
    return b + 0.5 * x * (c - a + x * (2.0 * a - 5.0 * b + 4.0 * c - d + x * (3.0 * (b - c) + d - a)))


@kernel
def _anomaly(seed: int, city: int, day: int) -> float:
    """The day's standardised anomaly: AR(1) as a sum of past normals with geometric weights."""
    key = stream_key(seed, _WEATHER_DAY, city)
    total, squares, weight = 0.0, 0.0, 1.0
    for age in range(_MEMORY_DAYS):
        total += weight * normal(draw(key, day - age))
        squares += weight * weight
        weight *= DAY_CORRELATION
    return total / math.sqrt(squares)


@kernel
def extreme_sd(seed: int, city: int, day: int, warm: bool) -> float:
    """By how many standard deviations a heat wave (above 0) or a cold snap (below) moves the mean of *day*, or 0.

    In each block of `EXTREME_BLOCK_DAYS` one may come, for some days; it comes and goes within a day. *warm*: whether
    the climate's mean of the block's middle is above that of the year; then it is heat, else cold.
    """
    key = stream_key(seed, _WEATHER_EXTREME, city)
    block = day // EXTREME_BLOCK_DAYS
    if uniform(draw(key, 2 * block)) >= EXTREME_CHANCE:
        return 0.0
    bits = draw(key, 2 * block + 1)
    lengths = np.uint64(LONGEST_EXTREME_DAYS - SHORTEST_EXTREME_DAYS + 1)
    length = SHORTEST_EXTREME_DAYS + int((bits & np.uint64(0xFFFF)) * lengths >> np.uint64(16))
    into = day % EXTREME_BLOCK_DAYS - int(uniform(bits) * (EXTREME_BLOCK_DAYS - length + 1))
    if into < 0 or into >= length:
        return 0.0
    size = EXTREME_LEAST_SD + EXTREME_RANGE_SD * float((bits >> np.uint64(16)) & np.uint64(0xFFFF)) / 65536.0
    size *= 0.6 if into in (0, length - 1) else 1.0
    return size if warm else -size


def extreme_k(seed: int, city: City, day: date) -> float:
    """What a heat wave (above 0) or a cold snap (below) adds to the mean of the local *day*, K; mostly 0."""
    number = day_number(day)
    middle = day_of(number // EXTREME_BLOCK_DAYS * EXTREME_BLOCK_DAYS + EXTREME_BLOCK_DAYS // 2)
    warm = normal_c(city.temperature_c, middle) >= math.fsum(city.temperature_c) / 12.0
    return city.temperature_day_sd_k * extreme_sd(seed, city_number(city.id), number, warm)


def daily_temperature(seed: int, city: City, day: date) -> float:
    """The mean temperature of the local *day*, degrees Celsius."""
    anomaly = _anomaly(seed, city_number(city.id), day_number(day))
    return normal_c(city.temperature_c, day) + city.temperature_day_sd_k * anomaly + extreme_k(seed, city, day)


def hourly_temperature(seed: int, city: City, utc_day: date) -> HourlyTemperature:
    """The temperature at the 24 full hours of a UTC day: the local day's mean and a cosine, warmest at 15:00."""
    quarters = local_quarters(city.time_zone, day_number(utc_day) * QUARTERS, QUARTERS)[::4]
    means = {number: daily_temperature(seed, city, day_of(number)) for number in {int(q) // QUARTERS for q in quarters}}
    daily_mean_c = np.array([means[int(quarter) // QUARTERS] for quarter in quarters])
    swing = np.array([cos_turns((int(quarter) % QUARTERS - WARMEST_QUARTER) / QUARTERS) for quarter in quarters])
    extremes = {number: extreme_k(seed, city, day_of(number)) for number in means}
    return HourlyTemperature(
        temperature_c=daily_mean_c + 0.5 * city.daily_range_k * swing,
        daily_mean_c=daily_mean_c,
        extreme_k=np.array([extremes[int(quarter) // QUARTERS] for quarter in quarters]),
    )


def load_response(city: City, temperature_c: float) -> float:
    """Use on a day of that mean temperature, relative to use without cooling and heating: at least 1."""
    return thermal_response(temperature_c, city.cooling_per_k, city.heating_per_k)


@cache
def _mean_response(city: City) -> float:
    return math.fsum(load_response(city, celsius) for celsius in city.temperature_c) / 12.0


def relative_response(city: City, temperature_c: float) -> float:
    """`load_response`, relative to its mean over the year's normals."""
    return load_response(city, temperature_c) / _mean_response(city)

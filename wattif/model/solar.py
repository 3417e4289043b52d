"""The power of a roof's solar panels, in steps of ten seconds: the sun's course, the day's clouds, a passing cloud.

Horizontal panels: what they receive is the global irradiance, and it is in no need of a split into beam and diffuse
light. The sun's place is that of the Astronomical Almanac's low-precision formulas (0.01 degrees from 1950 to 2050),
without refraction; at a clear sky its light is Haurwitz's. Every number is a hash of (seed, stream, entity, time),
so any day can be computed alone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.ieee import cos_turns, exp, sin_turns
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, minute_noise, normal, stream_key, uniform

NODES = 289  # every five minutes of a day, both midnights included
LOWEST_CLEARNESS = 0.15  # of a whole day

_NODE_STEPS = 30
_J2000_DAY = 10_957.5  # 2000-01-01 12:00, in days since 1970
_SIN_OBLIQUITY = 0.39774  # sine of 23.437 degrees, the ecliptic's obliquity about 2020
_W_PER_KW = 1000.0
_STANDARD_W_M2 = 1000.0  # irradiance at which panels have their nominal power
_PERFORMANCE = 0.80  # heat, dirt, cables and inverter
_SMALLEST_KW, _LARGEST_KW = 2.0, 8.0
_DARKEST_CLOUD = 0.05
_CLOUD_SIGMA = 0.25  # on a day half clear
_CLOUD_QUARTER_SHARE, _CLOUD_MINUTE_SHARE = 0.8, 0.6

_CLEARNESS = int(Stream.CLEARNESS)
_CLOUD_MINUTE = int(Stream.CLOUD_MINUTE)
_CLOUD_QUARTER = int(Stream.CLOUD_QUARTER)
_SOLAR_PANELS = int(Stream.SOLAR_PANELS)


@kernel
def sun_at_midnight(utc_day: int) -> tuple[float, float]:
    """The sine of the sun's declination and the equation of time (in days) at 00:00 UTC of *utc_day*.

    Source: The Astronomical Almanac, section C, "low precision formulas for the Sun"; the equation of time as a
    series of the same quantities (U.S. Naval Observatory, "Computing Approximate Solar Coordinates").
    """
    days = utc_day - _J2000_DAY
    anomaly = (357.528 + 0.9856003 * days) / 360.0  # turns
    centre = 1.915 * sin_turns(anomaly) + 0.020 * sin_turns(2.0 * anomaly)  # degrees
    longitude = (280.460 + 0.9856474 * days + centre) / 360.0  # turns, ecliptic
    equation = 2.466 * sin_turns(2.0 * longitude) - 0.053 * sin_turns(4.0 * longitude) - centre  # degrees
    return _SIN_OBLIQUITY * sin_turns(longitude), equation / 360.0


@kernel
def cos_zenith(utc_day: int, latitude: float, longitude: float) -> NDArray[np.float64]:
    """The cosine of the sun's distance from the zenith at the `NODES` of a UTC day; below 0 at night.

    *latitude* and *longitude* in degrees, north and east positive.
    """
    sin_from, equation_from = sun_at_midnight(utc_day)
    sin_to, equation_to = sun_at_midnight(utc_day + 1)
    sin_latitude = sin_turns(latitude / 360.0)
    cos_latitude = cos_turns(latitude / 360.0)
    nodes = np.empty(NODES)
    for node in range(NODES):
        share = node / (NODES - 1.0)
        sin_declination = sin_from + (sin_to - sin_from) * share
        cos_declination = np.sqrt(1.0 - sin_declination * sin_declination)
        hour_angle = share - 0.5 + longitude / 360.0 + equation_from + (equation_to - equation_from) * share
        nodes[node] = sin_latitude * sin_declination + cos_latitude * cos_declination * cos_turns(hour_angle)
    return nodes


@kernel
def clear_sky(zenith_cosine: float) -> float:
    """Global horizontal irradiance of a cloudless sky in W/m2 (Haurwitz 1945 and 1946; coefficients as in pvlib)."""
    if zenith_cosine <= 0.0:
        return 0.0
    return 1098.0 * zenith_cosine * exp(-0.059 / zenith_cosine)


@kernel
def clearness(seed: int, city_number: int, solar_day: int) -> float:
    """What a city's clouds leave of the light on one day, from `LOWEST_CLEARNESS` to 1: a Beta(1, 1/2), mean 0.72.

    *solar_day* is counted in local solar time, so that it changes in the night.
    """
    shade = uniform(draw(stream_key(seed, _CLEARNESS, city_number), solar_day))
    return 1.0 - (1.0 - LOWEST_CLEARNESS) * shade * shade


@kernel
def panel_capacity_w(seed: int, meter: int) -> float:
    """The nominal power of a meter's panels in W: uniform in 2 to 8 kW."""
    share = uniform(draw(stream_key(seed, _SOLAR_PANELS, meter), 0))
    return (_SMALLEST_KW + (_LARGEST_KW - _SMALLEST_KW) * share) * _W_PER_KW


@kernel
def solar_power(
    seed: int,
    meter: int,
    transformer: int,
    city_number: int,
    utc_day: int,
    latitude: float,
    longitude: float,
    watts: NDArray[np.int32],
) -> None:
    """Fill *watts* (8,640 steps of ten seconds, never below 0) with what the meter's panels generate on *utc_day*.

    The sky is shared: the day's clearness by a city, passing clouds by the meters of a transformer. Clouds come and
    go most on days that are half clear, and neither under a blue sky nor under a grey one.
    """
    per_w_m2 = panel_capacity_w(seed, meter) * _PERFORMANCE / _STANDARD_W_M2
    sun = cos_zenith(utc_day, latitude, longitude)
    quarter_key = stream_key(seed, _CLOUD_QUARTER, transformer)
    minute = minute_noise(stream_key(seed, _CLOUD_MINUTE, transformer), utc_day)
    to_w = per_w_m2 * clear_sky(sun[0])
    for node in range(NODES - 1):
        from_w = to_w
        to_w = per_w_m2 * clear_sky(sun[node + 1])
        first = node * _NODE_STEPS
        if from_w + to_w == 0.0:
            for step in range(first, first + _NODE_STEPS):
                watts[step] = 0
            continue
        day_clearness = clearness(seed, city_number, math.floor(utc_day + node / (NODES - 1.0) + longitude / 360.0))
        cloudy = (1.0 - day_clearness) * (day_clearness - LOWEST_CLEARNESS) / (0.5 * (1.0 - LOWEST_CLEARNESS)) ** 2
        sigma = _CLOUD_SIGMA * cloudy
        quarter = utc_day * 96 + node // 3
        cloud_from = _CLOUD_QUARTER_SHARE * normal(draw(quarter_key, quarter))
        cloud_slope = (_CLOUD_QUARTER_SHARE * normal(draw(quarter_key, quarter + 1)) - cloud_from) / 90.0
        into = node % 3 * _NODE_STEPS  # steps since the quarter began
        slope_w = (to_w - from_w) / _NODE_STEPS
        for i in range(_NODE_STEPS):
            cloud = cloud_from + cloud_slope * (into + i) + _CLOUD_MINUTE_SHARE * minute[first + i]
            sky = min(max(day_clearness + sigma * cloud, _DARKEST_CLOUD), 1.0)
            watts[first + i] = int((from_w + slope_w * i) * sky + 0.5)


@kernel
def daily_yield(seed: int, city_number: int, utc_day: int, latitude: float, longitude: float) -> float:
    """What panels of one watt of nominal power generate on *utc_day* under the city's sky, in Wh; clouds even out."""
    sun = cos_zenith(utc_day, latitude, longitude)
    total = 0.0
    for node in range(NODES - 1):
        solar_day = math.floor(utc_day + node / (NODES - 1.0) + longitude / 360.0)
        total += 0.5 * (clear_sky(sun[node]) + clear_sky(sun[node + 1])) * clearness(seed, city_number, solar_day)
    return total * 24.0 / (NODES - 1) * _PERFORMANCE / _STANDARD_W_M2

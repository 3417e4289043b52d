"""The power of a roof's solar panels, in steps of ten seconds: the sun's course, the day's clouds, a passing cloud.

The roof's slope counts for the beam; of the diffuse light it sees a part of the sky, and a little from the ground. The
sun's place is that of the Astronomical Almanac's low-precision formulas (0.01 degrees from 1950 to 2050),
without refraction; at a clear sky its light is Haurwitz's. Every number is a hash of (seed, stream, entity, time),
so any day can be computed alone.
"""

from __future__ import annotations

import math
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.calendar import day_number, month_after
from wattif.numeric.ieee import cos_turns, exp, log, sin_turns
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, minute_noise, normal, stream_key, uniform

NODES = 289  # every five minutes of a day, both midnights included
LOWEST_CLEARNESS = 0.15  # of a whole day

_NODE_STEPS = 30
_J2000_DAY = 10_957.5  # 2000-01-01 12:00, in days since 1970
_SIN_OBLIQUITY = 0.39774  # sine of 23.437 degrees, the ecliptic's obliquity about 2020
_GROUND = 0.2  # of the light that the ground gives back
_CLEAR_INDEX = 0.74  # of the light above the atmosphere, what a clear sky lets through
_LOWEST_SUN = 0.05  # cosine of its zenith, below which a roof's slope no longer counts
_CLEARNESS_CORRELATION = 0.35  # of the normals behind two days in a row
_MEMORY_DAYS = 8
_YEAR_DAYS = 365.2425
_W_PER_KW = 1000.0
_STANDARD_W_M2 = 1000.0  # irradiance at which panels have their nominal power
_PERFORMANCE = 0.80  # heat, dirt, cables and inverter
_SMALLEST_KW, _LARGEST_KW = 2.0, 8.0
_DARKEST_CLOUD = 0.05
_CLOUD_SIGMA = 0.25  # on a day half clear
_CLOUD_QUARTER_SHARE, _CLOUD_MINUTE_SHARE = 0.8, 0.6


def _roofs() -> NDArray[np.float64]:
    """Pitch in degrees, degrees that it is turned from the equator to the east, and the cumulative share of each."""
    pitches = ((10.0, 0.15), (25.0, 0.40), (40.0, 0.45))
    turns = ((-90.0, 0.08), (-45.0, 0.2), (0.0, 0.44), (45.0, 0.2), (90.0, 0.08))
    rows, upto = [], 0.0
    for pitch, share in pitches:
        for turn, part in turns:
            upto += share * part
            rows.append((pitch, turn, upto))
    return np.array(rows)


ROOFS = _roofs()

_CLEARNESS = int(Stream.CLEARNESS)
_ROOF = int(Stream.ROOF)
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
def sun_course(utc_day: int, latitude: float, longitude: float) -> NDArray[np.float64]:
    """Where the sun is at the `NODES` of a UTC day, (3, nodes): a unit vector's parts up, to the east, to the north.

    *latitude* and *longitude* in degrees, north and east positive. The first part is the cosine of the distance from
    the zenith, below 0 at night.
    """
    sin_from, equation_from = sun_at_midnight(utc_day)
    sin_to, equation_to = sun_at_midnight(utc_day + 1)
    sin_latitude = sin_turns(latitude / 360.0)
    cos_latitude = cos_turns(latitude / 360.0)
    course = np.empty((3, NODES))
    for node in range(NODES):
        share = node / (NODES - 1.0)
        sin_declination = sin_from + (sin_to - sin_from) * share
        cos_declination = np.sqrt(1.0 - sin_declination * sin_declination)
        hour_angle = share - 0.5 + longitude / 360.0 + equation_from + (equation_to - equation_from) * share
        to_south = cos_declination * cos_turns(hour_angle)
        course[0, node] = sin_latitude * sin_declination + cos_latitude * to_south
        course[1, node] = -cos_declination * sin_turns(hour_angle)
        course[2, node] = cos_latitude * sin_declination - sin_latitude * to_south
    return course


@kernel
def cos_zenith(utc_day: int, latitude: float, longitude: float) -> NDArray[np.float64]:
    """The cosine of the sun's distance from the zenith at the `NODES` of a UTC day; below 0 at night."""
    cosines: NDArray[np.float64] = sun_course(utc_day, latitude, longitude)[0]
    return cosines


@kernel
def clear_sky(zenith_cosine: float) -> float:
    """Global horizontal irradiance of a cloudless sky in W/m2 (Haurwitz 1945 and 1946; coefficients as in pvlib)."""
    if zenith_cosine <= 0.0:
        return 0.0
    return 1098.0 * zenith_cosine * exp(-0.059 / zenith_cosine)


class Place(NamedTuple):
    """A city under its sky."""

    city: int  # number for its streams
    latitude: float
    longitude: float
    clearness: NDArray[np.float64]  # (12,): what its clouds leave of the light in the mean of a month, January first


@kernel
def mean_clearness(place: Place, solar_day: int) -> float:
    """The place's clearness in the mean of many years: straight lines between the middles of the months."""
    position = (solar_day / _YEAR_DAYS - math.floor(solar_day / _YEAR_DAYS)) * 12.0 + 11.5
    left = math.floor(position)
    share = position - left
    return float(place.clearness[left % 12] * (1.0 - share) + place.clearness[(left + 1) % 12] * share)


@kernel
def clearness(seed: int, place: Place, solar_day: int) -> float:
    """What a city's clouds leave of the light on one day, from `LOWEST_CLEARNESS` to 1: much like the day before.

    *solar_day* is counted in local solar time, so that it changes in the night.
    """
    key = stream_key(seed, _CLEARNESS, place.city)
    total, squares, weight = 0.0, 0.0, 1.0
    for age in range(_MEMORY_DAYS):
        total += weight * normal(draw(key, solar_day - age))
        squares += weight * weight
        weight *= _CLEARNESS_CORRELATION
    shade = 1.0 / (1.0 + exp(-1.702 * total / np.sqrt(squares)))  # the normal's distribution, within 0.01
    power = (1.0 - LOWEST_CLEARNESS) / (1.0 - mean_clearness(place, solar_day)) - 1.0
    return 1.0 - (1.0 - LOWEST_CLEARNESS) * exp(power * log(shade))


@kernel
def diffuse_share(day_clearness: float) -> float:
    """The share of the light that comes from the whole sky (Erbs, Klein, Duffie 1982; clear-sky index 0.74)."""
    index = _CLEAR_INDEX * day_clearness
    if index <= 0.22:
        return 1.0 - 0.09 * index
    return 0.9511 + index * (-0.1604 + index * (4.388 + index * (-16.638 + index * 12.336)))


@kernel
def roof_of(seed: int, meter: int) -> int:
    """Which of `ROOFS` a meter has."""
    u = uniform(draw(stream_key(seed, _ROOF, meter), 0))
    roof = 0
    while roof < ROOFS.shape[0] - 1 and u >= ROOFS[roof, 2]:
        roof += 1
    return roof


@kernel
def roof_light(place: Place, roof: int, course: NDArray[np.float64], day_clearness: float, node: int) -> float:
    """The light on a roof, relative to that on level ground, at a node of the sun's *course*."""
    pitch, turned = ROOFS[roof, 0] / 360.0, ROOFS[roof, 1] / 360.0
    towards = -1.0 if place.latitude >= 0.0 else 1.0  # the equator: to the south from the north
    sin_pitch, cos_pitch = sin_turns(pitch), cos_turns(pitch)
    up = course[0, node]
    along = course[1, node] * sin_turns(turned) + towards * course[2, node] * cos_turns(turned)
    beam = max(up * cos_pitch + along * sin_pitch, 0.0) / max(up, _LOWEST_SUN)
    diffuse = diffuse_share(day_clearness)
    return float((1.0 - diffuse) * beam + diffuse * 0.5 * (1.0 + cos_pitch) + _GROUND * 0.5 * (1.0 - cos_pitch))


@kernel
def panel_capacity_w(seed: int, meter: int) -> float:
    """The nominal power of a meter's panels in W: uniform in 2 to 8 kW."""
    share = uniform(draw(stream_key(seed, _SOLAR_PANELS, meter), 0))
    return (_SMALLEST_KW + (_LARGEST_KW - _SMALLEST_KW) * share) * _W_PER_KW


@kernel
def solar_power(seed: int, meter: int, transformer: int, place: Place, utc_day: int, watts: NDArray[np.int32]) -> None:
    """Fill *watts* (8,640 steps of ten seconds, never below 0) with what the meter's panels generate on *utc_day*.

    The sky is shared: the day's clearness by a city, passing clouds by the meters of a transformer. Clouds come and
    go most on days that are half clear, and neither under a blue sky nor under a grey one.
    """
    per_w_m2 = panel_capacity_w(seed, meter) * _PERFORMANCE / _STANDARD_W_M2
    roof = roof_of(seed, meter)
    course = sun_course(utc_day, place.latitude, place.longitude)
    quarter_key = stream_key(seed, _CLOUD_QUARTER, transformer)
    minute = minute_noise(stream_key(seed, _CLOUD_MINUTE, transformer), utc_day)
    solar_day = math.floor(utc_day + place.longitude / 360.0)
    day_clearness = clearness(seed, place, solar_day)
    to_w = per_w_m2 * clear_sky(course[0, 0]) * roof_light(place, roof, course, day_clearness, 0)
    for node in range(NODES - 1):
        if math.floor(utc_day + node / (NODES - 1.0) + place.longitude / 360.0) != solar_day:
            solar_day += 1
            day_clearness = clearness(seed, place, solar_day)
        from_w = to_w
        to_w = per_w_m2 * clear_sky(course[0, node + 1]) * roof_light(place, roof, course, day_clearness, node + 1)
        first = node * _NODE_STEPS
        if from_w + to_w == 0.0:
            for step in range(first, first + _NODE_STEPS):
                watts[step] = 0
            continue
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
def daily_yields(seed: int, place: Place, utc_day: int) -> NDArray[np.float64]:
    """What panels of one watt generate on *utc_day* on each of `ROOFS` under the city's sky, in Wh; clouds even out."""
    course = sun_course(utc_day, place.latitude, place.longitude)
    solar_day = math.floor(utc_day + place.longitude / 360.0)
    day_clearness = clearness(seed, place, solar_day)
    totals = np.zeros(ROOFS.shape[0])
    for node in range(NODES - 1):
        if math.floor(utc_day + node / (NODES - 1.0) + place.longitude / 360.0) != solar_day:
            solar_day += 1
            day_clearness = clearness(seed, place, solar_day)
        light = clear_sky(course[0, node]) * day_clearness
        if light > 0.0:
            for roof in range(ROOFS.shape[0]):
                totals[roof] += light * roof_light(place, roof, course, day_clearness, node)
    return totals * (24.0 / (NODES - 1) * _PERFORMANCE / _STANDARD_W_M2)


_CLEAREST = 0.95
_DEFAULT_CLEARNESS = 0.72


def monthly_clearness(
    latitude: float, longitude: float, irradiation_kwh_m2: tuple[float, ...] | None
) -> NDArray[np.float64]:
    """(12,): a place's monthly *irradiation_kwh_m2* on level ground, relative to that of a clear sky."""
    if irradiation_kwh_m2 is None:
        return np.full(12, _DEFAULT_CLEARNESS)
    values = []
    for month, given in enumerate(irradiation_kwh_m2, 1):
        middle = day_number(date(2025, month, 15))
        clear = [clear_sky(cosine) for cosine in cos_zenith(middle, latitude, longitude)[1:].tolist()]
        days = (month_after(date(2025, month, 1)) - date(2025, month, 1)).days
        whole_kwh_m2 = days * math.fsum(clear) * 24.0 / (NODES - 1) / 1000.0
        values.append(min(max(given / max(whole_kwh_m2, 1e-6), 2.0 * LOWEST_CLEARNESS), _CLEAREST))
    return np.array(values)

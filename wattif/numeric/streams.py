"""Named, counter-based random streams: a value is a function of (seed, stream, entity, counter) and nothing else.

The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
Generators, OOPSLA 2014; constants of David Stafford's variant 13). ``draw(key, 0), draw(key, 1), …`` are the
outputs of that generator when its state starts at *key*, so its published test vectors hold.
"""

from __future__ import annotations

import math
from enum import IntEnum, unique

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel


@unique
class Stream(IntEnum):
    """What a number is drawn for. The values are part of the dataset's bytes: never renumber, only add."""

    MAC = 1
    BASE_ENERGY = 2
    TREND = 3
    INITIAL_REGISTER = 4
    MONTH_NOISE = 5
    DAY_NOISE = 6
    DAY_DRIFT = 7
    HABIT = 8
    OCCUPANCY = 9
    DAY_SHIFT = 10
    PULSE_COUNT = 11
    PULSE_SHAPE = 12
    FRIDGE_CYCLE = 13
    MINUTE_NOISE = 14
    READING_NOISE = 15
    HOME = 16
    FEEDER = 17
    TRANSFORMER = 18
    TRANSFORMER_DAY = 19
    TRANSFORMER_HOURS = 20
    TRANSFORMER_MINUTE = 21
    VOLTAGE_NOISE = 22
    GRID_QUARTER = 23
    GRID_MINUTE = 24
    GRID_NOISE = 25
    WEATHER_DAY = 26
    CLASS = 30
    PROFILE = 31
    SOLAR_OWNER = 32
    CAR_OWNER = 33
    PLACE = 34
    CAPACITY = 35
    ZONE_PLACE = 36
    SUBSTATION_PLACE = 37
    METER_PLACE = 38
    BUSINESS = 40
    BUSINESS_HOURS = 41
    BUSINESS_QUARTER = 42
    MACHINE = 43
    MACHINE_CYCLE = 44
    SOLAR_PANELS = 45
    CLEARNESS = 46
    CLOUD_QUARTER = 47
    CLOUD_MINUTE = 48
    ELECTRIC_CAR = 49
    ABSENCE = 50
    OWN_DAY_NOISE = 51
    SLEEP = 52
    ROOF = 53
    WEATHER_EXTREME = 54
    PULSE_CYCLE = 55
    ANOMALY = 60
    ANOMALY_SIZE = 61
    ANOMALY_READING = 62
    FAULT_ROW = 70
    FAULT_FILE = 71
    FAULT_BATCH = 72
    FAULT_DETAIL = 73
    ARRIVAL = 74
    AIR_DAY = 80
    AIR_HOUR = 81
    AIR_ZONE = 82
    AIR_ZONE_HOURS = 83
    INCIDENT = 90
    INCIDENT_STEP = 91
    INCIDENT_PLACE = 92
    STATION = 93
    CITY_SKY = 94
    STORM = 95
    INCIDENT_UNIT = 96
    INCIDENT_ASSET = 97
    INCIDENT_NOTE = 98
    MONTHLY_BASE = 100
    MONTHLY_TREND = 101
    MONTHLY_NOISE = 102
    MONTHLY_ANOMALY = 103


NORMAL_MAX = 131070.0 / 37837.2  # bound of `normal`

_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LOW_16 = np.uint64(0xFFFF)
_LOW_10 = np.uint64(0x3FF)


@kernel
def mix(x: np.uint64) -> np.uint64:
    """SplitMix64's finaliser: a bijection of 64-bit words."""
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


@kernel
def draw(key: np.uint64, counter: int) -> np.uint64:
    """64 random bits: output number *counter* (any 64-bit integer) of SplitMix64 started at *key*."""
    return mix(key + np.uint64(counter + 1) * _GOLDEN_GAMMA)


@kernel
def stream_key(seed: int, stream: int, entity: int) -> np.uint64:
    """The key of *stream* for one entity, by its number; 0 for what all of them share."""
    return draw(draw(draw(np.uint64(0), seed), stream), entity)


@kernel
def uniform(bits: np.uint64) -> float:
    """Uniform in [0, 1): the upper 53 bits."""
    return float(bits >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel
def uniforms(seed: int, stream: int, entity: int, first: int, count: int) -> NDArray[np.float64]:
    """The uniform numbers of the counters from *first* on."""
    key = stream_key(seed, stream, entity)
    numbers = np.empty(count)
    for i in range(count):
        numbers[i] = uniform(draw(key, first + i))
    return numbers


@kernel
def normal(bits: np.uint64) -> float:
    """About standard normal, within +-`NORMAL_MAX`: the sum of the word's four 16-bit parts, centred and scaled.

    Its bounds are what lets the ranges of the readings be declared.
    """
    total = (
        (bits & _LOW_16)
        + ((bits >> np.uint64(16)) & _LOW_16)
        + ((bits >> np.uint64(32)) & _LOW_16)
        + (bits >> np.uint64(48))
    )
    return (float(total) - 131070.0) * (1.0 / 37837.2)


def uniforms_of(
    seed: int, stream: Stream, entities: NDArray[np.int64], counters: int, first: int = 0
) -> NDArray[np.float64]:
    """(counters, entities): uniform in [0, 1), so many for each entity, from number *first* on."""
    return _uniforms_of(seed, int(stream), np.asarray(entities, np.int64), counters, first)


def normals_of(
    seed: int, stream: Stream, entities: NDArray[np.int64], counters: int, first: int = 0
) -> NDArray[np.float64]:
    """(counters, entities): about standard normal, see `normal`, so many for each entity, from number *first* on."""
    return _normals_of(seed, int(stream), np.asarray(entities, np.int64), counters, first)


@kernel
def _uniforms_of(seed: int, stream: int, entities: NDArray[np.int64], counters: int, first: int) -> NDArray[np.float64]:
    numbers = np.empty((counters, entities.shape[0]))
    for i in range(entities.shape[0]):
        key = stream_key(seed, stream, entities[i])
        for n in range(counters):
            numbers[n, i] = uniform(draw(key, first + n))
    return numbers


@kernel
def _normals_of(seed: int, stream: int, entities: NDArray[np.int64], counters: int, first: int) -> NDArray[np.float64]:
    numbers = np.empty((counters, entities.shape[0]))
    for i in range(entities.shape[0]):
        key = stream_key(seed, stream, entities[i])
        for n in range(counters):
            numbers[n, i] = normal(draw(key, first + n))
    return numbers


@kernel
def tenth(bits: np.uint64, part: int) -> float:
    """Uniform in [-1, 1): ten of the word's bits, *part* 0 to 5; six cheap numbers from one draw."""
    return float((bits >> np.uint64(10 * part)) & _LOW_10) * (1.0 / 512.0) - 1.0


@kernel
def value_noise(key: np.uint64, position: float) -> float:
    """Normals on the integers, joined by straight lines: smooth noise with a lattice of one."""
    left = math.floor(position)
    share = position - left
    return normal(draw(key, left)) * (1.0 - share) + normal(draw(key, left + 1)) * share


@kernel
def reading_noise(key: np.uint64, utc_day: int) -> NDArray[np.float64]:
    """White noise in [-1, 1) for the 8,640 ten-second steps of a day, six from one draw."""
    noise = np.empty(8640)
    for minute in range(1440):
        bits = draw(key, utc_day * 1440 + minute)
        for part in range(6):
            noise[minute * 6 + part] = tenth(bits, part)
    return noise


@kernel
def minute_noise(key: np.uint64, utc_day: int) -> NDArray[np.float64]:
    """Value noise on a lattice of one minute, for the 8,640 ten-second steps of a day."""
    noise = np.empty(8640)
    right = normal(draw(key, utc_day * 1440))
    for minute in range(1440):
        left = right
        right = normal(draw(key, utc_day * 1440 + minute + 1))
        for part in range(6):
            noise[minute * 6 + part] = left + (right - left) * (part / 6.0)
    return noise

"""When incidents occur: how many of which type are to be expected in each hour of the window, and in what weather."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattif.incidents.draws import Floats, Numbers, chosen
from wattif.incidents.kinds import IncidentType, codes
from wattif.model.cities import City
from wattif.model.weather import city_number, hourly_temperature
from wattif.numeric.calendar import HOUR_S, QUARTERS, day_of, local_quarters
from wattif.numeric.streams import Stream, uniforms

_SKY_HOURS = 6  # what the sky does holds for so long
_SKIES = ("CLEAR", "CLOUDY", "RAIN", "FOG")
_SKY_SHARES = (0.46, 0.33, 0.19, 0.02)  # assumed
HOT_C, FROST_C, WARM_C = 32.0, 0.0, 30.0  # from there on: heat; frost; more incidents of some types
# Storms: one may come in each block of days, more often in the warmer half of the year. Assumed; a thunderstorm or a
# squall line passes a city within hours, a cyclone within a day.
_STORM_BLOCK_DAYS, _STORM_CHANCE_WARM, _STORM_CHANCE_COLD = 10, 0.45, 0.2
_SHORTEST_STORM_H, _LONGEST_STORM_H = 3, 14
# After it, damage goes on being found: Omori's law of aftershocks, n(t) = 1 / (1 + t / c)^p, with p = 1
_AFTER_HOURS, _AFTER_C_H = 96, 3.0


@dataclass(frozen=True, kw_only=True)
class Hours:
    """The hours of a window, the first and the last of which may be parts: arrays of shape (hours,)."""

    starts_s: Numbers  # UTC, seconds since 1970
    ends_s: Numbers
    weights: Floats  # (hours, types): how many incidents are to be expected, relative to each other
    temperature_c: Floats
    weather: Numbers  # place of the code among the weather conditions
    storm: Floats  # 1 at the height of a storm, less while its damage is still being found, else 0
    local_s: Numbers  # what the clock shows at the full hour, in seconds since midnight


def hours_of(seed: int, city: City, types: tuple[IncidentType, ...], window_s: tuple[int, int]) -> Hours:
    """The hours of the window from and to these seconds since 1970."""
    first, last = window_s[0] // HOUR_S, -(-window_s[1] // HOUR_S)
    numbers = np.arange(first, last)
    quarters = local_quarters(city.time_zone, first * 4, (last - first) * 4)[::4]
    local_hour, local_day = quarters % QUARTERS // 4, quarters // QUARTERS
    days = range(first // 24, (last - 1) // 24 + 1)
    by_day = [hourly_temperature(seed, city, day_of(number)).temperature_c for number in days]
    temperature_c = np.concatenate(by_day)[first - days.start * 24 :][: len(numbers)].round(1)
    storm, is_raging = _storms(seed, city, first, last)
    starts, ends = np.maximum(numbers * HOUR_S, window_s[0]), np.minimum((numbers + 1) * HOUR_S, window_s[1])
    is_weekend = (local_day + 3) % 7 >= 5  # day 0 was a Thursday
    heat_k, cold_k = np.maximum(temperature_c - WARM_C, 0.0), np.maximum(FROST_C - temperature_c, 0.0)
    weights = np.empty((len(numbers), len(types)))
    for place, each in enumerate(types):
        hourly = np.array(each.hours) * (24.0 / sum(each.hours))
        answer = (1.0 + each.heat_per_k * heat_k + each.cold_per_k * cold_k) * (1.0 + each.storm * storm)
        weights[:, place] = each.share * hourly[local_hour] * np.where(is_weekend, each.weekend, 1.0) * answer
    weights *= ((ends - starts) / HOUR_S)[:, None]
    return Hours(
        starts_s=starts,
        ends_s=ends,
        weights=weights,
        temperature_c=temperature_c,
        weather=_weather(seed, city, numbers, temperature_c, is_raging),
        storm=storm,
        local_s=quarters % QUARTERS * (HOUR_S // 4),
    )


def _storms(seed: int, city: City, first: int, last: int) -> tuple[Floats, NDArray[np.bool_]]:
    """See `Hours.storm`, for the hours since 1970 from *first* to *last*; and in which of them there is one."""
    block_h = _STORM_BLOCK_DAYS * 24
    storm, is_raging = np.zeros(last - first), np.zeros(last - first, np.bool_)
    warmest, entity = sorted(city.temperature_c)[5], city_number(city.id)
    for block in range((first - _AFTER_HOURS - _LONGEST_STORM_H) // block_h, (last - 1) // block_h + 1):
        comes, when, length, size = uniforms(seed, int(Stream.STORM), entity, 4 * block, 4)
        month = day_of(block * _STORM_BLOCK_DAYS).month
        is_warm = city.temperature_c[month - 1] > warmest
        if comes >= (_STORM_CHANCE_WARM if is_warm else _STORM_CHANCE_COLD):
            continue
        hours = _SHORTEST_STORM_H + int(length * (_LONGEST_STORM_H - _SHORTEST_STORM_H + 1))
        begin = block * block_h + int(when * (block_h - hours))
        since = np.arange(first, last) - begin
        after = np.maximum(since - hours + 1, 0)
        effect = (0.3 + 0.7 * size) / (1.0 + after / _AFTER_C_H)
        storm = np.maximum(storm, np.where((since >= 0) & (after <= _AFTER_HOURS), effect, 0.0))
        is_raging |= (since >= 0) & (after == 0)
    return storm, is_raging


def _weather(seed: int, city: City, numbers: Numbers, temperature_c: Floats, is_raging: NDArray[np.bool_]) -> Numbers:
    """The code of each hour: the sky of its six hours, unless a storm, frost or heat is what counts."""
    conditions = codes("weather_conditions")
    blocks = numbers // _SKY_HOURS
    drawn = uniforms(seed, int(Stream.CITY_SKY), city_number(city.id), int(blocks[0]), int(blocks[-1] - blocks[0]) + 1)
    sky = np.array([conditions.index(each) for each in _SKIES])[chosen(_SKY_SHARES, drawn)][blocks - blocks[0]]
    is_rain = sky == conditions.index("RAIN")
    sky = np.where(is_rain & (temperature_c < FROST_C), conditions.index("SNOW"), sky)
    sky = np.where(~is_rain & (temperature_c < FROST_C), conditions.index("FREEZING"), sky)
    sky = np.where(~is_rain & (temperature_c >= HOT_C), conditions.index("HEAT"), sky)
    return np.where(is_raging, conditions.index("STORM"), sky)

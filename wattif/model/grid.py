"""The grid between the cities and their meters: which transformer feeds which meter, and where it is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key

KM_PER_DEGREE = 111.2  # of latitude, mean radius of the Earth
_SPREAD_KM = 5.0
_PLACE = int(Stream.PLACE)
_ZONE_PLACE = int(Stream.ZONE_PLACE)

METERS_PER_TRANSFORMER = 20  # neighbours: consecutive meters share a transformer and so its voltage


def transformer_of(meter: int) -> int:
    """The transformer that feeds *meter*."""
    return meter // METERS_PER_TRANSFORMER


@kernel
def place_of_transformer(seed: int, transformer: int) -> tuple[float, float]:
    """Where a transformer is, relative to the center of its city: kilometers to the north and to the east."""
    key = stream_key(seed, _PLACE, transformer)
    return _SPREAD_KM * normal(draw(key, 0)), _SPREAD_KM * normal(draw(key, 1))


def place_of(seed: int, transformer: int, city: City) -> tuple[float, float]:
    """Latitude and longitude of *transformer* in degrees, five decimals: about a metre."""
    north_km, east_km = place_of_transformer(seed, transformer)
    latitude = city.latitude + north_km / KM_PER_DEGREE
    longitude = city.longitude + east_km / (KM_PER_DEGREE * math.cos(math.radians(city.latitude)))
    return round(latitude, 5), round(longitude, 5)


def zone_id(city: City, zone: int) -> str:
    """The name of the city's zone number *zone*, from 0: alike in width, so that names sort as numbers do."""
    return f"{city.id}_Z_{zone + 1:0{max(len(str(city.zones)), 3)}}"


@kernel
def zones_of(seed: int, city: int, zones: int, transformers: NDArray[np.int64]) -> NDArray[np.int64]:
    """In which of so many zones of a city each of *transformers* is: that of the nearest center, from 0.

    *city*: as `wattif.model.weather.city_number` has it. Zones are as dense as transformers are.
    """
    key = stream_key(seed, _ZONE_PLACE, city)
    centers = np.empty((zones, 2))
    for zone in range(zones):
        for axis in range(2):
            centers[zone, axis] = _SPREAD_KM * normal(draw(key, 2 * zone + axis))
    nearest = np.zeros(transformers.shape[0], np.int64)
    for n in range(transformers.shape[0]):
        north_km, east_km = place_of_transformer(seed, transformers[n])
        least = np.inf
        for zone in range(zones):
            squared_km2 = (centers[zone, 0] - north_km) ** 2 + (centers[zone, 1] - east_km) ** 2
            if squared_km2 < least:
                least, nearest[n] = squared_km2, zone
    return nearest


def city_of(meters: NDArray[np.int64], cities: int) -> NDArray[np.int64]:
    """Which of so many cities each of *meters* is in: transformer by transformer in turn, so that a fleet can grow."""
    turn: NDArray[np.int64] = meters // METERS_PER_TRANSFORMER % cities
    return turn

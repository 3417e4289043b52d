"""Places on the Earth: distances along great circles, geohashes, well-known text."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wattif.numeric.ieee import cos_turns, sin_turns
from wattif.numeric.jit import kernel

EARTH_RADIUS_M = 6_371_008.8  # mean, IUGG
_BASE32 = np.frombuffer(b"0123456789bcdefghjkmnpqrstuvwxyz", np.uint8)

Degrees = NDArray[np.float64]


def wkt_points(longitude: Degrees, latitude: Degrees) -> pa.Array:
    """``POINT(121.0 14.6)``: longitude first, WGS 84 (OGC Simple Feature Access)."""
    parts = [pc.cast(pa.array(each), pa.string()) for each in (longitude, latitude)]
    inner = pc.binary_join_element_wise(*parts, " ")
    return pc.binary_join_element_wise("POINT(", inner, ")", "")


def geohashes(longitude: Degrees, latitude: Degrees, precision: int) -> pa.Array:
    """Geohashes of so many characters (Niemeyer, 2008)."""
    letters = _geohash_letters(longitude, latitude, precision)
    text = _BASE32[letters].tobytes()
    offsets = np.arange(len(longitude) + 1, dtype=np.int32) * precision
    return pa.Array.from_buffers(pa.string(), len(longitude), [None, pa.py_buffer(offsets), pa.py_buffer(text)])


@kernel
def _geohash_letters(longitude: Degrees, latitude: Degrees, precision: int) -> NDArray[np.uint8]:
    """(places, precision): halves of the longitude and of the latitude in turn, five to a letter."""
    letters = np.empty((longitude.shape[0], precision), np.uint8)
    for i in range(longitude.shape[0]):
        west, east, south, north = -180.0, 180.0, -90.0, 90.0
        for place in range(precision):
            letter = 0
            for bit in range(5):
                if (place * 5 + bit) % 2 == 0:
                    middle = (west + east) / 2.0
                    upper = longitude[i] >= middle
                    west, east = (middle, east) if upper else (west, middle)
                else:
                    middle = (south + north) / 2.0
                    upper = latitude[i] >= middle
                    south, north = (middle, north) if upper else (south, middle)
                letter = letter * 2 + (1 if upper else 0)
            letters[i, place] = letter
    return letters


@kernel
def distances_m(longitude: Degrees, latitude: Degrees, to_longitude: Degrees, to_latitude: Degrees) -> Degrees:
    """Along the great circle, by the haversine formula; for places within some hundred kilometers of each other."""
    found = np.empty(longitude.shape[0])
    for i in range(longitude.shape[0]):
        found[i] = _distance_m(longitude[i], latitude[i], to_longitude[i], to_latitude[i])
    return found


@kernel
def _distance_m(longitude: float, latitude: float, to_longitude: float, to_latitude: float) -> float:
    north = sin_turns((to_latitude - latitude) / 720.0)
    east = sin_turns((to_longitude - longitude) / 720.0)
    share = north * north + cos_turns(latitude / 360.0) * cos_turns(to_latitude / 360.0) * east * east
    half = math.sqrt(share)
    return (
        2.0 * EARTH_RADIUS_M * half * (1.0 + share / 6.0 + 3.0 * share * share / 40.0)
    )  # the arc sine of a small number


@kernel
def nearest(
    longitude: Degrees, latitude: Degrees, to_longitude: Degrees, to_latitude: Degrees, most: int
) -> NDArray[np.int64]:
    """(places, most): the numbers of those nearest to each, the nearest first; -1 where there are no more."""
    found = np.full((longitude.shape[0], most), -1, np.int64)
    away = np.empty(most)
    for i in range(longitude.shape[0]):
        away[:] = np.inf
        for other in range(to_longitude.shape[0]):
            distance = _distance_m(longitude[i], latitude[i], to_longitude[other], to_latitude[other])
            if distance >= away[most - 1]:
                continue
            place = most - 1
            while place > 0 and away[place - 1] > distance:
                away[place], found[i, place] = away[place - 1], found[i, place - 1]
                place -= 1
            away[place], found[i, place] = distance, other
    return found

"""Where a city's network is: zones, and in them substations, feeders, transformers and meters.

A zone (a barangay, borough or ward) has substations of its own. A city's transformers take its zones in turn, and
within a zone they fill feeder after feeder: so a fleet grows without moving anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.model.network import Network
from wattif.model.weather import city_number
from wattif.numeric.ieee import cos_turns
from wattif.numeric.streams import Stream, normals_of, uniforms_of

FEEDER_TRANSFORMERS, SUBSTATION_FEEDERS = 20, 8  # at most
METER_SPREAD_M = 60.0  # standard deviation of a meter's distance to its transformer, each to the north and to the east
METERS_PER_DEGREE = 111_200.0  # of latitude, mean radius of the Earth
_TIGHTNESS = 0.2  # standard deviation around the center of a zone, in shares of the zone's part of a side
DECIMALS = 5  # of a degree: about a meter

Places = tuple[NDArray[np.float64], NDArray[np.float64]]  # latitudes and longitudes in degrees
Numbers = NDArray[np.int64]


class Position(NamedTuple):
    """Where in a city's network transformers are, all counted from 0; arrays of one length."""

    zone: Numbers
    transformer: Numbers  # of the zone
    feeder: Numbers  # of the zone
    substation: Numbers  # of the zone


@dataclass(frozen=True, kw_only=True)
class Geography:
    """The geography of a city."""

    network: Network
    city: City

    def position(self, transformers: Numbers) -> Position:
        """Where *transformers* of this city are."""
        own, zone = np.divmod(transformers // self.network.cities, self.city.zones)
        feeder = own // FEEDER_TRANSFORMERS
        return Position(zone, own, feeder, feeder // SUBSTATION_FEEDERS)

    def of_zones(self, zones: Numbers) -> Places:
        """The centers of *zones*: uniform within the city's bounds."""
        latitude, longitude = self._centers(zones)
        return self._kept(latitude, longitude)

    def of_substations(self, zones: Numbers, numbers: Numbers) -> Places:
        """The substations with these *numbers* in their *zones*: near the center."""
        north, east = self._normals(Stream.SUBSTATION_PLACE, self._entities(zones * 1000 + numbers))
        latitude, longitude = self._centers(zones)
        tall, wide = self._zone_sides()
        return self._kept(latitude + 0.5 * _TIGHTNESS * tall * north, longitude + 0.5 * _TIGHTNESS * wide * east)

    def of_transformers(self, transformers: Numbers) -> Places:
        """Normal around the center of the zone, and the less clustered, the more like anywhere."""
        to_north, to_east = self._normals(Stream.PLACE, transformers)
        up, right = self._uniforms(Stream.PLACE, transformers)
        latitude, longitude = self._centers(self.position(transformers).zone)
        (tall, wide), (south, north, west, east) = self._zone_sides(), self.city.bounds_deg
        near, far = self.network.layout.clustering, 1.0 - self.network.layout.clustering
        return self._kept(
            near * (latitude + _TIGHTNESS * tall * to_north) + far * (south + (north - south) * up),
            near * (longitude + _TIGHTNESS * wide * to_east) + far * (west + (east - west) * right),
        )

    def of_meters(self, meters: Numbers, transformers: Numbers) -> Places:
        """Near the transformer of each."""
        numbers, index = np.unique(transformers, return_inverse=True)
        latitude, longitude = self.of_transformers(numbers)
        north, east = self._normals(Stream.METER_PLACE, meters)
        north_deg = METER_SPREAD_M / METERS_PER_DEGREE
        east_deg = north_deg / max(cos_turns(self.city.latitude / 360.0), 0.01)
        return self._kept(latitude[index] + north_deg * north, longitude[index] + east_deg * east)

    def _centers(self, zones: Numbers) -> Places:
        up, right = self._uniforms(Stream.ZONE_PLACE, self._entities(zones))
        south, north, west, east = self.city.bounds_deg
        return south + (north - south) * up, west + (east - west) * right

    def _zone_sides(self) -> tuple[float, float]:
        """Height and width of a zone if all were alike, in degrees."""
        south, north, west, east = self.city.bounds_deg
        side = float(np.sqrt(self.city.zones))  # exact everywhere
        return (north - south) / side, (east - west) / side

    def _kept(self, latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> Places:
        """Within the city's bounds, and rounded."""
        south, north, west, east = self.city.bounds_deg
        return np.clip(latitude, south, north).round(DECIMALS), np.clip(longitude, west, east).round(DECIMALS)

    def _entities(self, numbers: Numbers) -> Numbers:
        """Numbers of entities that no other city has."""
        return (city_number(self.city.id) >> 24 << 24) + numbers

    def _uniforms(self, stream: Stream, entities: Numbers) -> NDArray[np.float64]:
        """(2, entities): in [0, 1)."""
        return uniforms_of(self.network.seed, stream, entities, 2)

    def _normals(self, stream: Stream, entities: Numbers) -> NDArray[np.float64]:
        """(2, entities): standard normal, of the counters after those of the uniform numbers."""
        return normals_of(self.network.seed, stream, entities, 2, first=2)

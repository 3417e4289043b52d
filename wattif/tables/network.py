"""The network as dimension tables, `_wattif/transformers.parquet` and so on: what feeds what, and where it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wattif.model.geography import Geography, Position
from wattif.model.network import phases
from wattif.model.scenario import world_of
from wattif.tables import network_ids
from wattif.tables.column import Column
from wattif.tables.table import LakeTable
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    from wattif.model.scenario import Scenario
    from wattif.model.world import World
    from wattif.spec import Spec

Columns = Mapping[str, NDArray[Any]]
CITY_FIGURES = ("code", "bounds", "zones")  # what keys and places of the network follow from
_MANY = 10**6  # more than a zone has of anything


def transformer_columns(world: World, meters: int, transformers: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Rows of these *transformers* (ascending), of a fleet of so many *meters*."""
    network = world.network
    columns: dict[str, NDArray[Any]] = {}
    for number, city in enumerate(world.cities):
        own = np.flatnonzero(network.city_of(transformers) == number)
        geography = Geography(network=network, city=city)
        position = geography.position(transformers[own])
        latitude, longitude = geography.of_transformers(transformers[own])
        found = {
            "transformer_id": network_ids.transformer_ids(city.key, position),
            "feeder_id": network_ids.feeder_ids(city.key, position),
            "substation_id": network_ids.substation_ids(city.key, position),
            "zone_id": network_ids.zone_ids(city.key, position.zone),
            "city_id": np.full(len(own), city.id, object),
            "latitude": latitude,
            "longitude": longitude,
        }
        for name, values in found.items():
            columns.setdefault(name, np.empty(len(transformers), values.dtype))[own] = values
    fed = [network.meters_of(number) for number in transformers.tolist()]
    capacity_kva = network.capacities_kva(int(transformers[0]), int(transformers[-1] - transformers[0]) + 1)
    columns["transformer"] = transformers
    columns["capacity_kva"] = capacity_kva[transformers - transformers[0]]
    columns["phases"] = phases(columns["capacity_kva"])
    columns["num_meters"] = np.array([min(each.stop, meters) - each.start for each in fed])
    return columns


@dataclass(frozen=True)
class _CityNetwork:
    """One city's part of the network that feeds a fleet."""

    geography: Geography
    position: Position  # of its transformers

    def zones(self) -> Columns:
        """All of the city, whether or not they have a meter yet."""
        zones = np.arange(self.geography.city.zones)
        latitude, longitude = self.geography.of_zones(zones)
        return {
            "zone_id": network_ids.zone_ids(self.geography.city.key, zones),
            "latitude": latitude,
            "longitude": longitude,
            "num_transformers": np.bincount(self.position.zone, minlength=len(zones)),
        }

    def substations(self) -> Columns:
        """Those that have a feeder."""
        feeders, _ = self._groups(self.position.feeder)
        firsts, _ = self._groups(self.position.substation)
        latitude, longitude = self.geography.of_substations(firsts.zone, firsts.substation)
        return {
            "substation_id": network_ids.substation_ids(self.geography.city.key, firsts),
            "zone_id": network_ids.zone_ids(self.geography.city.key, firsts.zone),
            "latitude": latitude,
            "longitude": longitude,
            "num_feeders": np.unique(feeders.zone * _MANY + feeders.substation, return_counts=True)[1],
        }

    def feeders(self) -> Columns:
        """Those that have a transformer."""
        firsts, counts = self._groups(self.position.feeder)
        return {
            "feeder_id": network_ids.feeder_ids(self.geography.city.key, firsts),
            "substation_id": network_ids.substation_ids(self.geography.city.key, firsts),
            "zone_id": network_ids.zone_ids(self.geography.city.key, firsts.zone),
            "num_transformers": counts,
        }

    def _groups(self, numbers: NDArray[np.int64]) -> tuple[Position, NDArray[np.int64]]:
        """Where the first transformer is of each group of a zone that has the same number, and how many each has."""
        _, index, counts = np.unique(self.position.zone * _MANY + numbers, return_index=True, return_counts=True)
        return Position._make(each[index] for each in self.position), counts


@dataclass(frozen=True, kw_only=True)
class _NetworkTable(LakeTable):
    """What the tables of the network have in common."""

    partition: str = "the whole network"
    endings: tuple[str, ...] = ("parquet",)
    city_figures: tuple[str, ...] = CITY_FIGURES


@dataclass(frozen=True, kw_only=True)
class AboveTransformers(_NetworkTable):
    """A table of what feeds transformers: city by city; its units are ranges of rows."""

    of_city: Callable[[_CityNetwork], Columns]

    def entities(self, spec: Spec, partition: str) -> int:
        """Its rows."""
        return len(self._whole(world_of(spec), spec.meters)["city_id"])

    def columns_of(self, scenario: Scenario, unit: Unit) -> Columns:
        """See `LakeTable.columns_of`."""
        whole = self._whole(scenario.world, scenario.meters)
        return {name: values[unit.first : unit.last + 1] for name, values in whole.items()}

    def _whole(self, world: World, meters: int) -> Columns:
        network, parts = world.network, []
        for number, city in enumerate(world.cities):
            geography = Geography(network=network, city=city)
            own = np.arange(number, network.transformers(meters), network.cities)
            found = self.of_city(_CityNetwork(geography, geography.position(own)))
            ids = np.full(len(next(iter(found.values()))), city.id, object)
            parts.append({**found, "city_id": ids})
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@dataclass(frozen=True, kw_only=True)
class Transformers(_NetworkTable):
    """The table of the transformers: its units are ranges of their numbers."""

    def entities(self, spec: Spec, partition: str) -> int:
        """The transformers that feed a meter."""
        return world_of(spec).network.transformers(spec.meters)

    def columns_of(self, scenario: Scenario, unit: Unit) -> Columns:
        """See `LakeTable.columns_of`; time and memory grow with the range alone."""
        own = np.arange(unit.first, unit.last + 1)
        return transformer_columns(scenario.world, scenario.meters, own)


_CITY = Column("city_id", "city", "the city it is in")
_ZONE = Column("zone_id", "text", "the zone it is in")
_LATITUDE = Column("latitude", "float", "where it is", unit="degrees")
_LONGITUDE = Column("longitude", "float", "where it is", unit="degrees")
_FED = Column("num_transformers", "number", "transformers of this fleet", bits=32)

TABLES = (
    AboveTransformers(
        name="zones",
        description="the zones of each city: barangays, boroughs, wards",
        columns=(
            Column("zone_id", "text", "the zone: the city's code and a number"),
            _CITY,
            _LATITUDE,
            _LONGITUDE,
            _FED,
        ),
        key=("zone_id",),
        path="_wattif/zones",
        of_city=_CityNetwork.zones,
    ),
    AboveTransformers(
        name="substations",
        description="the substations: each feeds a part of a zone",
        columns=(
            Column("substation_id", "text", "the substation: its zone and a number"),
            _ZONE,
            _CITY,
            _LATITUDE,
            _LONGITUDE,
            Column("num_feeders", "number", "feeders of this fleet", bits=32),
        ),
        key=("substation_id",),
        path="_wattif/substations",
        of_city=_CityNetwork.substations,
    ),
    AboveTransformers(
        name="feeders",
        description="the feeders: each leads from a substation to transformers",
        columns=(
            Column("feeder_id", "text", "the feeder: its zone and a number"),
            Column("substation_id", "text", "the substation that feeds it"),
            _ZONE,
            _CITY,
            _FED,
        ),
        key=("feeder_id",),
        path="_wattif/feeders",
        of_city=_CityNetwork.feeders,
    ),
    Transformers(
        name="transformers",
        description="the transformers: each feeds meters that are neighbors",
        columns=(
            Column("transformer_id", "text", "the transformer: its zone and a number"),
            Column("transformer", "number", "its number, from 0", bits=32),
            Column("feeder_id", "text", "the feeder that feeds it"),
            Column("substation_id", "text", "the substation of the feeder"),
            _ZONE,
            _CITY,
            _LATITUDE,
            _LONGITUDE,
            Column("capacity_kva", "float", "rated power, a preferred rating of IEEE C57.12.00", unit="kVA"),
            Column("phases", "number", "1 or 3", bits=32),
            Column("num_meters", "number", "meters of this fleet that it feeds", bits=32),
        ),
        key=("transformer_id",),
        path="_wattif/transformers",
    ),
)

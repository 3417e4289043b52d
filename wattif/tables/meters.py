"""The fleet as a dimension table, `_wattif/meters.parquet`: one row per meter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wattif.model.classes import CLASSES, PROFILES
from wattif.model.geography import Geography
from wattif.model.solar import panel_capacity_w
from wattif.tables import network_ids
from wattif.tables.column import Column
from wattif.tables.network import CITY_FIGURES
from wattif.tables.table import LakeTable
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    from wattif.model.scenario import Scenario
    from wattif.model.world import World
    from wattif.spec import Spec


@dataclass(frozen=True, kw_only=True)
class Meters(LakeTable):
    """The table of the meters: its units are ranges of meters."""

    def entities(self, spec: Spec, partition: str) -> int:
        """The meters."""
        return spec.meters

    def columns_of(self, scenario: Scenario, unit: Unit) -> Mapping[str, NDArray[Any]]:
        """See `LakeTable.columns_of`; time and memory grow with the range alone."""
        world, fleet = scenario.world, scenario.fleet.part(unit.first, unit.count)
        meters = np.arange(unit.first, unit.first + unit.count)
        transformer = world.network.transformers_of(unit.first, unit.count)
        city = world.network.city_of(transformer)
        solar_w = [
            panel_capacity_w(world.seed, int(meter)) if has else 0.0
            for meter, has in zip(meters, fleet.solar, strict=True)
        ]
        return {
            "meter": meters,
            "mac": fleet.macs,
            "city_id": np.array([each.id for each in world.cities])[city],
            "class": np.array([each.id for each in CLASSES])[fleet.meter_class],
            "profile": np.array(PROFILES)[fleet.profile],
            "mean_kwh": fleet.base_mwh / 1e6,
            "transformer": transformer,
            **place_columns(world, meters, transformer),
            "solar_kw": np.array(solar_w) / 1000.0,
            "electric_car": fleet.car,
        }


def place_columns(world: World, meters: NDArray[np.int64], transformers: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Where in the network and on the map each meter is."""
    network = world.network
    fed_by, index = np.unique(transformers, return_inverse=True)
    places = meters - np.array([network.meters_of(number).start for number in fed_by.tolist()])[index]
    columns = {
        "meter_id": np.empty(len(meters), object),
        "transformer_id": np.empty(len(meters), object),
        "zone_id": np.empty(len(meters), object),
        "latitude": np.empty(len(meters)),
        "longitude": np.empty(len(meters)),
    }
    for number, city in enumerate(world.cities):
        own = np.flatnonzero(network.city_of(transformers) == number)
        geography = Geography(network=network, city=city)
        latitude, longitude = geography.of_meters(meters[own], transformers[own])
        of_city = np.flatnonzero(network.city_of(fed_by) == number)
        position = geography.position(fed_by[of_city])
        at = np.searchsorted(of_city, index[own])
        columns["zone_id"][own] = network_ids.zone_ids(city.key, position.zone)[at]
        columns["transformer_id"][own] = network_ids.transformer_ids(city.key, position)[at]
        columns["meter_id"][own] = network_ids.meter_ids(columns["transformer_id"][own], places[own])
        columns["latitude"][own], columns["longitude"][own] = latitude, longitude
    return columns


TABLE = Meters(
    name="meters",
    description="the fleet: one row per meter",
    columns=(
        Column("meter", "number", "number of the meter, from 0", bits=32),
        Column("mac", "mac", "its MAC address, as in the readings"),
        Column("city_id", "city", "the city it is in"),
        Column("class", "text", "class of customers"),
        Column("profile", "text", "standard load profile or shift plan that it follows"),
        Column("mean_kwh", "float", "mean energy per month without an electric car", unit="kWh"),
        Column("meter_id", "text", "the connection: its transformer's key and a number"),
        Column("transformer", "number", "number of the transformer that feeds it", bits=32),
        Column("transformer_id", "text", "the transformer's key"),
        Column("zone_id", "text", "the zone that it is in"),
        Column("latitude", "float", "where it is", unit="degrees"),
        Column("longitude", "float", "where it is", unit="degrees"),
        Column("solar_kw", "float", "nominal power of the panels; 0 without", unit="kW"),
        Column("electric_car", "boolean", "whether an electric car is charged"),
    ),
    key=("meter",),
    partition="the whole fleet",
    path="_wattif/meters",
    endings=("parquet",),
    city_figures=CITY_FIGURES,
)

"""The zone that each meter is in, `_wattif/meter_zones.parquet`: on request, to join tables of zones with load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wattif.model.grid import METERS_PER_TRANSFORMER, city_of, zone_id, zones_of
from wattif.model.weather import city_number
from wattif.tables.column import Column
from wattif.tables.table import LakeTable
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    from wattif.model.scenario import Scenario
    from wattif.spec import Spec


@dataclass(frozen=True, kw_only=True)
class MeterZones(LakeTable):
    """The table of the meters' zones: its units are ranges of meters."""

    def entities(self, spec: Spec, partition: str) -> int:
        """The meters."""
        return spec.meters

    def columns_of(self, scenario: Scenario, unit: Unit) -> Mapping[str, NDArray[Any]]:
        """See `LakeTable.columns_of`; neighbours of one transformer are in one zone."""
        world = scenario.world
        meters = np.arange(unit.first, unit.first + unit.count)
        city, transformer = city_of(meters, len(world.cities)), meters // METERS_PER_TRANSFORMER
        zone_ids = np.empty(unit.count, object)
        for number, place in enumerate(world.cities):
            own = city == number
            zones = zones_of(world.seed, city_number(place.id), place.zones, transformer[own])
            zone_ids[own] = [zone_id(place, int(zone)) for zone in zones]
        return {
            "meter": meters,
            "mac": scenario.fleet.macs[scenario.fleet.slice_of(unit.first, unit.count)],
            "city_id": np.array([each.id for each in world.cities])[city],
            "zone_id": zone_ids,
        }


TABLE = MeterZones(
    name="meter_zones",
    description="the zone of its city that each meter is in",
    columns=(
        Column("meter", "number", "number of the meter, from 0", bits=32),
        Column("mac", "mac", "its MAC address, as in the readings"),
        Column("city_id", "city", "the city it is in"),
        Column("zone_id", "text", "the zone of the city: a borough, ward, barangay, or what else divides it"),
    ),
    key=("meter",),
    partition="the whole fleet",
    path="_wattif/meter_zones",
    endings=("parquet",),
    is_extra=True,
    city_figures=("zones",),
)

"""The fleet as a dimension table, `_wattif/meters.parquet`: one row per meter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wattif.model.classes import CLASSES, PROFILES
from wattif.model.grid import METERS_PER_TRANSFORMER, city_of, place_of
from wattif.model.solar import panel_capacity_w
from wattif.tables.column import Column
from wattif.tables.table import LakeTable
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    from wattif.model.scenario import Scenario
    from wattif.spec import Spec


@dataclass(frozen=True, kw_only=True)
class Meters(LakeTable):
    """The table of the meters: its units are ranges of meters."""

    def entities(self, spec: Spec, partition: str) -> int:
        """The meters."""
        return spec.meters

    def columns_of(self, scenario: Scenario, unit: Unit) -> Mapping[str, NDArray[Any]]:
        """See `LakeTable.columns_of`; time and memory grow with the range alone."""
        world, fleet = scenario.world, scenario.fleet
        own = fleet.slice_of(unit.first, unit.count)
        meters = np.arange(unit.first, unit.first + unit.count)
        city = city_of(meters, len(world.cities))
        transformer = meters // METERS_PER_TRANSFORMER
        firsts, index = np.unique(transformer, return_index=True)
        places = np.array(
            [place_of(world.seed, int(n), world.cities[c]) for n, c in zip(firsts, city[index], strict=True)]
        )[transformer - transformer[0]]
        solar_w = [
            panel_capacity_w(world.seed, int(meter)) if has else 0.0
            for meter, has in zip(meters, fleet.solar[own], strict=True)
        ]
        return {
            "meter": meters,
            "mac": fleet.macs[own],
            "city_id": np.array([each.id for each in world.cities])[city],
            "class": np.array([each.id for each in CLASSES])[fleet.meter_class[own]],
            "profile": np.array(PROFILES)[fleet.profile[own]],
            "mean_kwh": fleet.base_mwh[own] / 1e6,
            "transformer": transformer,
            "latitude": places[:, 0],
            "longitude": places[:, 1],
            "solar_kw": np.array(solar_w) / 1000.0,
            "electric_car": fleet.car[own],
        }


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
        Column("transformer", "number", "the transformer that feeds it", bits=32),
        Column("latitude", "float", "of the transformer", unit="degrees"),
        Column("longitude", "float", "of the transformer", unit="degrees"),
        Column("solar_kw", "float", "nominal power of the panels; 0 without", unit="kW"),
        Column("electric_car", "boolean", "whether an electric car is charged"),
    ),
    key=("meter",),
    partition="the whole fleet",
    path="_wattif/meters",
    endings=("parquet",),
)

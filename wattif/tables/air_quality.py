"""The air of the zones, `_wattif/air_quality/<city>-<month>.parquet`, a row for each zone and hour: on request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wattif.model.air_quality import HOURS, shared_hours, zone_air
from wattif.model.air_quality_index import MOST_HOURS, POLLUTANTS, air_quality_index
from wattif.model.cities import load_cities
from wattif.model.weather import city_number
from wattif.tables.city_months import CityMonths, city_id_of, city_of, hours_of, month_of
from wattif.tables.column import Column
from wattif.tables.network_ids import zone_ids
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    from wattif.model.scenario import Scenario
    from wattif.spec import Spec


@dataclass(frozen=True, kw_only=True)
class AirQuality(CityMonths):
    """The table of the air: the units of a city's month are ranges of its zones' hours, zone after zone."""

    def entities(self, spec: Spec, partition: str) -> int:
        """The hours of the month, once for each zone."""
        return load_cities(spec.cities)[city_id_of(partition)].zones * hours_of(partition)

    def columns_of(self, scenario: Scenario, unit: Unit) -> Mapping[str, NDArray[Any]]:
        """See `LakeTable.columns_of`; the zones of the unit are made for their whole month."""
        city, month, hours = city_of(scenario, unit.partition), month_of(unit.partition), hours_of(unit.partition)
        seed, number = scenario.world.seed, city_number(city.id)
        shared = shared_hours(seed, city, month, hours // HOURS)
        zones = range(unit.first // hours, unit.last // hours + 1)
        made = [zone_air(seed, number, zone, shared.first_hour, shared.air) for zone in zones]
        own = slice(unit.first - zones.start * hours, unit.first - zones.start * hours + unit.count)
        air = np.concatenate([each[:, MOST_HOURS - 1 :] for each in made], axis=1)[:, own]
        index, pollutant = np.concatenate([air_quality_index(each) for each in made], axis=1)[:, own]
        place, hour = np.divmod(np.arange(unit.first, unit.first + unit.count), hours)
        concentrations = dict(zip(POLLUTANTS, air, strict=True))
        return {
            "city_id": np.full(unit.count, city.id),
            "zone_id": zone_ids(city.key, np.arange(zones.start, zones.stop))[place - zones.start],
            "time": (np.datetime64(month, "h") + hour.astype("timedelta64[h]")).astype("datetime64[s]"),
            **{column.name: concentrations[name] for name, column in _CONCENTRATIONS.items()},
            "us_aqi": index,
            "critical_pollutant": np.array(POLLUTANTS)[pollutant],
        }


_UG_M3, _PPB, _PPM = "micrograms per cubic meter", "parts per billion", "parts per million"
_CONCENTRATIONS = {
    "pm2_5": Column("pm2_5_ug_m3", "number", "fine particles, mean of the hour", unit=_UG_M3, decimals=1),
    "pm10": Column("pm10_ug_m3", "number", "particles up to 10 micrometers, mean of the hour", unit=_UG_M3, decimals=1),
    "no2": Column("no2_ppb", "number", "nitrogen dioxide, mean of the hour", unit=_PPB, decimals=1),
    "o3": Column("o3_ppb", "number", "ozone, mean of the hour", unit=_PPB, decimals=1),
    "co": Column("co_ppm", "number", "carbon monoxide, mean of the hour", unit=_PPM, decimals=3),
}
TABLE = AirQuality(
    name="air_quality",
    description="the air of each zone of a city, hour by hour",
    columns=(
        Column("city_id", "city", "the city"),
        Column("zone_id", "text", "the zone of the city, see `zones`"),
        Column("time", "timestamp", "start of the hour", unit="UTC"),
        *_CONCENTRATIONS.values(),
        Column("us_aqi", "number", "US air quality index of the hours that end with this one", bits=32),
        Column("critical_pollutant", "text", f"the one responsible for the index: {', '.join(POLLUTANTS)}"),
    ),
    key=("zone_id", "time"),
    path="_wattif/air_quality/{partition}",
    is_extra=True,
    city_figures=("code", "zones", "air"),
)

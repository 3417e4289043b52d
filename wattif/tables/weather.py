"""The weather of a city as a dimension table, `_wattif/weather/<city>-<month>.parquet`: one row an hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wattif.model.weather import hourly_temperature
from wattif.tables.city_months import CityMonths, city_of, hours_of, month_of
from wattif.tables.column import Column
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    from wattif.model.scenario import Scenario
    from wattif.spec import Spec

_HOURS = 24


@dataclass(frozen=True, kw_only=True)
class Weather(CityMonths):
    """The table of the weather: a partition is a city's month, its units are ranges of hours of it."""

    def entities(self, spec: Spec, partition: str) -> int:
        """The hours of the month."""
        return hours_of(partition)

    def columns_of(self, scenario: Scenario, unit: Unit) -> Mapping[str, NDArray[Any]]:
        """See `LakeTable.columns_of`; temperatures have two decimals."""
        city, month = city_of(scenario, unit.partition), month_of(unit.partition)
        first_day, last_day = unit.first // _HOURS, unit.last // _HOURS
        days = [
            hourly_temperature(scenario.world.seed, city, month + timedelta(days=n))
            for n in range(first_day, last_day + 1)
        ]
        own = slice(unit.first - first_day * _HOURS, unit.first - first_day * _HOURS + unit.count)
        hours = np.arange(unit.first, unit.first + unit.count).astype("timedelta64[h]")
        return {
            "city_id": np.full(unit.count, city.id),
            "time": (np.datetime64(month, "h") + hours).astype("datetime64[s]"),
            "temperature_c": np.concatenate([day.temperature_c for day in days]).round(2)[own],
            "daily_mean_c": np.concatenate([day.daily_mean_c for day in days]).round(2)[own],
            "extreme": _extremes(np.concatenate([day.extreme_k for day in days])[own]),
        }


def _extremes(extreme_k: NDArray[np.float64]) -> NDArray[np.str_]:
    return np.where(extreme_k > 0.0, "heat wave", np.where(extreme_k < 0.0, "cold snap", ""))


TABLE = Weather(
    name="weather",
    description="the weather of each city, hour by hour",
    columns=(
        Column("city_id", "city", "the city"),
        Column("time", "timestamp", "full hour", unit="UTC"),
        Column("temperature_c", "float", "at that time", unit="degrees Celsius"),
        Column("daily_mean_c", "float", "mean of the local day", unit="degrees Celsius"),
        Column("extreme", "text", "`heat wave` or `cold snap`, else empty"),
    ),
    key=("city_id", "time"),
    path="_wattif/weather/{partition}",
)

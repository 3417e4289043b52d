"""The weather of a city as a dimension table, `_wattif/weather/<city>-<month>.parquet`: one row an hour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wattif.model.weather import hourly_temperature
from wattif.numeric.calendar import month_after
from wattif.tables.column import Column
from wattif.tables.table import LakeTable
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    from wattif.model.scenario import Scenario
    from wattif.spec import Spec

_HOURS = 24
_MONTH = len("2024-01")


@dataclass(frozen=True, kw_only=True)
class Weather(LakeTable):
    """The table of the weather: a partition is a city's month, its units are ranges of hours of it."""

    def partitions(self, spec: Spec) -> Iterator[str]:
        """Each city's months, whole ones, that the dataset touches."""
        for city in spec.city_ids:
            month = spec.start.replace(day=1)
            while month <= spec.end:
                yield f"{city}-{month:%Y-%m}"
                month = month_after(month)

    def entities(self, spec: Spec, partition: str) -> int:
        """The hours of the month."""
        month = _month(partition)
        return (month_after(month) - month).days * _HOURS

    def columns_of(self, scenario: Scenario, unit: Unit) -> Mapping[str, NDArray[Any]]:
        """See `LakeTable.columns_of`; temperatures have two decimals."""
        city_id = unit.partition[: -_MONTH - 1]
        city = next(each for each in scenario.world.cities if each.id == city_id)
        month = _month(unit.partition)
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


def _month(partition: str) -> date:
    return date.fromisoformat(f"{partition[-_MONTH:]}-01")


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
    partition="a month of a city",
    path="_wattif/weather/{partition}",
    endings=("parquet",),
)

"""The grid data set: transformers and their load, meters and their months, labels. Its columns, one file each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from wattif.tables import meters, network
from wattif.tables.column import MAC, Column
from wattif.tables.table import Table


@dataclass(frozen=True, kw_only=True)
class GridTable(Table):
    """A table with columns of its own for each month: ``monthly_consumption_2024_01``."""

    file: str  # of a data set, without the ending of its format
    monthly: tuple[Column, ...] = ()  # before the month is appended to their names

    def columns_in_months(self, months: Sequence[date]) -> tuple[Column, ...]:
        """All columns of a data set of these *months*: those of a quantity together."""
        return (
            *self.columns,
            *(
                replace(each, name=month_column(each.name, month), description=f"{each.description} {month:%Y-%m}")
                for each in self.monthly
                for month in months
            ),
        )

    def months_in(self, names: Iterable[str]) -> list[date]:
        """The first days of the months that columns with these *names* are of, the earliest first."""
        pattern = re.compile(rf"{self.monthly[0].name}_(\d{{4}})_(0[1-9]|1[0-2])")
        found = (pattern.fullmatch(name) for name in names)
        return sorted(date(int(match[1]), int(match[2]), 1) for match in found if match)


def month_column(name: str, month: date) -> str:
    """``monthly_consumption_2024_01``."""
    return f"{name}_{month:%Y_%m}"


_NETWORK = {table.name: {column.name: column for column in table.columns} for table in network.TABLES}
_TRANSFORMER = tuple(
    _NETWORK["transformers"][name]
    for name in (
        "transformer_id",
        "zone_id",
        "feeder_id",
        "substation_id",
        "city_id",
        "latitude",
        "longitude",
        "capacity_kva",
        "phases",
        "num_meters",
    )
)
_METER = {column.name: column for column in meters.TABLE.columns}

TRANSFORMERS = GridTable(
    name="grid_transformers",
    file="transformers",
    description="the transformers of a grid data set, with their load",
    columns=(
        *_TRANSFORMER,
        Column("load_kwh", "float", "energy of its meters in all months", unit="kWh"),
        Column("peak_load_kw", "float", "coincident peak of the month in which it is highest", unit="kW"),
        Column("utilization", "float", "of the rated power at that peak"),
        Column("overloaded", "boolean", "whether that is more than 1"),
    ),
    key=("transformer_id",),
    monthly=(
        Column("monthly_load_kwh", "float", "energy of its meters in", unit="kWh"),
        Column("monthly_peak_kw", "float", "coincident peak in", unit="kW"),
        Column("monthly_utilization", "float", "of the rated power at the peak in"),
    ),
)
METERS = GridTable(
    name="meter_consumption",
    file="meter_consumption",
    description="the meters of a grid data set, with what each used every month",
    columns=(
        _METER["meter_id"],
        MAC,
        _METER["transformer_id"],
        Column("customer_class", "text", "class of customers"),
        _METER["latitude"],
        _METER["longitude"],
    ),
    key=("meter_id",),
    monthly=(Column("monthly_consumption", "float", "sum of the readings of", unit="kWh"),),
)
LABELS = GridTable(
    name="grid_anomaly_labels",
    file="anomaly_labels",
    description="what went wrong at the meters of a grid data set: one row per meter and event",
    columns=(
        _METER["meter_id"],
        MAC,
        _METER["transformer_id"],
        Column("kind", "text", "what goes wrong, see docs/anomalies.md"),
        Column(
            "risk_band",
            "text",
            "how much was not registered, or too much: High from a severity of 0.10 on, Medium from 0.01 on, Low",
        ),
        Column("start", "timestamp", "start of the first reading that it touches"),
        Column("end", "timestamp", "end of the last one"),
        Column("energy_kwh", "float", "energy truly imported from start to end", unit="kWh"),
        Column("not_registered_kwh", "float", "of it, what the register did not count; negative: too much", unit="kWh"),
        Column("severity", "float", "size of what was not registered, relative to the meter's mean month"),
        Column("event_id", "text", "the event; the meters of a transformer share one"),
    ),
    key=("meter_id", "event_id"),
)
TABLES = (TRANSFORMERS, METERS, LABELS)

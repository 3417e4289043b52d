"""Tables of the places themselves: a partition is a city's month, whatever meters there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from wattif.numeric.calendar import month_after
from wattif.tables.table import LakeTable

if TYPE_CHECKING:
    from wattif.model.cities import City
    from wattif.model.scenario import Scenario
    from wattif.spec import Spec

_HOURS = 24
_MONTH = len("2024-01")


@dataclass(frozen=True, kw_only=True)
class CityMonths(LakeTable):
    """A table with a partition for each month of a city."""

    partition: str = "a month of a city"
    endings: tuple[str, ...] = ("parquet",)

    def partitions(self, spec: Spec) -> Iterator[str]:
        """Each city's months, whole ones, that the dataset touches."""
        for city in spec.city_ids:
            month = spec.start.replace(day=1)
            while month <= spec.end:
                yield f"{city}-{month:%Y-%m}"
                month = month_after(month)


def city_id_of(partition: str) -> str:
    """The id of the city that a *partition* is of."""
    return partition[: -_MONTH - 1]


def city_of(scenario: Scenario, partition: str) -> City:
    """The city that a *partition* is of."""
    return next(city for city in scenario.world.cities if city.id == city_id_of(partition))


def month_of(partition: str) -> date:
    """The first day of the month that a *partition* is of."""
    return date.fromisoformat(f"{partition[-_MONTH:]}-01")


def hours_of(partition: str) -> int:
    """How many hours the month of a *partition* has."""
    month = month_of(partition)
    return (month_after(month) - month).days * _HOURS

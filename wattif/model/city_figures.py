"""Figures of a city: what makes a value one, and what follows from temperatures. A fault is a `ValueError`."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from wattif.model.city_profiles import STRICT
from wattif.numeric.calendar import is_zone

LEAST_MEAN_KWH, MOST_MEAN_KWH = 1.0, 1e6  # of a class, a month
COOLING_FROM_C, HEATING_BELOW_C = 20.0, 15.0
_MONTH_DAYS = (31.0, 28.25, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0)


def figure(low: float, high: float, description: str) -> Any:
    """A number between *low* and *high*."""
    return Field(ge=low, le=high, description=description)


def known_zone(name: str) -> str:
    """The pinned package decides, not the system: `wattif.model.local_time` reads its rules."""
    if not is_zone(name):
        raise ValueError("no time zone of the IANA database")
    return name


def subdivisions(country: str) -> tuple[str, ...]:
    """The subdivisions whose holidays are known; `ValueError` when the country's are not."""
    import holidays  # slow to import

    try:
        return tuple(holidays.country_holidays(country).subdivisions)
    except NotImplementedError:
        raise ValueError("no holidays are known for this country") from None


def known_country(country: str) -> str:
    """A country whose holidays are known."""
    subdivisions(country)
    return country


def twelve(values: tuple[float, ...]) -> tuple[float, ...]:
    """One value a month."""
    if len(values) != 12:
        raise ValueError(f"has {len(values)} values, must have twelve")
    return values


def twelve_or_none(values: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """One value a month, where there are any."""
    return None if values is None else twelve(values)


def hours_or_none(factors: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """One value an hour, where there are any."""
    if factors is not None and len(factors) != 24:
        raise ValueError(f"has {len(factors)} values, must have 24")
    return factors


def box_or_none(bounds: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """South, north, west and east end, where they are given."""
    if bounds is not None:
        if len(bounds) != 4:
            raise ValueError(f"has {len(bounds)} values, must have 4")
        south, north, west, east = bounds
        if not (-90 <= south < north <= 90 and -180 <= west < east <= 180):
            raise ValueError("south must lie below north, west below east, all within the Earth's degrees")
    return bounds


def around_zero(differences: tuple[float, ...]) -> tuple[float, ...]:
    """Relative differences from a mean."""
    mean = math.fsum(differences) / len(differences)
    if abs(mean) > 0.005:
        raise ValueError(f"the differences must have a mean of 0, not {mean:.3f}")
    return differences


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PerClass:
    """A figure for each class of customers."""

    residential: Annotated[float, Field(ge=0)]
    commercial: Annotated[float, Field(ge=0)]
    industrial: Annotated[float, Field(ge=0)]

    def __getitem__(self, class_id: str) -> float:
        """The figure of one class, by its id; `KeyError` when there is no such class."""
        return float(asdict(self)[class_id])


def plausible_energies(kwh: PerClass) -> PerClass:
    """Means of a month that a meter may have, kWh."""
    if not all(LEAST_MEAN_KWH <= mean <= MOST_MEAN_KWH for mean in asdict(kwh).values()):
        raise ValueError(f"each mean must lie between {LEAST_MEAN_KWH:,.0f} and {MOST_MEAN_KWH:,.0f}")
    return kwh


def plausible_spreads(spreads: PerClass | None) -> PerClass | None:
    """Standard deviations that the model can keep within its ranges."""
    if spreads is not None and not all(0.01 <= spread <= 1.6 for spread in asdict(spreads).values()):
        raise ValueError("each spread must lie between 0.01 and 1.6")
    return spreads


def whole(shares: PerClass) -> PerClass:
    """Shares of one whole."""
    total = math.fsum(asdict(shares).values())
    if abs(total - 1.0) > 1e-6:
        raise ValueError(f"the shares sum to {total:g}, they must sum to 1")
    return shares


def thermal_response(temperature_c: float, cooling_per_k: float, heating_per_k: float) -> float:
    """Use at a temperature, relative to use without cooling and heating: at least 1."""
    cooling = cooling_per_k * max(temperature_c - COOLING_FROM_C, 0.0)
    return 1.0 + cooling + heating_per_k * max(HEATING_BELOW_C - temperature_c, 0.0)


def season_of(temperature_c: tuple[float, ...], cooling_per_k: float, heating_per_k: float) -> tuple[float, ...]:
    """The relative differences of twelve months from their mean; four decimals, an exact sum: alike everywhere.

    A month counts by its days, too: it is the energy of months that differs.
    """
    responses = [
        days * thermal_response(celsius, cooling_per_k, heating_per_k)
        for days, celsius in zip(_MONTH_DAYS, temperature_c, strict=True)
    ]
    mean = math.fsum(responses) / len(responses)
    return tuple(round(response / mean - 1.0, 4) for response in responses)

"""Classes of customers: how their meters scatter, which profiles they follow, what their connections carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wattif.errors import InvalidValue, UsageError
from wattif.model.cities import City
from wattif.model.electric_car import LARGEST_CHARGER_W, LARGEST_MWH
from wattif.model.energy import INITIAL_REGISTER_MAX_MWH, ClassEnergy, highest_day, highest_month
from wattif.spec.values import ClassId


@dataclass(frozen=True, kw_only=True)
class MeterClass:
    """A class of customers."""

    id: ClassId
    profiles: tuple[str, ...]  # standard load profiles or shift plans that its meters follow
    profile_shares: tuple[float, ...]
    energy: ClassEnergy
    connection_w: float  # the smallest: what a connection carries grows with the class mean


CAR_W = float(LARGEST_CHARGER_W)  # what an electric car adds to a home
CAR_KWH_PER_MONTH = 31 * LARGEST_MWH / 1e6

# Spreads of the means, noise of the days and profiles: docs/model.md. A home's day noise is the whole variation of its
# daily energies, since a day's energy is shared out over the readings, not added up from them.
RESIDENTIAL = MeterClass(
    id="residential",
    profiles=("h0",),
    profile_shares=(1.0,),
    energy=ClassEnergy(spread=0.55, day_noise=0.19, largest_mean=6.0, day_ratio=3.0, absence=0.03),
    connection_w=150_000.0,
)
COMMERCIAL = MeterClass(
    id="commercial",
    profiles=("g25", "g1", "g2", "g3", "g4", "g5", "g6"),
    profile_shares=(0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1),
    energy=ClassEnergy(spread=1.1, day_noise=0.055, largest_mean=15.0, day_ratio=4.0),
    connection_w=300_000.0,
)
INDUSTRIAL = MeterClass(
    id="industrial",
    profiles=("shift1", "shift2", "shift3"),
    profile_shares=(0.4, 0.35, 0.25),
    energy=ClassEnergy(spread=1.2, day_noise=0.055, largest_mean=15.0, day_ratio=2.2),
    connection_w=500_000.0,
)
CLASSES = (RESIDENTIAL, COMMERCIAL, INDUSTRIAL)
PROFILES = tuple(profile for meter_class in CLASSES for profile in meter_class.profiles)


def energy_of(meter_class: MeterClass, city: City) -> ClassEnergy:
    """How the energy of the class scatters in the city: by its own spread, where it has one."""
    if city.spread_ln is None:
        return meter_class.energy
    return meter_class.energy._replace(spread=city.spread_ln[meter_class.id])


def highest_day_w(meter_class: MeterClass, city: City) -> float:
    """Upper bound of the mean power of a day of any meter of the class in the city, in W.

    It follows from bounds alone: the normals of `wattif.numeric.streams` are bounded, so are months and days.
    """
    month_kwh = city.mean_kwh[meter_class.id] * highest_month(energy_of(meter_class, city), max(city.season))
    return month_kwh * 1000.0 / (28 * 24) * highest_day(meter_class.energy)


def connection_w(meter_class: MeterClass, city: City) -> float:
    """What the connections of the class carry in the city: no reading exceeds it, and no day's mean comes near."""
    return max(meter_class.connection_w, 1.25 * highest_day_w(meter_class, city))


def check_ranges(cities: Sequence[City], months: int, power_max_w: int, register_max_kwh: float) -> None:
    """Make sure that no reading of *months* months can exceed the declared ranges: `UsageError` otherwise."""
    for city in cities:
        for meter_class in CLASSES:
            highest_w = connection_w(meter_class, city) + CAR_W
            if highest_w > power_max_w:
                raise UsageError(
                    f"{city.id}: mean_kwh.{meter_class.id} of {city.mean_kwh[meter_class.id]:g} a month allows"
                    f" readings of {highest_w:,.0f} W, more than power_w has room for; lower it"
                )
            month_kwh = city.mean_kwh[meter_class.id] * highest_month(energy_of(meter_class, city), max(city.season))
            register_kwh = INITIAL_REGISTER_MAX_MWH / 1e6 + (month_kwh + CAR_KWH_PER_MONTH) * months
            if register_kwh > register_max_kwh:
                raise InvalidValue(
                    "end",
                    f"after {months} months",
                    f"a register may reach {register_kwh:,.0f} kWh, more than the {register_max_kwh:,.0f} that"
                    " register_kwh has room for; choose an earlier day",
                )

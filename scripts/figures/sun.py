"""The sun: how long a sky lasts, and what roofs make of it by season and in a year."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from scripts.figures.figure import Figure
from wattif.model.cities import City, load_cities
from wattif.model.solar import ROOFS, Place, clearness, daily_yields, monthly_clearness
from wattif.model.weather import city_number
from wattif.numeric.calendar import day_number

SEED, YEARS = 42, 4


def place_of(city: City) -> Place:
    """The city under its sky."""
    clear = monthly_clearness(city.latitude, city.longitude, city.irradiation_kwh_m2)
    return Place(city_number(city.id), city.latitude, city.longitude, clear)


def yields_kwh(city: City) -> NDArray[np.float64]:
    """(years, 365): what a kW of panels on the roofs of a city gives a day."""
    first = day_number(date(2021, 1, 1))
    days = np.array([daily_yields(SEED, place_of(city), first + n) for n in range(YEARS * 365)])
    mean: NDArray[np.float64] = days @ np.diff(ROOFS[:, 2], prepend=0.0)
    return mean.reshape(YEARS, 365)


def figures(fewer: int) -> list[Figure]:
    """Berlin and Manila; the clearness from day to day without its season. *fewer* changes nothing."""
    cities = load_cities()
    berlin, manila = yields_kwh(cities["berlin"]).mean(axis=0), yields_kwh(cities["manila"])
    ratio = berlin[151:212].sum() / (berlin[:31].sum() + berlin[334:].sum())
    steady = place_of(cities["berlin"])._replace(clearness=np.full(12, 0.6))
    days = np.array([clearness(SEED, steady, day) for day in range(10_000)])
    alike = float(np.corrcoef(days[1:], days[:-1])[0, 1])
    yearly = float(manila.sum(axis=1).mean())
    return [
        Figure(
            of="sky",
            name="clearness, correlation with the next day",
            ours=alike,
            real="0.33",
            wanted=(0.28, 0.38),
            source="measured irradiation",
            before="0",
        ),
        Figure(
            of="panels in Berlin",
            name="June and July / December and January",
            ours=float(ratio),
            real="5.3",
            wanted=(4.5, 6.1),
            source="measured panels",
            before="7.3",
        ),
        Figure(
            of="panels in Manila",
            name="kWh a year and kW",
            ours=yearly,
            real="about 1,100 to 1,400",
            wanted=(1100.0, 1400.0),
            source="irradiation",
            before="1,498",
        ),
    ]

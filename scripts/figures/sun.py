"""The sun: how long a sky lasts, and what roofs make of it by season and in a year."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from scripts.figures.wanted import Wanted
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


def figures() -> list[Wanted]:
    """Berlin and Manila; the clearness from day to day without its season."""
    cities = load_cities()
    berlin, manila = yields_kwh(cities["berlin"]).mean(axis=0), yields_kwh(cities["manila"])
    ratio = berlin[151:212].sum() / (berlin[:31].sum() + berlin[334:].sum())
    steady = place_of(cities["berlin"])._replace(clearness=np.full(12, 0.6))
    days = np.array([clearness(SEED, steady, day) for day in range(10_000)])
    alike = float(np.corrcoef(days[1:], days[:-1])[0, 1])
    yearly = float(manila.sum(axis=1).mean())
    return [
        _figure("clearness, correlation with the next day", "0", alike, "0.33", 0.28, 0.38, "measured irradiation"),
        _figure("panels in Berlin, June and July / winter", "7.3", ratio, "5.3", 4.5, 6.1, "measured panels"),
        _figure(
            "panels in Manila, kWh a year and kW",
            "1,498",
            yearly,
            "about 1,100-1,400",
            1100,
            1400,
            "irradiation",
        ),
    ]


def _figure(  # what a figure is
    name: str, before: str, measured: float, real: str, low: float, high: float, source: str
) -> Wanted:
    return Wanted(name=name, before=before, measured=measured, real=real, low=low, high=high, source=source)

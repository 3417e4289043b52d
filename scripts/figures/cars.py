"""Electric cars: how often they charge, how much, and how many at once."""

from __future__ import annotations

from datetime import date

import numpy as np

from scripts.figures.figure import Figure
from wattif.model.electric_car import CLOCK, CLOCK_LOOKBACK, add_car, car_energy_mwh
from wattif.numeric import calendar

SEED, CARS, DAYS, GROUP = 42, 400, 364, 13
MEASURED_CARS = "measured cars at home"


def figures(fewer: int) -> list[Figure]:
    """Of 400 cars over 52 weeks, by hourly means: fewer would have other peaks, so *fewer* changes nothing."""
    first = calendar.day_number(date(2024, 1, 1))
    kwh = np.array([[car_energy_mwh(SEED, m, first + n) / 1e6 for n in range(DAYS)] for m in range(CARS)])
    days = []
    for n in range(DAYS):
        clock = np.arange(CLOCK) + (first + n) * calendar.QUARTERS - CLOCK_LOOKBACK
        watts = np.zeros((CARS, 8640), np.int32)
        for meter in range(CARS):
            add_car(SEED, meter, first + n, clock, watts[meter])
        days.append(watts.reshape(CARS, 24, 360).mean(axis=2) / 1000.0)
    hours = np.concatenate(days, axis=1)
    groups = [hours[n : n + GROUP].sum(axis=0).max() / GROUP for n in range(0, CARS - GROUP, GROUP)]
    charges = np.count_nonzero(kwh) / CARS / DAYS * 7
    return [
        _figure("charges a week", "7", charges, 2.7, 4.4),
        _figure("kWh a month", "288", kwh.sum() / CARS / DAYS * 30.4, 165.0, 250.0),
        _figure("kW a car at the peak of 13", "4.6", float(np.median(groups)), 1.05, 2.3),
        _figure("kW a car at the peak of 400", "3.0", hours.sum(axis=0).max() / CARS, 1.0, 1.2),
    ]


def _figure(name: str, before: str, ours: float, low: float, high: float) -> Figure:
    real = f"{low:.3g} to {high:.3g}"
    return Figure(of="cars", name=name, before=before, ours=ours, real=real, wanted=(low, high), source=MEASURED_CARS)

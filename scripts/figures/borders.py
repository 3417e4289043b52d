"""Borders: steps at the first of a month and at midnight against those of any other day and moment."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from scripts.figures.figure import Figure
from wattif.model import quantities
from wattif.model.cities import City, load_cities
from wattif.model.classes import CLASSES, PROFILES, MeterClass
from wattif.model.energy import register_and_day
from wattif.model.fleet import make_fleet
from wattif.model.months import month_of
from wattif.model.world import MeterDays, World
from wattif.numeric import calendar

SEED, EPOCH = 42, date(2024, 1, 1)
METERS, DAYS = 20, 9
Floats = NDArray[np.float64]


def month_border(city: City, kind: MeterClass, meters: int = 150) -> float:
    """The median step between two ten-day means, at the first of a month against within months."""
    at_borders: list[float] = []
    within: list[float] = []
    for meter in range(meters):
        profile = PROFILES.index(kind.profiles[meter % len(kind.profiles)])
        days: list[int] = []
        starts = []
        for number in range(1, 13):
            month = month_of(SEED, city, EPOCH, date(2024, number, 1))
            starts.append(len(days))
            days.extend(
                register_and_day(
                    SEED, meter, 10**12, kind.energy.spread, kind.energy.day_noise, profile, month, month.first_day + i
                )[1]
                for i in range(month.day_weights.shape[1])
            )
        for start in starts[1:]:
            for offset in (0, *range(5, 21, 3)):
                at = start + offset
                step = abs(float(np.log(np.mean(days[at : at + 10]) / np.mean(days[at - 10 : at]))))
                (within if offset else at_borders).append(step)
    return float(np.median(at_borders) / np.median(within))


def steps_w(city: City, kind: MeterClass, first: date) -> Floats:
    """(meters, readings): by how much the power changes from one ten-second reading to the next."""
    mix = [float(kind is each) for each in CLASSES]
    world = World(seed=SEED, epoch=EPOCH, interval_s=10, cities=(city,))
    model = MeterDays(world, make_fleet(SEED, METERS, [city], mix), electrical=False)
    days = []
    for n in range(DAYS):
        blocks = []
        for meter in range(0, METERS, model.block_meters):
            count = min(model.block_meters, METERS - meter)
            columns = model.compute(first + timedelta(days=n), meter, count)
            blocks.append(columns[:, quantities.CONSUMPTION_MWH] * 0.36)
        days.append(np.concatenate(blocks))
    steps: Floats = np.abs(np.diff(np.concatenate(days, axis=1), axis=1))
    return steps


def against_usual(steps: Floats, at: NDArray[np.int64]) -> float:
    """The median step at *at* relative to that within seven minutes around: the hour alone must not matter."""
    around = np.concatenate([np.arange(-40, -3), np.arange(4, 41)])
    near = steps[:, (at[:, None] + around).clip(0, steps.shape[1] - 1)]
    return float(np.median(steps[:, at]) / np.median(near))


def midnights(city: City, first: date) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The steps over UTC midnight and over local midnight, in the readings of `steps_w`."""
    local = calendar.local_quarters(
        city.time_zone, calendar.day_number(first) * calendar.QUARTERS, DAYS * calendar.QUARTERS
    )
    of_local = np.flatnonzero(local % calendar.QUARTERS == 0) * 90 - 1
    return np.arange(1, DAYS) * 8640 - 1, of_local[of_local > 0]


def figures(fewer: int) -> list[Figure]:
    """Months in London; midnights of the city and class where they show most."""
    cities = load_cities()
    found = []
    for kind, before in zip(CLASSES, ("1.85", "11", "14.5"), strict=True):
        ratio = month_border(cities["london"], kind, 150 // fewer)
        found.append(_figure(f"{kind.id} in London", "step at the first of a month / usual", ratio, 1.1, before))
    first = date(2024, 2, 24)
    utc, local = [], []
    for city in cities.values():
        at_utc, at_local = midnights(city, first)
        for kind in CLASSES:
            steps = steps_w(city, kind, first)
            utc.append(against_usual(steps, at_utc))
            local.append(against_usual(steps, at_local))
    worst = "worst class and city"
    found.append(_figure(worst, "step at UTC midnight / usual", max(utc), 2.0, "20 to 23"))
    found.append(_figure(worst, "step at local midnight / usual", max(local), 2.0))
    return found


def _figure(of: str, name: str, ours: float, high: float, before: str = "") -> Figure:
    source = "no border shows in real readings"
    return Figure(of=of, name=name, before=before, ours=ours, real="1", wanted=(0.0, high), source=source)

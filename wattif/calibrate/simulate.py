"""The hours that the model makes of a city, for the days of the data: what a fit is judged by."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import numpy as np

from wattif.calibrate.clock import Clock
from wattif.calibrate.measured import Measured
from wattif.model import quantities
from wattif.model.cities import City
from wattif.model.classes import CLASSES
from wattif.model.fleet import make_fleet
from wattif.model.world import MeterDays, World
from wattif.numeric.calendar import QUARTERS, day_number

SEED = 42
METERS = 100  # of a class
_FLEET = 2_000  # of which these are taken, evenly by size: so that their mean is that of the class
_MOST_WEEKS = 12


def simulate(city: City, classes: Sequence[str], first: date, last: date) -> Measured:
    """Meters of these classes in *city* from *first* to *last*: of long spans, twelve whole weeks spread evenly."""
    days = chosen_days(first, last)
    world = World(seed=SEED, epoch=first.replace(day=1), interval_s=3600, cities=(city,))
    hours = [_hours(world, city, class_id, days) for class_id in classes]
    numbers = np.array([day_number(day) for day in days])
    quarters = (numbers[:, None] * QUARTERS + np.arange(0, QUARTERS, 4)).ravel()
    wh = np.concatenate(hours)
    ids: list[str] = [each.id for each in CLASSES]
    return Measured(
        wh=wh,
        meter_class=np.repeat([ids.index(class_id) for class_id in classes], METERS).astype(np.int8),
        clock=Clock.of(city, quarters),
        zero=(wh == 0).mean(axis=1),
        missing=np.zeros(len(wh)),
    )


def chosen_days(first: date, last: date) -> list[date]:
    """All days of a short span; of a longer one whole weeks, so that each type of day has its share."""
    weeks = ((last - first).days + 1) // 7
    if weeks <= _MOST_WEEKS:
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]
    starts = sorted({round(number * (weeks - 1) / (_MOST_WEEKS - 1)) for number in range(_MOST_WEEKS)})
    return [first + timedelta(days=7 * week + day) for week in starts for day in range(7)]


def _hours(
    world: World, city: City, class_id: str, days: Sequence[date]
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(METERS, hours) in Wh."""
    mix = [float(each.id == class_id) for each in CLASSES]
    fleet = make_fleet(SEED, _FLEET, [city], mix)
    by_size = np.argsort(fleet.base_mwh, kind="stable")
    chosen = np.sort(by_size[((np.arange(METERS) + 0.5) * _FLEET / METERS).astype(np.int64)])
    wh = np.empty((METERS, len(days) * 24), np.float32)

    def fill(part: range) -> None:
        model = MeterDays(world, fleet, electrical=False)
        for number, day in enumerate(days):
            for place in part:
                columns = model.compute(day, int(chosen[place]), 1)
                wh[place, number * 24 : (number + 1) * 24] = columns[0, quantities.CONSUMPTION_MWH] / 1000.0

    threads = os.cpu_count() or 1
    share = -(-METERS // threads)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, [range(start, min(start + share, METERS)) for start in range(0, METERS, share)]))
    return wh

"""Months without readings: what they say is what the readings sum to."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from wattif.model import quantities
from wattif.model.cities import load_cities
from wattif.model.fleet import Ownership, make_fleet
from wattif.model.month_sums import month_sums
from wattif.model.world import MeterDays, World

CITIES = tuple(load_cities()[name] for name in ("manila", "sydney"))


@pytest.mark.parametrize(
    "borders",
    [
        [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)],
        [date(2024, 1, 20), date(2024, 2, 1), date(2024, 2, 11)],
        [date(2024, 2, 5), date(2024, 2, 9)],
    ],
    ids=str,
)
def test_months_are_the_sums_of_their_readings(borders: list[date]) -> None:
    world = World(seed=5, epoch=date(2024, 1, 1), interval_s=3600, cities=CITIES)
    fleet = make_fleet(5, 60, CITIES, None, Ownership(solar=0.5, car=0.5))
    model = MeterDays(world, fleet, electrical=False)
    meters = range(11, 55)
    made = np.zeros((len(meters), len(borders) - 1), np.int64)
    for n, (first, end) in enumerate(pairwise(borders)):
        for day in (first + timedelta(days=k) for k in range((end - first).days)):
            for meter in meters:
                made[meter - 11, n] += model.compute(day, meter, 1)[0, quantities.CONSUMPTION_MWH].sum()
    assert (month_sums(world, fleet, meters, borders) == made).all()

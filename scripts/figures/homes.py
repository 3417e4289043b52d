"""Homes in London beside British homes of the same months: medians over several worlds.

The constants of the model for homes were chosen by the figures of seed 42 in London; these worlds are other ones.
"""

from __future__ import annotations

from scripts.figures import between_homes, one_home
from scripts.figures.figure import Figure, median_of
from scripts.figures.sampling import HALF_HOUR_S, HOMES, SPRING, sample
from wattif.model.cities import load_cities

OF = "homes in London"
SEEDS = (1, 2, 3, 4, 5)
METERS = 600


def figures_in(city_id: str, fewer: int) -> list[Figure]:
    """All figures of homes, of any city."""
    city = load_cities()[city_id]
    worlds = (sample(city, HOMES, METERS // fewer, SPRING, HALF_HOUR_S, seed=seed) for seed in SEEDS[::fewer])
    return median_of([[*one_home.of(homes), *between_homes.of(homes)] for homes in worlds])


def figures(fewer: int) -> list[Figure]:
    """Of London."""
    return figures_in("london", fewer)

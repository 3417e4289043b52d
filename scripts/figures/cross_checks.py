"""What has no real counterpart and no verdict: homes of other cities, and businesses by themselves."""

from __future__ import annotations

from functools import cache

import numpy as np

from scripts.figures import homes, shops
from scripts.figures.figure import Figure, number
from scripts.figures.formulas import Floats, autocorrelation
from scripts.figures.sampling import FACTORIES, QUARTER_S, YEAR, Sample, sample
from wattif.model.cities import load_cities

# What the prototype of the model printed for a year of 40 meters (its months all had the same energy): load factor of
# 15 min, median; variation coefficient; autocorrelation at 15 min, 1 h, 1 d and 7 d.
PROTOTYPE = {
    "g25": (0.317, 0.55, 0.99, 0.93, 0.73, 0.95),
    "g1": (0.179, 1.11, 0.99, 0.92, 0.71, 0.98),
    "g3": (0.502, 0.24, 0.96, 0.79, 0.60, 0.76),
    "g4": (0.368, 0.48, 0.99, 0.89, 0.66, 0.94),
    "shift1": (0.391, 0.52, 0.97, 0.85, 0.68, 0.97),
    "shift2": (0.505, 0.42, 0.97, 0.88, 0.54, 0.94),
    "shift3": (0.704, 0.10, 0.54, 0.56, 0.11, 0.24),
}


def other_cities(london: list[Figure], fewer: int) -> str:
    """Markdown: homes of Berlin and Manila beside those of London and of Britain."""
    berlin, manila = (homes.figures_in(city_id, fewer) for city_id in ("berlin", "manila"))
    lines = ["| figure | British homes | London | Berlin | Manila |", "|---|---|---|---|---|"]
    for each, *others in zip(london, berlin, manila, strict=True):
        values = " | ".join(number(figure.ours) for figure in (each, *others))
        lines.append(f"| {each.name} | {each.real} | {values} |")
    return "\n".join(lines) + "\n"


@cache
def factories(fewer: int) -> Sample:
    """Quarter-hourly means of factories in Berlin over a year."""
    return sample(load_cities()["berlin"], FACTORIES, shops.METERS // fewer, YEAR, QUARTER_S)


def businesses(fewer: int) -> str:
    """Markdown, each profile beside the prototype."""
    lines = [
        "| profile | load factor | variation coefficient | autocorrelation 15 min | 1 h | 1 d | 7 d |",
        "|---|---|---|---|---|---|---|",
    ]
    for everybody in (shops.year(fewer), factories(fewer)):
        for profile in shops.followed(everybody):
            if profile in PROTOTYPE:
                cells = (
                    f"{number(ours)} ({number(before)})"
                    for ours, before in zip(_of_profile(everybody, profile), PROTOTYPE[profile], strict=True)
                )
                lines.append(f"| {profile} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _of_profile(everybody: Sample, profile: str) -> tuple[float, ...]:
    own = everybody.following(profile)
    shape = _stationary(own, everybody.profile(profile))
    return (
        float(np.median(shape.mean(axis=1) / shape.max(axis=1))),
        float(np.median(shape.std(axis=1) / shape.mean(axis=1))),
        *(autocorrelation(shape, lag) for lag in (1, 4, 96, 672)),
    )


def _stationary(own: Sample, standard: Floats) -> Floats:
    """Each month brought to the profile's own mean."""
    months = own.utc_day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    shape = own.values.copy()
    for month in np.unique(months):  # the first local hour of a year is in the last UTC month of another
        at = months == month
        mean = shape[:, at].mean(axis=1, keepdims=True)
        shape[:, at] *= standard[at].mean() / np.maximum(mean, 1e-9)
    return shape

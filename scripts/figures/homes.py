"""How homes differ: nights, evenings, days, and half-hours in which nothing runs."""

from __future__ import annotations

import numpy as np

from scripts.figures.wanted import BRITISH_HOMES, Wanted
from scripts.realism import SPRING, Sample, sample

HOMES = 600


def of(homes: Sample) -> dict[str, float]:
    """From half-hourly means of homes."""
    hour = homes.local_quarter % 96 / 4.0
    nights = homes.relative[:, hour < 6.0].mean(axis=1)
    days = homes.daily()
    mean_day = homes.relative.mean(axis=0)
    return {
        "night 0-6 h / mean, 10 % of the homes": float(np.quantile(nights, 0.1)),
        "night 0-6 h / mean, 90 % of the homes": float(np.quantile(nights, 0.9)),
        "17-21 h / mean, all homes together": float(mean_day[(hour >= 17.0) & (hour < 21.0)].mean()),
        "variation of daily energy, 10 % of the homes": float(np.quantile(days.std(axis=1) / days.mean(axis=1), 0.1)),
        "half-hours at zero, %": 100.0 * float(np.mean(homes.values < 1.0)),
    }


def figures() -> list[Wanted]:
    """Of homes in London."""
    known = {
        "night 0-6 h / mean, 10 % of the homes": ("0.40", "0.28", 0.252, 0.308),
        "night 0-6 h / mean, 90 % of the homes": ("0.63", "0.67", 0.603, 0.737),
        "17-21 h / mean, all homes together": ("1.31", "1.52", 1.37, 1.67),
        "variation of daily energy, 10 % of the homes": ("0.224", "0.149", 0.127, 0.171),
        "half-hours at zero, %": ("0", "0.8", 0.3, 2.0),
    }
    measured = of(sample("london", (1.0, 0.0, 0.0), HOMES, SPRING, 1800))
    return [
        Wanted(name=name, before=before, measured=measured[name], real=real, low=low, high=high, source=BRITISH_HOMES)
        for name, (before, real, low, high) in known.items()
    ]

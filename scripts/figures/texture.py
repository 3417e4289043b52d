"""Texture below a quarter of an hour: how often and how far a home's power jumps."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from scripts.figures.wanted import MINUTE_HOMES, Wanted
from scripts.realism import autocorrelation, sample

HOMES = 100
DAYS = (date(2024, 3, 4), date(2024, 3, 17))


def of(watts: NDArray[np.float64]) -> dict[str, float]:
    """From the power of homes every ten seconds, (meters, readings)."""
    minutes = watts.reshape(len(watts), -1, 6).mean(axis=2)
    steps_w = np.diff(watts, axis=1)
    hours = watts.size / 360.0
    return {
        "rises over 500 W per kWh": np.count_nonzero(steps_w > 500.0) / (watts.sum() / 360.0 / 1000.0),
        "rises over 100 W an hour": np.count_nonzero(steps_w > 100.0) / hours,
        "minutes that step over 100 W, %": 100.0 * float(np.mean(np.abs(np.diff(minutes, axis=1)) > 100.0)),
        "autocorrelation at 15 min": autocorrelation(minutes, 15),
    }


def figures() -> list[Wanted]:
    """Of homes in London."""
    known = {
        "rises over 500 W per kWh": ("1.0", "2.0-3.3", 2.0, 3.3),
        "rises over 100 W an hour": ("0.60", "1.3-3.0", 1.3, 3.0),
        "minutes that step over 100 W, %": ("2", "4-10", 4.0, 10.0),
        "autocorrelation at 15 min": ("0.45", "0.20-0.31", 0.20, 0.31),
    }
    measured = of(sample("london", (1.0, 0.0, 0.0), HOMES, DAYS, 10).values)
    return [
        Wanted(name=name, before=before, measured=measured[name], real=real, low=low, high=high, source=MINUTE_HOMES)
        for name, (before, real, low, high) in known.items()
    ]

"""Texture below a quarter of an hour: how often and how far a home's power jumps."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from scripts.figures.figure import Figure
from scripts.figures.formulas import autocorrelation
from scripts.figures.sampling import HOMES, STEP_S, sample
from wattif.model.cities import load_cities

METERS = 100
DAYS = (date(2024, 3, 4), date(2024, 3, 17))
MINUTE_HOMES = "measured homes, every second to every minute"


def of(watts: NDArray[np.float64]) -> list[Figure]:
    """From the power of homes every ten seconds, (meters, readings)."""
    minutes = watts.reshape(len(watts), -1, 6).mean(axis=2)
    steps_w = np.diff(watts, axis=1)
    hours, kwh = watts.size / 360.0, watts.sum() / 360.0 / 1000.0
    steps = 100.0 * float(np.mean(np.abs(np.diff(minutes, axis=1)) > 100.0))
    return [
        _figure("rises over 500 W per kWh", "1.0", np.count_nonzero(steps_w > 500.0) / kwh, 2.0, 3.3),
        _figure("rises over 100 W an hour", "0.60", np.count_nonzero(steps_w > 100.0) / hours, 1.3, 3.0),
        _figure("minutes that step over 100 W, %", "2", steps, 4.0, 10.0),
        _figure("autocorrelation, 15 min", "0.45", autocorrelation(minutes, 15), 0.20, 0.31),
    ]


def figures(fewer: int) -> list[Figure]:
    """Of homes in London."""
    return of(sample(load_cities()["london"], HOMES, METERS // fewer, DAYS, STEP_S).values)


def _figure(name: str, before: str, ours: float, low: float, high: float) -> Figure:
    of, real = "homes in London", f"{low:.3g} to {high:.3g}"
    return Figure(of=of, name=name, before=before, ours=ours, real=real, wanted=(low, high), source=MINUTE_HOMES)

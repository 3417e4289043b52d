"""The voltage at homes on as many transformers, over four weeks."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import numpy as np

from scripts.figures.figure import Figure, around
from scripts.figures.formulas import autocorrelation
from scripts.figures.sampling import HOMES, SPRING, STEP_S, Sample, sample
from wattif.model.cities import load_cities

METERS = 40
FOUR_WEEKS = (SPRING[0], SPRING[0] + timedelta(days=27))
MEASURED = "measured low voltage"


@cache
def volts(fewer: int) -> Sample:
    """One-minute means."""
    return sample(
        load_cities()["london"], HOMES, METERS // fewer, FOUR_WEEKS, STEP_S, one_per_transformer=True, volts=True
    )


def figures(fewer: int) -> list[Figure]:
    """Of homes in London."""
    measured = volts(fewer)
    ten_minutes = measured.values.reshape(len(measured.values), -1, 10).mean(axis=2)
    within = np.mean(np.abs(ten_minutes / measured.city.nominal_v - 1.0) <= 0.1)
    return [
        Figure(
            of="voltage in London",
            name="spread of one-minute means, V",
            ours=float(np.median(measured.values.std(axis=1))),
            real="3.6",
            wanted=around(3.6, share=0.2),
            source=MEASURED,
        ),
        Figure(
            of="voltage in London",
            name="autocorrelation, 1 min",
            ours=autocorrelation(measured.values, 1),
            real="0.98",
            wanted=around(0.98, by=0.02),
            source=MEASURED,
        ),
        Figure(
            of="voltage in London",
            name="share of 10-minute means within ±10%",
            ours=float(within),
            real="at least 0.95",
            wanted=(0.95, 1.0),
            source="EN 50160",
        ),
    ]

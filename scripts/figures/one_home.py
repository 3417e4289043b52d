"""A home by itself: how its half-hours are spread, how long they stay alike, and its days."""

from __future__ import annotations

import numpy as np

from scripts.figures.figure import BRITISH_HOMES, Figure, around
from scripts.figures.formulas import autocorrelation
from scripts.figures.sampling import Sample

QUANTILES = {0.05: 0.16, 0.5: 0.66, 0.75: 1.19, 0.9: 2.03, 0.95: 2.95, 0.99: 5.77}  # of power / mean, British homes


def of(homes: Sample) -> list[Figure]:
    """From half-hourly means of homes; those of British homes are the real ones."""
    relative, days = homes.relative, homes.daily()
    variation = relative.std(axis=1)
    daily_variation = days.std(axis=1) / days.mean(axis=1)
    return [
        *(
            _figure(
                f"quantile {level:.0%} of power / mean",
                np.quantile(relative, level),
                real,
                share=0.25 if level < 0.5 else 0.1,
            )
            for level, real in QUANTILES.items()
        ),
        *(
            _figure(f"variation coefficient, {level:.0%} of the homes", np.quantile(variation, level), real, share=0.15)
            for level, real in ((0.1, 0.75), (0.5, 1.06), (0.9, 1.47))
        ),
        *(
            _figure(f"autocorrelation, {name}", autocorrelation(relative, lag), real, by=0.08)
            for name, lag, real in (("30 min", 1, 0.49), ("1 h", 2, 0.32), ("1 d", 48, 0.28), ("7 d", 336, 0.28))
        ),
        _figure("load factor, median", np.median(1.0 / relative.max(axis=1)), 0.093, share=0.15),
        _figure("daily energy, variation", np.median(daily_variation), 0.23, by=0.05),
        _figure(
            "daily energy, variation, 10% of the homes",
            np.quantile(daily_variation, 0.1),
            0.149,
            share=0.15,
            before="0.224",
        ),
        _figure("daily energy, correlation with the next day", autocorrelation(days, 1), 0.26, by=0.05),
    ]


def _figure(
    name: str, ours: np.floating | float, real: float, *, share: float = 0.0, by: float = 0.0, before: str = ""
) -> Figure:
    return Figure(
        of="homes in London",
        name=name,
        ours=float(ours),
        real=f"{real:.3g}",
        wanted=around(real, share=share, by=by),
        source=BRITISH_HOMES,
        before=before,
    )

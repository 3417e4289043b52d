"""Shops and offices in Berlin over a year beside the standard load profiles that they follow."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from scripts.figures.figure import Figure, around
from scripts.figures.formulas import peak_difference_min, shape_correlation
from scripts.figures.sampling import QUARTER_S, SHOPS, YEAR, Sample, sample
from wattif.model import local_time
from wattif.model.cities import load_cities
from wattif.model.classes import PROFILES

METERS = 240
OF_THE_CITY = "months follow the temperature of the city, whatever the profile"


@cache
def year(fewer: int) -> Sample:
    """Quarter-hourly means."""
    return sample(load_cities()["berlin"], SHOPS, METERS // fewer, YEAR, QUARTER_S)


def followed(everybody: Sample) -> list[str]:
    """The profiles that its meters follow."""
    return [PROFILES[number] for number in np.unique(everybody.meter_profile).tolist()]


def month_of(own: Sample) -> NDArray[np.int64]:
    """The month of each reading, January as 1: that of UTC, whose energy the model draws."""
    months: NDArray[np.int64] = own.utc_day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months % 12 + 1


def figures(fewer: int) -> list[Figure]:
    """Of each profile."""
    everybody = year(fewer)
    return [figure for profile in followed(everybody) for figure in _of_profile(everybody, profile)]


def _of_profile(everybody: Sample, profile: str) -> list[Figure]:
    own = everybody.following(profile)
    own = own.only(own.values.mean(axis=1) > 0.0)
    standard, relative = everybody.profile(profile), own.relative
    together = relative.mean(axis=0)
    free = local_time.weekend_at(own.city, own.local_quarter) == 1
    weekend = float(standard[free].mean() / standard[~free].mean())
    winter, summer = np.isin(month_of(own), (12, 1, 2)), np.isin(month_of(own), (6, 7, 8))
    season = float(standard[winter].mean() / standard[summer].mean())
    day, of_profile = own.mean_day(together), own.mean_day(standard)
    return [
        _figure(
            profile,
            "weekend / weekday",
            relative[:, free].mean() / relative[:, ~free].mean(),
            weekend,
            around(weekend, by=0.05),
        ),
        _figure(
            profile,
            "winter / summer",
            relative[:, winter].mean() / relative[:, summer].mean(),
            season,
            around(season, by=0.15),
            why=OF_THE_CITY,
        ),
        _figure(
            profile, "mean day, correlation with the profile", shape_correlation(day, of_profile), 1.0, (0.97, 1.0)
        ),
        _figure(
            profile, "mean day, peak against the profile's, min", peak_difference_min(day, of_profile), 0.0, (0.0, 60.0)
        ),
    ]


def _figure(  # what a figure is
    profile: str, name: str, ours: float, real: float, wanted: tuple[float, float], why: str = ""
) -> Figure:
    return Figure(
        of=f"shops like {profile.upper()} in Berlin",
        name=name,
        ours=float(ours),
        real=f"{real:.3g}",
        wanted=wanted,
        source=f"BDEW {profile.upper()}",
        why=why,
    )

"""The figures of a class of customers, computed from hours alone: the same way for measured hours and for made ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattif.calibrate.clock import SEASONS
from wattif.calibrate.measured import Floats, Measured
from wattif.model.profiles import KINDS

MONTH_H = 24 * 365.25 / 12
NIGHT, EVENING = (0, 6), (17, 21)  # local hours
_LEAST_DAYS = {"weekday": 5, "saturday": 2, "sunday": 2}  # that a season's mean day stands on
_TENTHS = (0.1, 0.5, 0.9)


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """What is known of a class; spans are the quantiles 10, 50 and 90 % of its meters."""

    meters: int
    days: int
    month_kwh: float  # a meter's mean month over the days that are there, mean of the meters
    spread_ln: float  # standard deviation of the logarithm of the meters' means
    base_share: tuple[float, ...]  # the hour that 5 % stay below, relative to the meter's mean
    night_ratio: tuple[float, ...]  # 0 to 6 h relative to the meter's mean
    evening_ratio: tuple[float, ...]  # 17 to 21 h
    daily_variation: float  # of a meter's daily energies, relative; median
    load_factor: float  # mean relative to the highest hour; median
    weekend_ratio: float  # days of Saturdays, Sundays and holidays relative to working days, mean of the meters
    zero_hours: float  # share
    weeks: Mapping[str, Floats]  # by season: (types of day, 24), relative to the mean of the week


def figures_of(own: Measured) -> ClassFigures:
    """The figures of the meters of *own*, at least one of which uses something."""
    used = own.only(own.mean_wh > 0.0)
    days = own.daily()
    wh, mean_wh = used.wh, used.mean_wh
    daily = used.daily() / mean_wh[:, None]
    relative = used.relative
    known = own.wh[~np.isnan(own.wh)]
    return ClassFigures(
        meters=len(own.wh),
        days=int((~np.isnan(days)).any(axis=0).sum()),
        month_kwh=float(own.mean_wh.mean()) * MONTH_H / 1000.0,
        spread_ln=float(np.log(mean_wh).std(ddof=1)) if len(mean_wh) > 1 else 0.0,
        base_share=_span(np.nanquantile(wh, 0.05, axis=1) / mean_wh),
        night_ratio=_span(_hours_mean(used, NIGHT) / mean_wh),
        evening_ratio=_span(_hours_mean(used, EVENING) / mean_wh),
        daily_variation=float(np.nanmedian(np.nanstd(daily, axis=1))),
        load_factor=float(np.median(mean_wh / np.nanmax(wh, axis=1))),
        weekend_ratio=_mean(relative, used.clock.kind > 0) / _mean(relative, used.clock.kind == 0),
        zero_hours=float((known == 0).mean()),
        weeks=typical_weeks(used),
    )


def _span(values: Floats) -> tuple[float, ...]:
    return tuple(float(each) for each in np.nanquantile(values, _TENTHS))


def _mean(values: Floats, chosen: NDArray[np.bool_]) -> float:
    return float(np.nanmean(values[chosen]))


def _hours_mean(own: Measured, hours: tuple[int, int]) -> Floats:
    chosen = (own.clock.hour >= hours[0]) & (own.clock.hour < hours[1])
    mean: Floats = np.nanmean(own.wh[:, chosen], axis=1, dtype=np.float64)
    return mean


def typical_weeks(own: Measured) -> dict[str, Floats]:
    """The mean days (types of day, 24) of each season that has enough of every type, relative to its week."""
    clock, relative = own.clock, own.relative
    weeks = {}
    for number, name in enumerate(SEASONS):
        days = np.full((len(KINDS), 24), np.nan)
        for kind, kind_name in enumerate(KINDS):
            chosen = (clock.season == number) & (clock.kind == kind) & ~np.isnan(relative)
            if len(np.unique(clock.day[chosen])) < _LEAST_DAYS[kind_name]:
                continue
            sums = np.bincount(clock.hour[chosen], relative[chosen], minlength=24)
            counts = np.bincount(clock.hour[chosen], minlength=24)
            days[kind, counts > 0] = sums[counts > 0] / counts[counts > 0]
        if not np.isnan(days).any():
            weeks[name] = days / week_mean(days)
    return weeks


def week_mean(days: Floats) -> float:
    """The mean of five weekdays, a Saturday and a Sunday of the mean days (types of day, 24)."""
    weekday, saturday, sunday = days.mean(axis=1)
    return float(5.0 * weekday + saturday + sunday) / 7.0


def shape_error(measured: Mapping[str, Floats], made: Mapping[str, Floats]) -> float:
    """The mean difference of the typical weeks that both have, relative to the mean: weekdays count five times."""
    weights = np.array([5.0, 1.0, 1.0]) / 7.0
    shared = [float(weights @ np.abs(measured[name] - made[name]).mean(axis=1)) for name in measured if name in made]
    return float(np.mean(shared)) if shared else float("nan")

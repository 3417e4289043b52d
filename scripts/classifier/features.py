"""What a classifier is given: a day's course, or figures of many days of a home.

None of them knows the date, and none sums up single days or weeks: the weather of a city makes these alike in all
homes, so that homes of another spring would be told by their weather.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scripts.classifier.days import HALF_HOURS, Days, Floats
from wattif.numeric.calendar import EPOCH

_LAGS = {"30 min": 1, "1 h": 2, "1 d": HALF_HOURS, "7 d": 7 * HALF_HOURS}
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)


def day_names() -> list[str]:
    """The half-hours of a day."""
    return [f"{slot // 2:02}:{slot % 2 * 30:02}" for slot in range(HALF_HOURS)]


def relative_days(days: Floats) -> Floats:
    """(rows, 48): each day divided by its own mean; a day without use stays zero."""
    relative: Floats = days / np.maximum(days.mean(axis=1, keepdims=True), 1e-9)
    return relative


def chosen_days(days: Days, most: int, choice: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """Up to *most* days of each meter, (rows, 48), and the meter of each."""
    rows, meters = [], []
    for meter, known in enumerate(days.known):
        there = np.flatnonzero(known)
        chosen = np.sort(choice.permutation(there)[:most])
        rows.append(days.wh[meter, chosen])
        meters.append(np.full(len(chosen), meter))
    return np.concatenate(rows), np.concatenate(meters)


def span_features(days: Days) -> tuple[Floats, list[str]]:
    """(meters, features) of all days, relative to each home's mean, and the features' names."""
    weekday = (days.number + EPOCH.weekday()) % 7
    rows = [dict(_of_home(home, weekday)) for home in days.wh]
    return np.array([list(row.values()) for row in rows]), list(rows[0])


def _of_home(home: Floats, weekday: NDArray[np.int64]) -> Iterator[tuple[str, float]]:
    """*home*: (days, 48), with days that are not known."""
    known = ~np.isnan(home[:, 0])
    relative = home / max(float(np.nanmean(home)), 1e-9)
    there = relative[known]
    daily = relative.mean(axis=1)
    for level, value in zip(_QUANTILES, np.quantile(there, _QUANTILES), strict=True):
        yield f"quantile {level:.0%}", float(value)
    yield "variation", float(there.std())
    for name, lag in _LAGS.items():
        yield f"autocorrelation {name}", _correlation(relative.ravel()[lag:], relative.ravel()[:-lag])
    yield "variation of days", float(daily[known].std())
    yield "lowest day", float(daily[known].min())
    yield "correlation of days", _correlation(daily[1:], daily[:-1])
    yield "likeness of days", _likeness(there)
    mean_day = there.mean(axis=0)
    for hour in range(0, 24, 3):
        yield f"{hour:02} to {hour + 3:02} h", float(mean_day[hour * 2 : hour * 2 + 6].mean())
    noon = relative[:, 18:30].mean(axis=1) / np.maximum(daily, 1e-9)
    yield "9 to 15 h on weekends", float(np.nanmean(noon[weekday >= 5]) - np.nanmean(noon[weekday < 5]))
    steps = np.abs(np.diff(there, axis=1))
    yield "mean step", float(steps.mean())
    yield "steps under 2%", float((steps < 0.02).mean())
    yield "steps over the mean", float((steps > 1.0).mean())
    yield "half-hours at zero", float((there <= 0.0).mean())
    yield "lowest of a day, mean", float(there.min(axis=1).mean())
    yield "highest of a day, mean", float(there.max(axis=1).mean())
    yield "highest of a day, variation", float(there.max(axis=1).std())


def _correlation(one: Floats, other: Floats) -> float:
    """Of what both know; 0 where either is constant."""
    both = ~np.isnan(one) & ~np.isnan(other)
    one, other = one[both], other[both]
    if len(one) < 3 or one.std() == 0.0 or other.std() == 0.0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _likeness(there: Floats) -> float:
    """Median correlation of a day with the home's mean day."""
    mean_day = there.mean(axis=0)
    return float(np.median([_correlation(day, mean_day) for day in there]))

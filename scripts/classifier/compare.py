"""Two groups of meters, told apart by one day and by many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scripts.classifier.auc import Told, tell_apart
from scripts.classifier.days import Days, Floats
from scripts.classifier.features import chosen_days, day_names, relative_days, span_features
from scripts.figures.sampling import Sample
from wattif.numeric.calendar import QUARTERS

DAYS_OF_A_METER = 20  # at most, where days are told one by one
SPAN_DAYS = 92
GOAL_ONE_DAY, GOAL_SPAN = 0.75, 0.90  # at most, against real homes
SEED = 1


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How well the groups are told apart."""

    one_day: Told  # each day divided by its own mean
    one_day_wh: Told  # days as they are
    span: Told  # figures of all days, each home divided by its own mean
    days: int


def compare(one: Days, other: Days, *, explained: bool = False) -> Comparison:
    """*one* and *other*: different meters on the same days."""
    sets = (one, other)
    chosen = [chosen_days(days, DAYS_OF_A_METER, np.random.default_rng(SEED)) for days in sets]
    rows = np.concatenate([rows for rows, _ in chosen])
    group = np.repeat([0, 1], [len(rows) for rows, _ in chosen])
    meter = np.concatenate([chosen[0][1], chosen[1][1] + len(one.wh)])
    found = [span_features(days) for days in sets]
    features: Floats = np.concatenate([values for values, _ in found])
    homes = np.arange(len(features))
    return Comparison(
        one_day=tell_apart(relative_days(rows), group, meter, day_names(), explained=explained),
        one_day_wh=tell_apart(rows, group, meter, day_names(), explained=explained),
        span=tell_apart(features, (homes >= len(one.wh)).astype(np.int64), homes, found[0][1], explained=explained),
        days=len(one.number),
    )


def days_of(homes: Sample) -> Days:
    """The whole days of half-hourly readings."""
    return Days.of(
        homes.values * homes.interval_s / 3600.0,
        homes.local_quarter // QUARTERS,
        homes.local_quarter % QUARTERS // 2,
    )

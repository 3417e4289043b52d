"""Absent customers: how often, how long, and that no day exceeds the declared bound because others are empty."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.model.cities import load_cities
from wattif.model.classes import CLASSES, PROFILES, RESIDENTIAL, MeterClass
from wattif.model.energy import LONGEST_ABSENCE_DAYS, Month, days_of_month, highest_day, is_away
from wattif.model.months import month_of
from wattif.numeric.streams import Stream, stream_key

MONTH_MWH = 10**12  # so that whole milliwatt-hours do not matter


def _days(meter: int, day_noise: float, profile: int, month: Month) -> NDArray[np.int64]:
    days_mwh = np.empty(month.day_weights.shape[1], np.int64)
    days_of_month(42, meter, MONTH_MWH, day_noise, profile, month, days_mwh)
    return days_mwh


def _away(meter: int, days: int, chance: float) -> NDArray[np.bool_]:
    key = np.uint64(stream_key(42, int(Stream.ABSENCE), meter))  # compiled code hands it back as an int
    return np.array([is_away(key, chance, 19_000 + day) for day in range(days)])


def test_absences_last_three_to_seven_days_and_are_as_frequent_as_asked() -> None:
    """Two in a row, at the end of a fortnight and the start of the next, look like one of up to fourteen days."""
    away = np.array([_away(meter, 1400, 0.04) for meter in range(400)])
    assert away.mean() == pytest.approx(0.04 * 5 / 14, rel=0.06)
    edges = np.diff(away.astype(int), axis=1, prepend=0, append=0)
    lengths = np.concatenate([np.flatnonzero(row == -1) - np.flatnonzero(row == 1) for row in edges])
    assert np.mean((lengths >= 3) & (lengths <= LONGEST_ABSENCE_DAYS)) > 0.97
    assert lengths.max() <= 2 * LONGEST_ABSENCE_DAYS
    assert not _away(1, 1400, 0.0).any()


def test_of_28_days_no_more_than_21_are_of_absence_even_for_who_always_leaves() -> None:
    window = np.ones(28, int)
    assert max(np.convolve(_away(meter, 1400, 1.0), window, "valid").max() for meter in range(300)) <= 21


def test_a_month_keeps_its_energy_whoever_is_away() -> None:
    month = month_of(42, load_cities()["london"], date(2024, 1, 1), date(2024, 2, 1))
    homes = [_days(meter, 0.22, 0, month) for meter in range(2000)]
    assert all(int(days.sum()) == MONTH_MWH and days.min() >= 0 for days in homes)
    least = np.array([days.min() / days.mean() for days in homes])
    assert 0.05 < np.mean(least < 0.4) < 0.2


@pytest.mark.parametrize("city", ["london", "manila", "toronto", "chicago"])
@pytest.mark.parametrize("meter_class", CLASSES, ids=lambda each: each.id)
def test_no_day_exceeds_its_bound(city: str, meter_class: MeterClass) -> None:
    """Of customers who leave as often as they can, which the bound must allow for, too."""
    bound = highest_day(meter_class.energy)
    for first in (date(2024, 1, 1), date(2023, 2, 1), date(2024, 3, 1), date(2024, 11, 1)):
        month = month_of(42, load_cities()[city], date(2023, 1, 1), first)
        if meter_class is RESIDENTIAL:
            month = month._replace(absence=np.ones(len(PROFILES)))
        for name in meter_class.profiles:
            profile = PROFILES.index(name)
            days = np.array([_days(meter, meter_class.energy.day_noise, profile, month) for meter in range(500)])
            assert (days.max(axis=1) / days.mean(axis=1)).max() < bound
            weights = month.day_weights[profile]
            smallest = weights.min() if meter_class is RESIDENTIAL else weights.mean()
            assert weights.max() / smallest <= meter_class.energy.day_ratio

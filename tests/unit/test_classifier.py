"""The classifier is a fair judge: a coin between two halves of the same homes, and far from one where they differ."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scripts.classifier import check
from scripts.classifier.auc import area_under_roc, tell_apart
from scripts.classifier.compare import Comparison, compare
from scripts.classifier.days import HALF_HOURS, Days, in_steps, step_wh
from scripts.classifier.features import chosen_days, day_names, span_features

METERS = 60


@cache
def _london() -> Days:
    return check.homes_in("london", 3, METERS)


@cache
def _halves() -> Comparison:
    return compare(*check.halves(_london()))


def test_two_halves_of_our_own_homes_are_a_coin() -> None:
    found = _halves()
    for told in (found.one_day, found.one_day_wh, found.span):
        assert told.meters == (METERS // 2, METERS // 2)
        assert abs(told.auc - 0.5) <= 2.0 * told.error


def test_homes_of_london_and_of_manila_are_told_apart() -> None:
    found = compare(_london(), check.homes_in("manila", 4, METERS))
    for told in (found.one_day, found.one_day_wh, found.span):
        assert told.auc > 0.8
        assert told.auc > 0.5 + 5.0 * told.error


def test_a_meter_that_was_learned_from_would_be_known_again() -> None:
    """Without the meters as groups the halves would look different: it is they that make the judge fair."""
    rows, meter = chosen_days(_london(), 20, np.random.default_rng(1))
    group = (meter % 2).astype(np.int64)
    alone = tell_apart(rows, group, np.arange(len(rows)), day_names())
    assert alone.auc > tell_apart(rows, group, meter, day_names()).auc + 0.1


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    scores = np.array([0.1, 0.4, 0.4, 0.8, 0.4, 0.9])
    group = np.array([0, 0, 1, 1, 0, 1])
    pairs = [(one > zero) + 0.5 * (one == zero) for one in scores[group == 1] for zero in scores[group == 0]]
    area, _ = area_under_roc(scores, group, np.arange(6))
    assert area == pytest.approx(np.mean(pairs))


def test_the_error_is_that_of_meters_not_of_their_days() -> None:
    """Days of a meter that are all alike say no more than one of them: drawn anew, areas spread as the error says."""
    choice = np.random.default_rng(5)
    areas, errors = [], []
    for _ in range(300):
        scores = np.repeat(choice.normal(size=60), 10)
        group, meter = np.repeat([0, 1], 300), np.repeat(np.arange(60), 10)
        area, variance = area_under_roc(scores, group, meter)
        areas.append(area)
        errors.append(np.sqrt(variance))
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.15)


def _days(wh: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Days:
    """From (meters, days, 48)."""
    meters, days, _ = wh.shape
    day, half_hour = np.divmod(np.arange(days * HALF_HOURS), HALF_HOURS)
    return Days.of(wh.reshape(meters, -1), 19_000 + day, half_hour)


def test_days_with_gaps_or_other_half_hours_are_unknown() -> None:
    wh = np.ones((2, 4, HALF_HOURS))
    wh[1, 2, 5] = np.nan
    days = _days(wh)
    assert days.known.tolist() == [[True] * 4, [True, True, False, True]]
    day, half_hour = np.divmod(np.arange(3 * HALF_HOURS), HALF_HOURS)
    keep = (day != 1) | (half_hour >= 2)  # the second day has 23 hours
    assert Days.of(np.ones((1, int(keep.sum()))), day[keep], half_hour[keep]).known.tolist() == [[True, False, True]]


def test_the_span_is_the_one_that_most_meters_have() -> None:
    wh = np.ones((3, 30, HALF_HOURS))
    wh[0, :15] = np.nan
    wh[1, 20:] = np.nan
    wh[2, :12] = np.nan
    span = _days(wh).best_span(10)
    assert len(span.wh) == 2
    assert span.number.tolist() == list(range(19_011, 19_021))  # the second and third have nine of the ten


@pytest.mark.parametrize("step", [1000.0, 100.0, 5.0, 1.0, 0.5, 0.002])
def test_the_step_of_the_data_is_found_and_given_to_others(step: float) -> None:
    choice = np.random.default_rng(2)
    wh = choice.integers(0, 3000, (4, 20, HALF_HOURS)) * step
    assert step_wh(_days(wh.astype(np.float32).astype(np.float64))) == pytest.approx(step)
    rounded = in_steps(_days(choice.lognormal(4.0, 1.0, (2, 3, HALF_HOURS))), step).wh / step
    assert np.allclose(rounded, np.round(rounded))


def test_energies_without_a_step_stay_as_they_are() -> None:
    days = _days(np.random.default_rng(2).lognormal(4.0, 1.0, (2, 3, HALF_HOURS)))
    assert step_wh(days) == 0.0
    assert in_steps(days, 0.0) is days


def test_features_by_hand() -> None:
    """Two weeks of 100 Wh a half-hour at night, 300 by day; nothing on the last day."""
    wh = np.full((1, 14, HALF_HOURS), 100.0)
    wh[:, :, 12:36] = 300.0
    wh[:, 13] = 0.0
    values, names = span_features(_days(wh))
    found = dict(zip(names, values[0], strict=True))
    mean = 13 * 200.0 / 14
    assert found["quantile 100%"] == pytest.approx(300.0 / mean)
    assert found["half-hours at zero"] == pytest.approx(1 / 14)
    assert found["lowest day"] == 0.0
    assert found["00 to 03 h"] == pytest.approx(13 * 100.0 / 14 / mean)
    # the first day is a Saturday, and the last one, without use, is one of ten weekdays
    assert found["9 to 15 h on weekends"] == pytest.approx(1.5 - 9 * 1.5 / 10)
    assert found["steps over the mean"] == pytest.approx(13 * 2 / (14 * 47))
    assert found["autocorrelation 7 d"] == pytest.approx(
        np.corrcoef(wh.ravel()[336:], wh.ravel()[:-336])[0, 1], rel=1e-9
    )

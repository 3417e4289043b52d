"""Conserved: what is shared out sums to the whole, and nobody is off by a unit."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wattif.numeric.allocate import allocate, allocate_day

TOTALS = st.integers(0, 2**51)
DIVISORS = [n for n in range(1, 3601) if 3600 % n == 0]


def _share(total: int, weights: list[float]) -> list[int]:
    parts = np.empty(len(weights), np.int64)
    allocate(total, np.array(weights), parts)
    return [int(part) for part in parts]


@given(TOTALS, st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
@example(total=7, weights=[0.0, 0.0, 0.0])
@example(total=1, weights=[0.0, 1.0, 0.0])
@example(total=2**51, weights=[1e-300, 1e6])
def test_parts_are_not_negative_sum_exactly_and_are_off_by_less_than_one(total: int, weights: list[float]) -> None:
    parts = _share(total, weights)
    assert sum(parts) == total
    assert min(parts) >= 0
    exact = [Fraction(weight) for weight in weights] if sum(weights) > 0 else [Fraction(1)] * len(weights)
    for part, weight in zip(parts, exact, strict=True):
        assert abs(part - total * weight / sum(exact)) < Fraction(101, 100)  # 1 and the rounding of doubles


def test_by_hand() -> None:
    assert _share(10, [1.0, 1.0, 1.0]) == [3, 3, 4]
    assert _share(100, [3.0, 1.0]) == [75, 25]
    assert _share(5, [0.0, 0.0]) == [2, 3]


def _day(total: int, watts: np.ndarray[tuple[int], np.dtype[np.int32]], interval_s: int) -> list[int]:
    parts = np.empty(86_400 // interval_s, np.int64)
    allocate_day(total, watts, 10, interval_s, parts)
    return [int(part) for part in parts]


@given(st.integers(0, 10**10), st.integers(0, 2**32 - 1), st.sampled_from(DIVISORS))
def test_a_day_sums_exactly_and_all_intervals_agree_on_the_register(total: int, seed: int, interval_s: int) -> None:
    watts = np.random.default_rng(seed).integers(0, 20_000, 8640).astype(np.int32)
    parts = _day(total, watts, interval_s)
    assert sum(parts) == total
    assert min(parts) >= 0
    hourly = _day(total, watts, 3600)
    per_hour = 3600 // interval_s
    assert list(accumulate(parts))[per_hour - 1 :: per_hour] == list(accumulate(hourly))


@pytest.mark.parametrize(
    ("interval_s", "expected"), [(10, [1, 2, 3]), (15, [2, 4]), (30, [6]), (5, [0, 1, 1, 1, 1, 2])]
)
def test_a_day_by_hand(interval_s: int, expected: list[int]) -> None:
    """The first 30 s of a day: 100, 200 and 300 W of which a unit is 100 W for a step, then nothing."""
    watts = np.zeros(8640, np.int32)
    watts[:3] = (100, 200, 300)
    assert _day(6, watts, interval_s)[: len(expected)] == expected


def test_a_day_without_power_keeps_its_energy() -> None:
    assert sum(_day(1234, np.zeros(8640, np.int32), 60)) == 1234

"""Elementary functions without the C library, against the C library's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wattif.numeric.ieee import cos_turns, exp, log, sin_turns


def test_exp_is_the_exponential() -> None:
    for x in (*np.linspace(-84.9, 84.9, 9973), 0.0, 1.0, -1.0, 0.34657359, -0.34657359, 1e-300):
        assert exp(x) == pytest.approx(math.exp(x), rel=2e-15)


def test_exp_stays_finite_beyond_its_range() -> None:
    assert exp(1e9) == exp(85.0)
    assert exp(-1e9) == exp(-85.0) > 0


def test_cos_turns_is_the_cosine_of_full_turns() -> None:
    for x in (*np.linspace(-2.5, 2.5, 10_001), 0.25, -0.25, 0.5, 0.75):
        assert cos_turns(x) == pytest.approx(math.cos(2 * math.pi * x), abs=2e-15)


def test_sin_turns_is_the_sine_of_full_turns() -> None:
    for x in (*np.linspace(-2.5, 2.5, 10_001), 0.25, -0.25, 0.5, 0.75, 1e-9):
        assert sin_turns(x) == pytest.approx(math.sin(2 * math.pi * x), abs=2e-15)


def test_log_is_the_natural_logarithm() -> None:
    near_one = 1.0 + np.linspace(-1e-6, 1e-6, 997)
    for x in (*np.geomspace(2.0**-128, 2.0**128, 9973), *np.linspace(0.01, 3.0, 9973), *near_one, math.sqrt(2), 0.5):
        assert log(x) == pytest.approx(math.log(x), rel=2e-15, abs=0.0)
    assert log(1.0) == 0.0


def test_log_stays_finite_beyond_its_range() -> None:
    assert log(0.0) == log(-1.0) == log(2.0**-128)
    assert log(math.inf) == log(2.0**128)

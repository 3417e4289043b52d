"""Elementary functions without the C library, against the C library's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wattif.kernels.ieee import cos_turns, exp


def test_exp_is_the_exponential() -> None:
    for x in (*np.linspace(-84.9, 84.9, 9973), 0.0, 1.0, -1.0, 0.34657359, -0.34657359, 1e-300):
        assert exp(x) == pytest.approx(math.exp(x), rel=2e-15)


def test_exp_stays_finite_beyond_its_range() -> None:
    assert exp(1e9) == exp(85.0)
    assert exp(-1e9) == exp(-85.0) > 0


def test_cos_turns_is_the_cosine_of_full_turns() -> None:
    for x in (*np.linspace(-2.5, 2.5, 10_001), 0.25, -0.25, 0.5, 0.75):
        assert cos_turns(x) == pytest.approx(math.cos(2 * math.pi * x), abs=2e-15)

"""Bounded readings: a day's peak never exceeds the connection, whatever the energy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wattif.model.meter_days import limit_power


@given(st.integers(0, 2**32 - 1), st.floats(0, 999), st.integers(0, 50_000))
def test_the_scaled_peak_stays_below_the_connection(seed: int, mean_w: float, peak_w: int) -> None:
    watts = np.random.default_rng(seed).integers(10, 500, 8640).astype(np.int32)
    watts[seed % 8640] = peak_w
    before = watts.copy()
    limit_power(watts, mean_w, 1000.0)
    scaled = watts * (mean_w / watts.mean())
    assert scaled.max() <= 1000.001
    assert (watts >= before).all()
    if before.max() * (mean_w / before.mean()) < 1000:
        assert np.array_equal(watts, before)

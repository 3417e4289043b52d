"""The power of a home, in steps of ten seconds: base load, habits, fridge and appliances.

The formulas and their fitted constants are those of docs/model.md, section "Residential"; every number is a hash
of (seed, stream, meter, time), so any day can be computed alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.model.appliances import LOOKBACK, SMOOTH_SHARE, STEPS, add_appliances, fill_fridge, sum_pulses
from wattif.model.levels import Around, day_factor, day_share, level_w, own_level_w
from wattif.model.rhythm import relative_load
from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, minute_noise, normal, reading_noise, stream_key, uniform

# Base share: its median, the standard deviation of its logarithm and its bounds. The wide spread makes some homes'
# half-hours nearly even (a tenth of the British ones have a variation of 0.75 or less).
_BASE_SHARE, _BASE_SIGMA, _BASE_LEAST, _BASE_MOST = 0.23, 0.68, 0.04, 0.70
_BASE_MOST_OF_DAY = 0.8
_LEAST_BASE_W = 5.0
_BARE = 0.03  # share of the homes in which nothing runs at night: no fridge, nothing on standby

_HOME = int(Stream.HOME)
_MINUTE_NOISE = int(Stream.MINUTE_NOISE)
_READING_NOISE = int(Stream.READING_NOISE)


@kernel
def _base_w(around: Around, base_share: float, quarter: float) -> float:
    """The base load: a share of the home's own level, unless hardly anything is used around that day."""
    return min(base_share * own_level_w(around, quarter), _BASE_MOST_OF_DAY * level_w(around, quarter))


@kernel
def residential_power(
    seed: int,
    meter: int,
    utc_day: int,
    around: Around,
    profile: NDArray[np.float64],
    local_quarter: NDArray[np.int64],
    weekend: NDArray[np.int64],
    watts: NDArray[np.int32],
) -> None:
    """Fill *watts* (8,640 steps of ten seconds, never below 0) with the power of a home on *utc_day*.

    Parameters: the day (days since 1970) and its energy; and for each quarter of an hour from `FIRST`
    quarters before the day to `MARGIN` after it, the standard load profile (mean 1 a week), the local time in
    quarters since 1970, and whether it is a weekend there (0 or 1).
    """
    home = stream_key(seed, _HOME, meter)
    base_share = min(max(_BASE_SHARE * exp(_BASE_SIGMA * normal(draw(home, 7))), _BASE_LEAST), _BASE_MOST)
    bare = uniform(draw(home, 22)) < _BARE
    if bare:
        base_share = 0.0
    load = relative_load(seed, meter, utc_day, base_share, bare, profile, local_quarter, weekend)
    levels_w = np.empty(LOOKBACK + 97)  # of the load above the base
    for i in range(levels_w.shape[0]):
        quarter = float(i - LOOKBACK)
        levels_w[i] = (level_w(around, quarter) - _base_w(around, base_share, quarter)) / (1.0 - base_share)
    changes = np.zeros(STEPS + 1, np.int32)
    add_appliances(seed, meter, utc_day, load, levels_w, changes)
    fridge = np.zeros(STEPS, np.int32)
    fridge_w, total_w = 0.0, 0.0
    if not bare:
        fridge_w, total_w = fill_fridge(seed, meter, utc_day, fridge)
    quarters_w = sum_pulses(changes)
    smooth_w, base_w = np.empty(97), np.empty(97)
    for quarter in range(97):
        smooth_w[quarter] = SMOOTH_SHARE * levels_w[quarter + LOOKBACK] * load[quarter + LOOKBACK]
        base_w[quarter] = 0.0 if bare else max(_base_w(around, base_share, quarter) - fridge_w, _LEAST_BASE_W)
    for quarter in range(96):
        quarters_w[quarter] += 0.5 * (smooth_w[quarter] + smooth_w[quarter + 1])
        total_w += (base_w[quarter] + base_w[quarter + 1]) / 192.0
    more = day_factor(around.mean_w, total_w, quarters_w) - 1.0
    ripple = minute_noise(stream_key(seed, _MINUTE_NOISE, meter), utc_day)
    white_w = 0.0 if bare else 2.0
    noise = reading_noise(stream_key(seed, _READING_NOISE, meter), utc_day)
    for quarter in range(96):
        from_w = smooth_w[quarter]
        slope_w = (smooth_w[quarter + 1] - from_w) / 90.0
        base_from_w = base_w[quarter]
        base_slope_w = (base_w[quarter + 1] - base_from_w) / 90.0
        factor = 1.0 + more * day_share(quarter)
        factor_slope = (1.0 + more * day_share(quarter + 1.0) - factor) / 90.0
        for i in range(90):
            step = quarter * 90 + i
            moving_w = changes[step] + (from_w + slope_w * i) * (1.0 + 0.06 * ripple[step])
            now_w = base_from_w + base_slope_w * i + fridge[step] + moving_w * (factor + factor_slope * i)
            watts[step] = int(max(now_w + (white_w + 0.006 * now_w) * noise[step], 0.0) + 0.5)

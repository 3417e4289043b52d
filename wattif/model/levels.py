"""The level of a meter's power through a day, without a step at either midnight, and how it meets the day's energy.

A day's level is where its profile is one. It holds at noon (UTC) and goes over to the next day's in a straight line.
What appliances and habits add or leave out at random is made up for by a factor that is one at both midnights: so no
day's own figure begins or ends there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel

RAMP_QUARTERS = 12  # from midnight to where the factor of the day holds in full
LEAST_FACTOR, MOST_FACTOR = 0.05, 6.0


class Around(NamedTuple):
    """A day of a meter and its neighbors, all in W."""

    mean_w: float  # of the day
    before_w: float  # where the profile is one: the day before
    today_w: float
    after_w: float
    own_from_w: float  # the same without the noise of days: the meter's own mean, at the start of the day
    own_to_w: float  # and at its end


def steady(mean_w: float, profile_mean: float = 1.0) -> Around:
    """A day like its neighbors, whose profile has a mean of *profile_mean*."""
    level_w = mean_w / profile_mean
    return Around(mean_w, level_w, level_w, level_w, level_w, level_w)


@kernel
def level_w(around: Around, quarter: float) -> float:
    """The level *quarter* quarters of an hour after midnight, from 12 hours before the day to 12 hours after it."""
    if quarter < 48.0:
        share = (quarter + 48.0) / 96.0
        return around.before_w + (around.today_w - around.before_w) * share
    share = (quarter - 48.0) / 96.0
    return around.today_w + (around.after_w - around.today_w) * share


@kernel
def own_level_w(around: Around, quarter: float) -> float:
    """The meter's own level, without the noise of days."""
    return around.own_from_w + (around.own_to_w - around.own_from_w) * (quarter / 96.0)


@kernel
def day_share(quarter: float) -> float:
    """How much of the day's factor holds: 0 at both midnights, 1 between the ramps."""
    return min(quarter, 96.0 - quarter, RAMP_QUARTERS) / RAMP_QUARTERS


@kernel
def day_factor(mean_w: float, fixed_w: float, quarters_w: NDArray[np.float64]) -> float:
    """The factor of the day that makes *fixed_w* and *quarters_w* (96 means) meet the day's mean."""
    total, moved = 0.0, 0.0
    for quarter in range(96):
        total += quarters_w[quarter]
        moved += quarters_w[quarter] * day_share(quarter + 0.5)
    if moved <= 0.0:
        return 1.0
    return min(max(1.0 + ((mean_w - fixed_w) * 96.0 - total) / moved, LEAST_FACTOR), MOST_FACTOR)

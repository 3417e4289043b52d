"""The published formula of monthly data sets with ghost loads, to the letter; no readings stand behind it.

``x = base * (1 + season + trend * t) + noise``, never below 0, where *t* counts months from 0:

- *base*, kWh: residential N(300, 75) kept within 150 to 450, commercial N(800, 300), industrial N(2500, 800);
- *season*: 0.15 * sin(2 pi (m - 4) / 12) in the calendar month *m*;
- *trend*: uniform from -2 to +5 % a month;
- *noise*: N(0, 0.3 * the class's standard deviation), new every month;
- a meter with a ghost load: x * (0.3 - 0.2 * t / months).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import TROPICAL_SEASON
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key, uniform

KIND = "ghost_load"
MEAN_KWH, SIGMA_KWH = np.array([300.0, 800.0, 2500.0]), np.array([75.0, 300.0, 800.0])
LEAST_KWH, MOST_KWH = np.array([150.0, 0.0, 0.0]), np.array([450.0, np.inf, np.inf])
_SEASON = np.array(TROPICAL_SEASON)
_BASE, _TREND = int(Stream.MONTHLY_BASE), int(Stream.MONTHLY_TREND)
_NOISE, _ANOMALY = int(Stream.MONTHLY_NOISE), int(Stream.MONTHLY_ANOMALY)
_STEP = 2.0**0.5 - 1.0  # of a Kronecker sequence: any run of meters has the share


def ghosts(seed: int, meters: range, share: float) -> NDArray[np.bool_]:
    """Which of *meters* have a ghost load."""
    places = np.arange(meters.start, meters.stop) * _STEP + uniform(draw(stream_key(seed, _ANOMALY, 0), 0))
    hit: NDArray[np.bool_] = places - np.floor(places) < share
    return hit


def ghostload_kwh(
    seed: int, meters: range, meter_class: NDArray[np.int8], first_month: int, months: int, share: float
) -> NDArray[np.float64]:
    """(meters, months) in kWh, three decimals; *first_month*: 0 for January."""
    kwh = np.empty((len(meters), months))
    _fill(seed, meters.start, meter_class, ghosts(seed, meters, share), first_month, kwh)
    rounded: NDArray[np.float64] = kwh.round(3)
    return rounded


@kernel
def _fill(
    seed: int,
    first: int,
    meter_class: NDArray[np.int8],
    ghost: NDArray[np.bool_],
    first_month: int,
    kwh: NDArray[np.float64],
) -> None:
    months = kwh.shape[1]
    for i in range(kwh.shape[0]):
        meter, own = first + i, meter_class[i]
        sigma = SIGMA_KWH[own]
        base = MEAN_KWH[own] + sigma * normal(draw(stream_key(seed, _BASE, meter), 0))
        base = min(max(base, LEAST_KWH[own]), MOST_KWH[own])
        trend = -0.02 + 0.07 * uniform(draw(stream_key(seed, _TREND, meter), 0))
        noise_key = stream_key(seed, _NOISE, meter)
        for t in range(months):
            x = base * (1.0 + _SEASON[(first_month + t) % 12] + trend * t) + 0.3 * sigma * normal(draw(noise_key, t))
            if ghost[i]:
                x *= 0.3 - 0.2 * t / months
            kwh[i, t] = max(x, 0.0)

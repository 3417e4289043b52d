"""The US air quality index: each breakpoint by hand, the times of averaging, the pollutant that is named."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.model.air_quality_index import MOST_HOURS, POLLUTANTS, UNITS, air_quality_index, index_of

PM2_5, PM10, NO2, O3_8H, O3_1H, CO = range(6)  # the scales, in order
# Both ends of each category, from 40 CFR part 58, appendix G, table 2: PM2.5 and CO in tenths.
BREAKPOINTS = {
    PM2_5: ((0, 90), (91, 354), (355, 554), (555, 1254), (1255, 2254), (2255, 3254)),
    PM10: ((0, 54), (55, 154), (155, 254), (255, 354), (355, 424), (425, 604)),
    NO2: ((0, 53), (54, 100), (101, 360), (361, 649), (650, 1249), (1250, 2049)),
    O3_8H: ((0, 54), (55, 70), (71, 85), (86, 105), (106, 200)),
    O3_1H: (None, None, (125, 164), (165, 204), (205, 404), (405, 604)),
    CO: ((0, 44), (45, 94), (95, 124), (125, 154), (155, 304), (305, 504)),
}
INDEX = ((0, 50), (51, 100), (101, 150), (151, 200), (201, 300), (301, 500))
ENDS = [
    (scale, concentration, index)
    for scale, categories in BREAKPOINTS.items()
    for category, indices in zip(categories, INDEX, strict=False)
    if category is not None
    for concentration, index in zip(category, indices, strict=True)
]


@pytest.mark.parametrize(("scale", "concentration", "index"), ENDS)
def test_both_ends_of_each_category(scale: int, concentration: int, index: int) -> None:
    assert index_of(scale, concentration) == index


@pytest.mark.parametrize(
    ("scale", "concentration", "index"),
    [
        (PM2_5, 45, 25),  # half of 9.0
        (PM2_5, 120, 56),  # 51 + 49 * (12.0 - 9.1) / 26.3 = 56.40
        (PM2_5, 350, 99),  # 51 + 49 * 25.9 / 26.3 = 99.25
        (PM2_5, 900, 175),  # 151 + 49 * 34.5 / 69.9 = 175.18
        (PM10, 27, 25),
        (PM10, 104, 75),  # 51 + 49 * 49 / 99 = 75.25
        (PM10, 783, 699),  # the last line goes on: 301 + 199 * 358 / 179
        (NO2, 200, 120),  # 101 + 49 * 99 / 259 = 119.73
        (O3_8H, 78, 126),  # 101 + 49 * 7 / 14 = 125.5, to the nearest: up
        (O3_1H, 144, 125),  # 101 + 49 * 19 / 39 = 124.87
        (CO, 22, 25),
        (PM2_5, 4253, 699),  # beyond 500: 301 + 199 * 199.8 / 99.9
    ],
)
def test_within_a_category_and_beyond_the_last(scale: int, concentration: int, index: int) -> None:
    assert index_of(scale, concentration) == index


def test_ozone_has_no_index_below_the_hourly_scale_nor_above_the_one_of_eight_hours() -> None:
    assert index_of(O3_1H, 124) == -1
    assert index_of(O3_8H, 201) == -1


def _hours(**of_pollutant: float | list[float]) -> NDArray[np.int64]:
    """`MOST_HOURS` hours; a number stands for all, a list for the last ones after zeros."""
    hours = np.zeros((len(POLLUTANTS), MOST_HOURS), np.int64)
    for name, values in of_pollutant.items():
        number = POLLUTANTS.index(name)
        last = values if isinstance(values, list) else [values] * MOST_HOURS
        hours[number, MOST_HOURS - len(last) :] = np.round(np.array(last) * UNITS[number]).astype(np.int64)
    return hours


@pytest.mark.parametrize(
    ("hours", "index", "pollutant"),
    [
        (_hours(), 0, "pm2_5"),
        (_hours(pm2_5=9.0), 50, "pm2_5"),
        (_hours(pm2_5=[9.1] * 23 + [9.0]), 50, "pm2_5"),  # the mean, 9.096, is cut to 9.0
        (_hours(pm2_5=[24 * 9.1]), 51, "pm2_5"),  # one hour of 24
        (_hours(pm10=54.9), 50, "pm10"),  # cut to 54
        (_hours(pm10=55.0), 51, "pm10"),
        (_hours(no2=[500.0, 100.9]), 100, "no2"),  # of the last hour alone
        (_hours(o3=[70.9] * 8), 100, "o3"),  # the last eight hours
        (_hours(o3=[500.0] + [71.0] * 8), 101, "o3"),  # none before them
        (_hours(o3=[164.0]), 150, "o3"),  # the hour's own scale: a mean of 20.5 over eight
        (_hours(o3=250.0), 223, "o3"),  # beyond eight hours' scale: 201 + 99 * 45 / 199 = 223.4
        (_hours(co=[4.499] * 8), 50, "co"),
        (_hours(co=[4.5] * 8), 51, "co"),
        (_hours(pm2_5=35.4, pm10=154.0, no2=100.0, o3=70.0, co=9.4), 100, "pm2_5"),  # the first of equals
        (_hours(pm2_5=35.4, co=9.5), 101, "co"),
    ],
)
def test_means_of_hours_and_the_pollutant_responsible(hours: NDArray[np.int64], index: int, pollutant: str) -> None:
    found = air_quality_index(hours)
    assert found.shape == (2, 1)
    assert (found[0, 0], POLLUTANTS[found[1, 0]]) == (index, pollutant)


def test_hours_move_along() -> None:
    """Each hour's index is that of its own last 24."""
    rng = np.random.default_rng(7)
    hours = (rng.random((5, 100)) * np.array([400, 1500, 1200, 900, 9000])[:, None]).astype(np.int64)
    moving = air_quality_index(hours)
    for n in range(moving.shape[1]):
        assert moving[:, n].tolist() == air_quality_index(hours[:, n : n + MOST_HOURS].copy())[:, 0].tolist()

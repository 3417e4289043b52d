"""The US air quality index: from hourly concentrations to the index and the pollutant that is responsible for it.

Source: 40 CFR part 58, appendix G, as amended in 2024 (89 FR 16202, in force since 2024-05-06), with the times of
averaging and the truncation of EPA-454/B-24-002, Technical Assistance Document for the Reporting of Daily Air Quality,
May 2024, table 6. All in whole numbers, so that no breakpoint is missed by the last bit of a quotient.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel

POLLUTANTS = ("pm2_5", "pm10", "no2", "o3", "co")  # as in the columns of concentrations
UNITS = np.array([10, 10, 10, 10, 1000])  # concentrations are whole numbers of 1/UNITS ug/m3, ppb, or (CO) ppm
MOST_HOURS = 24  # that are averaged

# Each a mean of hours: the pollutant, the hours, how many of its units make one unit of the breakpoints; then the
# highest concentration of each category, in units of breakpoints, and where the scale begins if not at 0.
_SCALES = (
    ("pm2_5", 24, 1, (90, 354, 554, 1254, 2254, 3254), 0),  # 0.1 ug/m3
    ("pm10", 24, 10, (54, 154, 254, 354, 424, 604), 0),  # ug/m3
    ("no2", 1, 10, (53, 100, 360, 649, 1249, 2049), 0),  # ppb
    ("o3", 8, 10, (54, 70, 85, 105, 200), 0),  # ppb; above 200 only the hourly mean counts
    ("o3", 1, 10, (124, 124, 164, 204, 404, 604), 125),  # ppb
    ("co", 8, 100, (44, 94, 124, 154, 304, 504), 0),  # 0.1 ppm
)
_INDEX_TOPS = np.array([50, 100, 150, 200, 300, 500])

SCALES = np.array([(POLLUTANTS.index(name), hours, per, lowest) for name, hours, per, _, lowest in _SCALES])
TOPS = np.array([(*tops, *(0,) * (len(_INDEX_TOPS) - len(tops))) for *_, tops, _ in _SCALES])


@kernel
def index_of(scale: int, concentration: int) -> int:
    """The index at a truncated mean *concentration*, in units of breakpoints, on one of `SCALES`; -1 where it has none.

    Equation 1 of the appendix, rounded to the nearest whole number; above the last breakpoint its line goes on.
    """
    if concentration < SCALES[scale, 3]:
        return -1
    category = 0
    while category < 5 and concentration > TOPS[scale, category]:
        category += 1
    top = TOPS[scale, category]
    if top == 0:
        return -1
    low = 0 if category == 0 else TOPS[scale, category - 1] + 1
    index_low = 0 if category == 0 else _INDEX_TOPS[category - 1] + 1
    rise, run = _INDEX_TOPS[category] - index_low, top - low
    return int(index_low + (2 * rise * (concentration - low) + run) // (2 * run))


@kernel
def air_quality_index(hours: NDArray[np.int64]) -> NDArray[np.int64]:
    """The index, (2, n): its value, and the number in `POLLUTANTS` of the one responsible for it.

    *hours* are the concentrations (5, n + `MOST_HOURS` - 1) of `POLLUTANTS` in units of 1/`UNITS`: the means are those
    of the hours that end with each. The first pollutant is named where two have the same index.
    """
    count = hours.shape[1] - MOST_HOURS + 1
    result = np.zeros((2, count), np.int64)
    result[0] = -1
    for scale in range(SCALES.shape[0]):
        pollutant, length = SCALES[scale, 0], SCALES[scale, 1]
        total = 0
        for hour in range(MOST_HOURS - length, MOST_HOURS - 1):
            total += hours[pollutant, hour]
        for n in range(count):
            last = n + MOST_HOURS - 1
            total += hours[pollutant, last]
            index = index_of(scale, total // (length * SCALES[scale, 2]))
            total -= hours[pollutant, last - length + 1]
            if index > result[0, n]:
                result[0, n], result[1, n] = index, pollutant
    return result

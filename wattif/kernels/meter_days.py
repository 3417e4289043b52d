"""A block of meter-days: from the energy of the month to every column of every reading, in one call."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.kernels import kernel
from wattif.kernels.allocate import allocate_day
from wattif.kernels.electrical import electrical_columns
from wattif.kernels.residential import STEP_S, STEPS, residential_power
from wattif.world import quantities
from wattif.world.energy import ClassEnergy, Month, register_and_day

_JOULE_PER_MWH = 3.6
_THOUSAND = np.uint64(1000)
_DAY_S = STEPS * STEP_S


class Surroundings(NamedTuple):
    """What all meters of a transformer share on one UTC day, as the kernels want it."""

    utc_day: int  # days since 1970
    interval_s: int
    nominal_v: float
    month: Month
    profile: NDArray[np.float64]  # quarters of an hour around the day, see `wattif.kernels.residential`
    local_quarter: NDArray[np.int64]
    weekend: NDArray[np.int64]
    frequency_mhz: NDArray[np.int64]  # one a reading
    supply_v: NDArray[np.float64]  # one a reading, at the transformer


@kernel
def limit_power(watts: NDArray[np.int32], mean_w: float, connection_w: float) -> None:
    """Even a day out just so far that no step, scaled to the mean *mean_w*, exceeds the connection's capacity.

    Adding the same power to every step lowers the ratio of the peak to the mean. *mean_w* must be below
    *connection_w*; `wattif.settings` sees to it.
    """
    peak = 0
    total = 0
    for step in range(STEPS):
        peak = max(peak, watts[step])
        total += watts[step]
    level = total / STEPS
    if mean_w * peak > connection_w * level:
        extra = np.int32(np.ceil((mean_w * peak - connection_w * level) / (connection_w - mean_w)))
        for step in range(STEPS):
            watts[step] += extra


@kernel
def residential_days(
    seed: int,
    first_meter: int,
    base_mwh: NDArray[np.int64],
    model: ClassEnergy,
    connection_w: float,
    around: Surroundings,
    electrical: bool,
    columns: NDArray[np.int64],
) -> None:
    """Fill *columns* (meters, quantities, readings) with one day of as many meters as *base_mwh* has means.

    Without *electrical*, voltage, current and power factor stay as they are.
    """
    watts = np.empty(STEPS, np.int32)
    interval_s = around.interval_s
    readings_an_hour = 3600 // interval_s
    for i in range(base_mwh.shape[0]):
        meter = first_meter + i
        own = columns[i]
        register_mwh, day_mwh = register_and_day(seed, meter, base_mwh[i], model, around.month, around.utc_day)
        mean_w = day_mwh * _JOULE_PER_MWH / _DAY_S
        residential_power(
            seed, meter, around.utc_day, mean_w, around.profile, around.local_quarter, around.weekend, watts
        )
        limit_power(watts, mean_w, connection_w)
        consumption = own[quantities.CONSUMPTION_MWH]
        allocate_day(day_mwh, watts, STEP_S, interval_s, consumption)
        register = own[quantities.REGISTER_WH]
        for t in range(consumption.shape[0]):
            register_mwh += consumption[t]
            own[quantities.POWER_W, t] = np.uint64(consumption[t] * readings_an_hour + 500) // _THOUSAND
            register[t] = np.uint64(register_mwh) // _THOUSAND
        own[quantities.FREQUENCY_MHZ] = around.frequency_mhz
        own[quantities.STATUS] = 0
        if electrical:
            electrical_columns(seed, meter, around.utc_day, around.nominal_v, interval_s, around.supply_v, own)

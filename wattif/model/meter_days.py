"""A block of meter-days: from the energy of the month to every column of every reading.

Each step is a kernel over all meters of the block, and none knows the others: so only those are compiled that a
dataset needs (no factories, panels or cars where there are none). The order is that of `wattif.model.world.MeterDays`.
Arrays have one element, or one row, a meter of the block unless their description says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.model import quantities
from wattif.model.appliances import STEP_S, STEPS
from wattif.model.commercial import commercial_power
from wattif.model.electric_car import PORTION_MWH, PORTION_WATT_STEPS, add_car, charged_mwh
from wattif.model.electrical import electrical_columns
from wattif.model.energy import Month, surrounding
from wattif.model.industrial import industrial_power
from wattif.model.levels import Around
from wattif.model.residential import residential_power
from wattif.model.solar import Place, panel_capacity_w, roof_of, solar_power
from wattif.numeric.allocate import allocate_day
from wattif.numeric.jit import kernel

EXPORT_SHARE = 0.6  # of what panels generate; the rest is used at home
_JOULE_PER_MWH = 3.6
_THOUSAND = np.uint64(1000)
_DAY_S = STEPS * STEP_S


class Ledger(NamedTuple):
    """What meters have registered so far, in mWh."""

    lost_mwh: NDArray[np.int64]  # imported before the day, but not registered
    lost_export_mwh: NDArray[np.int64]  # the same of export; negative where more was registered than exported
    register_mwh: NDArray[np.int64]  # filled: the import register at the start of the day
    export_register_mwh: NDArray[np.int64]  # filled


class Sky(NamedTuple):
    """Where a city is, its clock, and the light it has had since the dataset's epoch."""

    place: Place
    epoch_day: int  # days since 1970
    epoch_clock: NDArray[np.int64]  # local time around that day, see `wattif.model.electric_car.add_car`
    clock: NDArray[np.int64]  # and around this one
    yields_wh: NDArray[np.float64]  # (roofs, days since the epoch): of a watt of panels


@kernel
def fill_energies(
    seed: int,
    first_meter: int,
    base_mwh: NDArray[np.int64],
    meter_class: NDArray[np.int8],
    spread: NDArray[np.float64],
    day_noise: NDArray[np.float64],
    profile: NDArray[np.int8],
    month: Month,
    utc_day: int,
    ledger: Ledger,
    profile_means: NDArray[np.float64],
    days_mwh: NDArray[np.int64],
    around_w: NDArray[np.float64],
) -> None:
    """Fill the registers at the start of the day, without what panels and cars add, the day's energies, and levels.

    *spread* and *day_noise* have one element a class; *profile_means* (3, profiles) are those of the day before, the
    day and the day after; *around_w* (meters, fields of `wattif.model.levels.Around`).
    """
    to_w = _JOULE_PER_MWH / _DAY_S
    for i in range(base_mwh.shape[0]):
        kind = meter_class[i]
        day = surrounding(seed, first_meter + i, base_mwh[i], spread[kind], day_noise[kind], profile[i], month, utc_day)
        days_mwh[i] = day.day_mwh
        around_w[i, 0] = day.day_mwh * to_w
        around_w[i, 1] = day.before_mwh * to_w / profile_means[0, profile[i]]
        around_w[i, 2] = day.day_mwh * to_w / profile_means[1, profile[i]]
        around_w[i, 3] = day.after_mwh * to_w / profile_means[2, profile[i]]
        around_w[i, 4] = day.from_mwh * to_w
        around_w[i, 5] = day.to_mwh * to_w
        ledger.register_mwh[i] = day.register_mwh - ledger.lost_mwh[i]
        ledger.export_register_mwh[i] = -ledger.lost_export_mwh[i]


def _of_class(number: int, power: Callable[..., None]) -> Callable[..., None]:
    """The kernel that fills the power of those meters of a block that are of class *number*."""

    def fill(
        seed: int,
        first_meter: int,
        meter_class: NDArray[np.int8],
        profile: NDArray[np.int8],
        utc_day: int,
        around_w: NDArray[np.float64],
        profiles: NDArray[np.float64],
        local_quarter: NDArray[np.int64],
        weekend: NDArray[np.int64],
        watts: NDArray[np.int32],
    ) -> None:
        for i in range(meter_class.shape[0]):
            if meter_class[i] == number:
                w = around_w[i]
                around = Around(w[0], w[1], w[2], w[3], w[4], w[5])
                own_profile = profiles[profile[i]]
                power(seed, first_meter + i, utc_day, around, own_profile, local_quarter, weekend, watts[i])

    fill.__name__ = fill.__qualname__ = f"fill_{power.__name__}"
    return kernel(fill)


# in the order of `wattif.model.classes.CLASSES`; *profiles* (profiles, quarters of an hour around the day),
# *local_quarter* and *weekend* are as `wattif.model.residential.residential_power` wants them
FILL_POWER = tuple(map(_of_class, range(3), (residential_power, commercial_power, industrial_power)))


@kernel
def limit_power(watts: NDArray[np.int32], mean_w: float, connection_w: float) -> None:
    """Even a day out just so far that no step, scaled to the mean *mean_w*, exceeds the connection's capacity.

    Adding the same power to every step lowers the ratio of the peak to the mean. *mean_w* must be below
    *connection_w*; `wattif.model.classes` sees to it.
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
def _split_export(
    panels_w: NDArray[np.int32],
    watts: NDArray[np.int32],
    exported_w: float,
    yields_wh: NDArray[np.float64],
    today: int,
    interval_s: int,
    register_mwh: int,
    own: NDArray[np.int64],
) -> int:
    """Take the panels' power from *watts*, and fill the exported energy and its register; that at the day's start.

    Export comes from above, as import does: a share of what the panels generate on the day, at the times when
    they generate more than the home uses; so its register, too, is known without the days before.
    """
    surplus_w = np.empty(STEPS, np.int32)
    surplus = 0
    for step in range(STEPS):
        surplus_w[step] = max(panels_w[step] - watts[step], 0)
        watts[step] = max(watts[step] - panels_w[step], 0)
        surplus += surplus_w[step]
    for day in range(today):
        register_mwh += int(exported_w * yields_wh[day] * 1000.0)
    start_mwh = register_mwh
    export = own[quantities.EXPORT_MWH]
    day_mwh = int(exported_w * yields_wh[today] * 1000.0)
    # on a day with hardly any surplus the export is spread over the light: panels give no more than they have
    enough = surplus * STEP_S >= 0.5 * day_mwh * _JOULE_PER_MWH
    allocate_day(day_mwh, surplus_w if enough else panels_w, STEP_S, interval_s, export)
    register = own[quantities.EXPORT_REGISTER_WH]
    for t in range(export.shape[0]):
        register_mwh += export[t]
        register[t] = np.uint64(register_mwh) // _THOUSAND
    return start_mwh


@kernel
def use_panels(
    seed: int,
    first_meter: int,
    solar: NDArray[np.bool_],
    transformer: int,
    sky: Sky,
    utc_day: int,
    interval_s: int,
    watts: NDArray[np.int32],
    registers_mwh: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> None:
    """Take what the panels generate from *watts*, and fill export and its registers; *registers_mwh* begin as losses.

    *columns*: (meters, quantities, readings).
    """
    panels_w = np.empty(STEPS, np.int32)
    for i in range(solar.shape[0]):
        if solar[i]:
            meter = first_meter + i
            solar_power(seed, meter, transformer, sky.place, utc_day, panels_w)
            exported_w = panel_capacity_w(seed, meter) * EXPORT_SHARE
            registers_mwh[i] = _split_export(
                panels_w,
                watts[i],
                exported_w,
                sky.yields_wh[roof_of(seed, meter)],
                utc_day - sky.epoch_day,
                interval_s,
                registers_mwh[i],
                columns[i],
            )


@kernel
def charge_cars(
    seed: int,
    first_meter: int,
    car: NDArray[np.bool_],
    utc_day: int,
    sky: Sky,
    interval_s: int,
    registers_mwh: NDArray[np.int64],
    cars_mwh: NDArray[np.int64],
) -> None:
    """Fill what cars draw, *cars_mwh* (meters, readings), and add what they drew before the day to the registers."""
    watts = np.empty(STEPS, np.int32)
    for i in range(car.shape[0]):
        if not car[i]:
            continue
        meter = first_meter + i
        for step in range(STEPS):
            watts[step] = 0
        add_car(seed, meter, utc_day, sky.clock, watts)
        watt_steps = 0
        for step in range(STEPS):
            watt_steps += watts[step]
        allocate_day(watt_steps // PORTION_WATT_STEPS * PORTION_MWH, watts, STEP_S, interval_s, cars_mwh[i])
        first_day = sky.epoch_day - 2
        before_mwh = charged_mwh(seed, meter, first_day, sky.clock)
        registers_mwh[i] += before_mwh - charged_mwh(seed, meter, first_day, sky.epoch_clock)


@kernel
def fill_columns(
    days_mwh: NDArray[np.int64],
    watts: NDArray[np.int32],
    meter_class: NDArray[np.int8],
    connection_w: NDArray[np.float64],
    cars_mwh: NDArray[np.int64],
    car: NDArray[np.bool_],
    solar: NDArray[np.bool_],
    frequency_mhz: NDArray[np.int64],
    interval_s: int,
    registers_mwh: NDArray[np.int64],
    export_registers_mwh: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> None:
    """Share the days' energies out over *columns* (meters, quantities, readings) and fill all that follows from them.

    The export of meters without panels, too. *frequency_mhz*: one per reading; *connection_w*: one per class.
    """
    readings_per_hour = 3600 // interval_s
    for i in range(days_mwh.shape[0]):
        own = columns[i]
        day_mwh = days_mwh[i]
        limit_power(watts[i], day_mwh * _JOULE_PER_MWH / _DAY_S, connection_w[meter_class[i]])
        consumption = own[quantities.CONSUMPTION_MWH]
        allocate_day(day_mwh, watts[i], STEP_S, interval_s, consumption)
        if car[i]:
            for t in range(consumption.shape[0]):
                consumption[t] += cars_mwh[i, t]
        if not solar[i]:
            constant_wh = export_registers_mwh[i] // 1000
            export, register = own[quantities.EXPORT_MWH], own[quantities.EXPORT_REGISTER_WH]
            if register[-1] != constant_wh or register[0] != constant_wh:  # the columns are of another meter, before
                for t in range(export.shape[0]):
                    export[t] = 0
                    register[t] = constant_wh
        register_mwh = registers_mwh[i]
        register, power = own[quantities.REGISTER_WH], own[quantities.POWER_W]
        for t in range(consumption.shape[0]):
            register_mwh += consumption[t]
            power[t] = np.uint64(consumption[t] * readings_per_hour + 500) // _THOUSAND
            register[t] = np.uint64(register_mwh) // _THOUSAND
        frequency, status = own[quantities.FREQUENCY_MHZ], own[quantities.STATUS]
        for t in range(frequency.shape[0]):
            frequency[t] = frequency_mhz[t]
        for t in range(status.shape[0]):
            status[t] = 0


@kernel
def fill_electrical(
    seed: int,
    first_meter: int,
    base_mwh: NDArray[np.int64],
    home_mwh: float,
    utc_day: int,
    nominal_v: float,
    interval_s: int,
    supply_v: NDArray[np.float64],
    columns: NDArray[np.int64],
) -> None:
    """Fill voltage, current and power factor of *columns* (meters, quantities, readings).

    *home_mwh*: mean energy per month of a home in the city; *supply_v*: one per reading, at the transformer.
    """
    for i in range(base_mwh.shape[0]):
        feeder_share = min(1.0, home_mwh / max(base_mwh[i], 1))
        electrical_columns(seed, first_meter + i, utc_day, nominal_v, interval_s, feeder_share, supply_v, columns[i])

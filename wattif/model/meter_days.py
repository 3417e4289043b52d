"""A block of meter-days: from the energy of the month to every column of every reading, in one call."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.model import quantities
from wattif.model.commercial import commercial_power
from wattif.model.electric_car import PORTION_MWH, PORTION_WATT_STEPS, add_car, charged_mwh
from wattif.model.electrical import electrical_columns
from wattif.model.energy import Month, register_and_day
from wattif.model.industrial import industrial_power
from wattif.model.residential import FIRST, STEP_S, STEPS, residential_power
from wattif.model.solar import panel_capacity_w, solar_power
from wattif.numeric.allocate import allocate_day
from wattif.numeric.jit import kernel

EXPORT_SHARE = 0.6  # of what panels generate; the rest is used at home
_JOULE_PER_MWH = 3.6
_THOUSAND = np.uint64(1000)
_DAY_S = STEPS * STEP_S
_RESIDENTIAL, _COMMERCIAL = 0, 1  # places in `wattif.model.classes.CLASSES`


class Meters(NamedTuple):
    """Consecutive meters of one transformer, all arrays of shape (meters,); see `wattif.model.fleet.Fleet`."""

    first: int
    base_mwh: NDArray[np.int64]
    meter_class: NDArray[np.int8]
    profile: NDArray[np.int8]
    solar: NDArray[np.bool_]
    car: NDArray[np.bool_]


class Ledger(NamedTuple):
    """What meters have registered so far, all arrays of shape (meters,), in mWh."""

    lost_mwh: NDArray[np.int64]  # imported before the day, but not registered
    lost_export_mwh: NDArray[np.int64]  # the same of export; negative where more was registered than exported
    register_mwh: NDArray[np.int64]  # filled: the import register at the start of the day
    export_register_mwh: NDArray[np.int64]  # filled


class ClassModels(NamedTuple):
    """A city's classes, all arrays of shape (classes,)."""

    spread: NDArray[np.float64]
    day_noise: NDArray[np.float64]
    connection_w: NDArray[np.float64]
    home_mwh: float  # mean energy a month of a home


class Surroundings(NamedTuple):
    """What all meters of a transformer share on one UTC day."""

    utc_day: int  # days since 1970
    transformer: int
    interval_s: int
    nominal_v: float
    month: Month
    profiles: NDArray[np.float64]  # (profiles, quarters of an hour around the day), see `wattif.model.residential`
    local_quarter: NDArray[np.int64]
    weekend: NDArray[np.int64]
    frequency_mhz: NDArray[np.int64]  # one a reading
    supply_v: NDArray[np.float64]  # one a reading, at the transformer


class Sky(NamedTuple):
    """Where a city lies, and the light it has had since the dataset's epoch."""

    city: int  # number for its streams
    latitude: float
    longitude: float
    epoch_day: int  # days since 1970
    epoch_quarter: int  # local time at the start of that day, quarters since 1970
    yields_wh: NDArray[np.float64]  # of a watt of panels, a day since the epoch


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
def _add_car_energy(seed: int, meter: int, around: Surroundings, sky: Sky, consumption: NDArray[np.int64]) -> int:
    """Add what the car draws to *consumption*; what it has drawn from the epoch to the start of the day, in mWh."""
    watts = np.zeros(STEPS, np.int32)
    add_car(seed, meter, around.utc_day, around.local_quarter, watts)
    watt_steps = 0
    for step in range(STEPS):
        watt_steps += watts[step]
    parts = np.empty(consumption.shape[0], np.int64)
    allocate_day(watt_steps // PORTION_WATT_STEPS * PORTION_MWH, watts, STEP_S, around.interval_s, parts)
    for i in range(parts.shape[0]):
        consumption[i] += parts[i]
    first_day = sky.epoch_day - 2
    before = charged_mwh(seed, meter, first_day, around.local_quarter[FIRST])
    return before - charged_mwh(seed, meter, first_day, sky.epoch_quarter)


@kernel
def _split_export(
    seed: int,
    meter: int,
    around: Surroundings,
    sky: Sky,
    panels_w: NDArray[np.int32],
    watts: NDArray[np.int32],
    lost_mwh: int,
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
    exported_w = panel_capacity_w(seed, meter) * EXPORT_SHARE
    today = around.utc_day - sky.epoch_day
    register_mwh = -lost_mwh
    for day in range(today):
        register_mwh += int(exported_w * sky.yields_wh[day] * 1000.0)
    start_mwh = register_mwh
    export = own[quantities.EXPORT_MWH]
    day_mwh = int(exported_w * sky.yields_wh[today] * 1000.0)
    # on a day with hardly any surplus the export is spread over the light: panels give no more than they have
    enough = surplus * STEP_S >= 0.5 * day_mwh * _JOULE_PER_MWH
    allocate_day(day_mwh, surplus_w if enough else panels_w, STEP_S, around.interval_s, export)
    register = own[quantities.EXPORT_REGISTER_WH]
    for t in range(export.shape[0]):
        register_mwh += export[t]
        register[t] = np.uint64(register_mwh) // _THOUSAND
    return start_mwh


@kernel
def fill_meter_days(
    seed: int,
    meters: Meters,
    models: ClassModels,
    around: Surroundings,
    sky: Sky,
    electrical: bool,
    ledger: Ledger,
    columns: NDArray[np.int64],
) -> None:
    """Fill *columns* (meters, quantities, readings) with one day of *meters*.

    *columns* begin as zeros; the sequence number stays as it is. Without *electrical*, so do voltage, current and
    power factor.
    """
    watts, panels_w = np.empty(STEPS, np.int32), np.empty(STEPS, np.int32)
    interval_s = around.interval_s
    readings_an_hour = 3600 // interval_s
    for i in range(meters.base_mwh.shape[0]):
        meter = meters.first + i
        kind = meters.meter_class[i]
        own = columns[i]
        base_mwh = meters.base_mwh[i]
        register_mwh, day_mwh = register_and_day(
            seed, meter, base_mwh, models.spread[kind], models.day_noise[kind], meters.profile[i], around.month,
            around.utc_day,
        )  # fmt: skip
        mean_w = day_mwh * _JOULE_PER_MWH / _DAY_S
        use_w = mean_w
        if meters.solar[i]:
            solar_power(
                seed, meter, around.transformer, sky.city, around.utc_day, sky.latitude, sky.longitude, panels_w
            )
            use_w += (1.0 - EXPORT_SHARE) * panels_w.sum() / STEPS  # what it uses of its own, beside the import
        profile = around.profiles[meters.profile[i]]
        if kind == _RESIDENTIAL:
            residential_power(seed, meter, around.utc_day, mean_w, profile, around.local_quarter, around.weekend, watts)
        elif kind == _COMMERCIAL:
            commercial_power(seed, meter, around.utc_day, mean_w, profile, around.local_quarter, around.weekend, watts)
        else:
            industrial_power(seed, meter, around.utc_day, mean_w, profile, around.local_quarter, around.weekend, watts)
        if meters.solar[i]:
            ledger.export_register_mwh[i] = _split_export(
                seed, meter, around, sky, panels_w, watts, ledger.lost_export_mwh[i], own
            )
        else:
            ledger.export_register_mwh[i] = -ledger.lost_export_mwh[i]
            constant_wh = ledger.export_register_mwh[i] // 1000
            if (
                own[quantities.EXPORT_REGISTER_WH, -1] != constant_wh
                or own[quantities.EXPORT_REGISTER_WH, 0] != constant_wh
            ):
                own[quantities.EXPORT_MWH] = 0  # the columns are of another meter, before
                own[quantities.EXPORT_REGISTER_WH] = constant_wh
        limit_power(watts, mean_w, models.connection_w[kind])
        consumption = own[quantities.CONSUMPTION_MWH]
        allocate_day(day_mwh, watts, STEP_S, interval_s, consumption)
        if meters.car[i]:
            register_mwh += _add_car_energy(seed, meter, around, sky, consumption)
        register_mwh -= ledger.lost_mwh[i]
        ledger.register_mwh[i] = register_mwh
        register = own[quantities.REGISTER_WH]
        for t in range(consumption.shape[0]):
            register_mwh += consumption[t]
            own[quantities.POWER_W, t] = np.uint64(consumption[t] * readings_an_hour + 500) // _THOUSAND
            register[t] = np.uint64(register_mwh) // _THOUSAND
        own[quantities.FREQUENCY_MHZ] = around.frequency_mhz
        own[quantities.STATUS] = 0
        if electrical:
            feeder_share = min(1.0, models.home_mwh / max(base_mwh, 1))
            electrical_columns(
                seed, meter, around.utc_day, around.nominal_v, interval_s, feeder_share, around.supply_v, own
            )

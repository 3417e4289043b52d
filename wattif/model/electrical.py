"""Voltage, current, power factor and mains frequency: what the grid adds to a meter's power.

The formulas are of the load model in docs/model.md, section "Electrical": a supply voltage that the meters of a
transformer share, a drop over each meter's own feeder, reactive power from a base and a share of the load,
and one frequency for the whole grid.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.model import quantities
from wattif.numeric.ieee import cos_turns
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, reading_noise, stream_key, tenth, uniform, value_noise

_FEEDER = int(Stream.FEEDER)
_GRID_MINUTE = int(Stream.GRID_MINUTE)
_GRID_NOISE = int(Stream.GRID_NOISE)
_GRID_QUARTER = int(Stream.GRID_QUARTER)
_TRANSFORMER = int(Stream.TRANSFORMER)
_TRANSFORMER_DAY = int(Stream.TRANSFORMER_DAY)
_TRANSFORMER_HOURS = int(Stream.TRANSFORMER_HOURS)
_TRANSFORMER_MINUTE = int(Stream.TRANSFORMER_MINUTE)
_VOLTAGE_NOISE = int(Stream.VOLTAGE_NOISE)

_VOLTAGE_MAX_DV = 9_999.0
_CURRENT_MAX_CA = 9_999_999.0
_FREQUENCY_SD_MHZ = 17.8  # of the sum below: value noise has 2/3 of its lattice's variance, 13² and 17², white 6²/3


@kernel
def _daily_wave_v(local_quarter: int) -> float:
    """The mean daily course of the supply voltage around its level, in volts of a 230 V grid."""
    share = float(local_quarter % 96) / 96.0
    return -2.6 * cos_turns(share - 0.81) - 1.2 * cos_turns(2.0 * (share - 0.80))


@kernel
def supply_voltage(
    seed: int,
    transformer: int,
    utc_day: int,
    local_quarter: NDArray[np.int64],
    nominal_v: float,
    interval_s: int,
    supply_v: NDArray[np.float64],
) -> None:
    """Fill *supply_v* (volts, one per reading) with the voltage at *transformer* before any meter's own drop.

    *local_quarter* holds the local time, in quarters of an hour since 1970, of the day's 97 quarter-hours.
    """
    entity = stream_key(seed, _TRANSFORMER, transformer)
    day_key = stream_key(seed, _TRANSFORMER_DAY, transformer)
    hours_key = stream_key(seed, _TRANSFORMER_HOURS, transformer)
    minute_key = stream_key(seed, _TRANSFORMER_MINUTE, transformer)
    level = 237.5 + 1.2 * normal(entity)
    today = 1.4 * normal(draw(day_key, utc_day))
    tomorrow = 1.4 * normal(draw(day_key, utc_day + 1))
    slow = np.empty(97)
    for q in range(97):
        drift = today + (tomorrow - today) * (q / 96.0)
        slow[q] = (
            level + drift + 2.4 * value_noise(hours_key, (utc_day * 96 + q) / 8.0) + _daily_wave_v(local_quarter[q])
        )
    for i in range(supply_v.shape[0]):
        second = i * interval_s
        quarter = second // 900
        share = (second - quarter * 900) / 900.0
        noise = 0.75 * value_noise(minute_key, utc_day * 1440.0 + second / 60.0)
        supply_v[i] = (slow[quarter] + (slow[quarter + 1] - slow[quarter]) * share + noise) * (nominal_v / 230.0)


@kernel
def mains_frequency(
    seed: int,
    grid: int,
    utc_day: int,
    nominal_hz: float,
    spread_mhz: float,
    interval_s: int,
    frequency_mhz: NDArray[np.int64],
) -> None:
    """Fill *frequency_mhz* (one per reading) with the frequency that all meters of a city's *grid* see.

    *spread_mhz*: its standard deviation, in mHz.
    """
    quarter_key = stream_key(seed, _GRID_QUARTER, grid)
    minute_key = stream_key(seed, _GRID_MINUTE, grid)
    noise_key = stream_key(seed, _GRID_NOISE, grid)
    scale = spread_mhz / _FREQUENCY_SD_MHZ
    for i in range(frequency_mhz.shape[0]):
        second = i * interval_s
        slow = 13.0 * value_noise(quarter_key, utc_day * 96.0 + second / 900.0)
        fast = 17.0 * value_noise(minute_key, utc_day * 1440.0 + second / 60.0)
        noise = 6.0 * tenth(draw(noise_key, utc_day * 1440 + second // 60), (second % 60) // 10)
        frequency_mhz[i] = int(nominal_hz * 1000.0 + scale * (slow + fast + noise) + 0.5)


@kernel
def _reactive(feeder: np.uint64) -> tuple[float, float]:
    """A meter's reactive power: what is always there, in var, and what a watt of load adds."""
    base_cos = 0.90 + 0.08 * uniform(draw(feeder, 1))
    base_var = 120.0 * np.sqrt(1.0 - base_cos * base_cos) / base_cos
    return base_var, 0.03 + 0.05 * uniform(draw(feeder, 2))


@kernel
def electrical_columns(
    seed: int,
    meter: int,
    utc_day: int,
    nominal_v: float,
    interval_s: int,
    feeder_share: float,
    supply_v: NDArray[np.float64],
    columns: NDArray[np.int64],
) -> None:
    """Fill voltage, current and power factor of *columns* (quantities, readings) from what it imports and exports.

    *feeder_share*: the feeder's resistance relative to a home's; large customers have thick cables.
    """
    feeder = stream_key(seed, _FEEDER, meter)
    ohm_v_per_w = feeder_share * (0.35 + 0.90 * uniform(draw(feeder, 0))) / 1000.0 * (230.0 / nominal_v)
    base_var, load_tan = _reactive(feeder)
    watts_per_mwh = 3.6 / interval_s
    noise = np.empty(supply_v.shape[0])
    steps_noise = reading_noise(stream_key(seed, _VOLTAGE_NOISE, meter), utc_day)
    for i in range(noise.shape[0]):
        noise[i] = steps_noise[i * interval_s // 10]
    noise_v = 0.25 * nominal_v / 230.0
    consumption = columns[quantities.CONSUMPTION_MWH]
    export = columns[quantities.EXPORT_MWH]
    voltage = columns[quantities.VOLTAGE_DV]
    current = columns[quantities.CURRENT_CA]
    power_factor = columns[quantities.POWER_FACTOR_MILLI]
    for i in range(supply_v.shape[0]):
        power_w = (consumption[i] - export[i]) * watts_per_mwh
        volt = max(supply_v[i] + noise_v * noise[i] - ohm_v_per_w * power_w, 1.0)
        reactive_var = base_var + load_tan * abs(power_w)
        apparent_va = np.sqrt(power_w * power_w + reactive_var * reactive_var)
        voltage[i] = int(min(volt * 10.0 + 0.5, _VOLTAGE_MAX_DV))
        current[i] = int(min(100.0 * apparent_va / volt + 0.5, _CURRENT_MAX_CA))
        power_factor[i] = int(1000.0 * abs(power_w) / apparent_va + 0.5)


@kernel
def reported_load(seed: int, meter: int, interval_s: int, first: int, end: int, columns: NDArray[np.int64]) -> None:
    """Fill current and power factor of the readings from *first* up to *end* anew.

    From *columns* (quantities, readings) as they are reported: energies and voltage. Without voltage both are 0.
    """
    base_var, load_tan = _reactive(stream_key(seed, _FEEDER, meter))
    for i in range(first, end):
        volt = columns[quantities.VOLTAGE_DV, i] / 10.0
        power_w = (columns[quantities.CONSUMPTION_MWH, i] - columns[quantities.EXPORT_MWH, i]) * 3.6 / interval_s
        reactive_var = base_var + load_tan * abs(power_w)
        apparent_va = np.sqrt(power_w * power_w + reactive_var * reactive_var)
        has_supply = volt > 0.0
        columns[quantities.CURRENT_CA, i] = (
            int(min(100.0 * apparent_va / volt + 0.5, _CURRENT_MAX_CA)) if has_supply else 0
        )
        columns[quantities.POWER_FACTOR_MILLI, i] = int(1000.0 * abs(power_w) / apparent_va + 0.5) if has_supply else 0

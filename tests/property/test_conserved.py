"""Conserved: readings sum to the day, days to the month, and the register never jumps."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.world import calendar, quantities
from wattif.world.cities import MANILA
from wattif.world.classes import RESIDENTIAL
from wattif.world.energy import month_energy, register_and_day
from wattif.world.model import MeterDays, World

EPOCH = date(2024, 1, 1)
BASE_MWH = 250_000_000
METERS = (0, 1, 19, 20, 999_983)


def _day(interval_s: int, day: date, meter: int, base_mwh: int = BASE_MWH) -> NDArray[np.int64]:
    world = World(42, EPOCH, interval_s, MANILA, RESIDENTIAL)
    columns: NDArray[np.int64] = MeterDays(world).compute(day, meter, np.array([base_mwh]))[0]
    return columns


def _from_above(day: date, meter: int) -> tuple[int, int]:
    """Register at the start of *day* and the day's energy, as allocated before any reading is made."""
    month = calendar.month_of(MANILA, RESIDENTIAL.profile, EPOCH, day.replace(day=1))
    return register_and_day(42, meter, BASE_MWH, RESIDENTIAL.energy, month, calendar.day_number(day))


@pytest.mark.parametrize("meter", METERS)
def test_the_readings_of_a_day_sum_to_the_day_and_carry_the_register_on(meter: int) -> None:
    for day in (EPOCH + timedelta(days=n) for n in (0, 1, 30, 31, 59, 60, 365, 366)):
        register_mwh, day_mwh = _from_above(day, meter)
        columns = _day(10, day, meter)
        assert columns[quantities.CONSUMPTION_MWH].min() >= 0
        assert columns[quantities.CONSUMPTION_MWH].sum() == day_mwh
        running = register_mwh + np.cumsum(columns[quantities.CONSUMPTION_MWH])
        assert np.array_equal(columns[quantities.REGISTER_WH], running // 1000)
        assert _from_above(day + timedelta(days=1), meter)[0] == register_mwh + day_mwh


@pytest.mark.parametrize("meter", METERS)
def test_the_days_of_a_month_sum_to_the_month(meter: int) -> None:
    for since_epoch, first in enumerate((date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1))):
        days = (first.replace(month=first.month + 1) - first).days
        energy = month_energy(42, meter, BASE_MWH, RESIDENTIAL.energy.spread, since_epoch, MANILA.season[since_epoch])
        assert sum(_from_above(first + timedelta(days=n), meter)[1] for n in range(days)) == energy
        next_register = _from_above(first + timedelta(days=days), meter)[0]
        assert next_register - _from_above(first, meter)[0] == energy


@pytest.mark.parametrize("interval_s", [1, 4, 15, 25, 60, 75, 144, 900, 3600])
def test_every_interval_gives_the_same_day(interval_s: int) -> None:
    """Two datasets that differ in the interval alone show the same registers whenever both have a reading."""
    day = date(2024, 2, 29)
    fine, coarse = (_day(n, day, 3)[quantities.REGISTER_WH] for n in (interval_s, 3600))
    assert np.array_equal(fine[3600 // interval_s - 1 :: 3600 // interval_s], coarse)


@pytest.mark.parametrize("base_mwh", [0, 1, 10**6, 1_700_000_000])
def test_small_and_large_meters_stay_in_the_declared_ranges(base_mwh: int) -> None:
    columns = _day(10, date(2024, 7, 1), 5, base_mwh)
    assert columns.min() >= 0
    assert columns[quantities.POWER_W].max() <= RESIDENTIAL.connection_w
    assert columns[quantities.POWER_FACTOR_MILLI].max() <= 1000
    assert 1500 < columns[quantities.VOLTAGE_DV].min() <= columns[quantities.VOLTAGE_DV].max() < 2600


def test_power_current_voltage_and_power_factor_agree() -> None:
    """P = V * I * cos(phi), within the rounding of each of them."""
    columns = _day(10, date(2024, 7, 1), 5)
    power_w = columns[quantities.POWER_W]
    product = (
        columns[quantities.VOLTAGE_DV] / 10
        * columns[quantities.CURRENT_CA] / 100
        * columns[quantities.POWER_FACTOR_MILLI] / 1000
    )  # fmt: skip
    assert np.abs(product - power_w).max() < 0.5 + 0.01 * power_w.max()
    assert np.array_equal(power_w, np.floor(columns[quantities.CONSUMPTION_MWH] * 0.36 + 0.5).astype(np.int64))


def test_neighbours_share_their_voltage_and_everybody_the_frequency() -> None:
    day = date(2024, 7, 1)
    one, neighbour, stranger = (_day(60, day, meter) for meter in (0, 1, 40))
    assert np.array_equal(one[quantities.FREQUENCY_MHZ], stranger[quantities.FREQUENCY_MHZ])

    def correlation(other: NDArray[np.int64]) -> float:
        return float(np.corrcoef(one[quantities.VOLTAGE_DV], other[quantities.VOLTAGE_DV])[0, 1])

    assert correlation(neighbour) > correlation(stranger) + 0.1
    assert 59_800 < one[quantities.FREQUENCY_MHZ].min() <= one[quantities.FREQUENCY_MHZ].max() < 60_200

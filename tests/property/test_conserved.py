"""Conserved: readings sum to the day, days to the month, and the register never jumps."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.model import quantities
from wattif.model.cities import City, load_cities
from wattif.model.classes import CLASSES, connection_w
from wattif.model.electric_car import car_energy_mwh
from wattif.model.energy import month_energy, register_and_day
from wattif.model.fleet import Fleet, Ownership, make_fleet
from wattif.model.months import month_of
from wattif.model.solar import panel_capacity_w
from wattif.model.world import MeterDays, World
from wattif.numeric import calendar

EPOCH = date(2024, 1, 1)
MANILA, LONDON, SYDNEY = (load_cities()[name] for name in ("manila", "london", "sydney"))
METERS = (0, 1, 19, 20, 67)


def _fleet(kind: int = 0, meters: int = 70, **owners: float) -> Fleet:
    mix = [float(kind == n) for n in range(3)]
    return make_fleet(42, meters, [MANILA], mix, Ownership(**owners))


def _day(interval_s: int, day: date, meter: int, fleet: Fleet, city: City = MANILA) -> NDArray[np.int64]:
    world = World(seed=42, epoch=EPOCH, interval_s=interval_s, cities=(city,))
    columns: NDArray[np.int64] = MeterDays(world, fleet).compute(day, meter, 1)[0]
    return columns


def _from_above(day: date, meter: int, fleet: Fleet) -> tuple[int, int]:
    """Register at the start of *day* and the day's energy, as allocated before any reading is made."""
    kind = CLASSES[fleet.meter_class[meter]].energy
    month = month_of(42, MANILA, EPOCH, day.replace(day=1))
    return register_and_day(
        42,
        meter,
        int(fleet.base_mwh[meter]),
        kind.spread,
        kind.day_noise,
        int(fleet.profile[meter]),
        month,
        calendar.day_number(day),
    )


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("meter", METERS)
def test_the_readings_of_a_day_sum_to_the_day_and_carry_the_register_on(meter: int, kind: int) -> None:
    fleet = _fleet(kind)
    for day in (EPOCH + timedelta(days=n) for n in (0, 1, 30, 31, 59, 60, 365, 366)):
        register_mwh, day_mwh = _from_above(day, meter, fleet)
        columns = _day(10, day, meter, fleet)
        assert columns[quantities.CONSUMPTION_MWH].min() >= 0
        assert columns[quantities.CONSUMPTION_MWH].sum() == day_mwh
        running = register_mwh + np.cumsum(columns[quantities.CONSUMPTION_MWH])
        assert np.array_equal(columns[quantities.REGISTER_WH], running // 1000)
        assert _from_above(day + timedelta(days=1), meter, fleet)[0] == register_mwh + day_mwh


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("meter", METERS)
def test_the_days_of_a_month_sum_to_the_month(meter: int, kind: int) -> None:
    fleet, spread = _fleet(kind), CLASSES[kind].energy.spread
    for since_epoch, first in enumerate((date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1))):
        days = (first.replace(month=first.month + 1) - first).days
        energy = month_energy(42, meter, int(fleet.base_mwh[meter]), spread, since_epoch, MANILA.season[since_epoch])
        assert sum(_from_above(first + timedelta(days=n), meter, fleet)[1] for n in range(days)) == energy
        next_register = _from_above(first + timedelta(days=days), meter, fleet)[0]
        assert next_register - _from_above(first, meter, fleet)[0] == energy


@pytest.mark.parametrize("interval_s", [1, 4, 15, 25, 60, 75, 144, 900, 3600])
def test_every_interval_gives_the_same_day(interval_s: int) -> None:
    """Datasets that differ in the interval alone show the same registers whenever both have a reading."""
    day, fleet = date(2024, 2, 29), _fleet(solar=1.0, car=1.0)
    fine, coarse = (_day(n, day, 3, fleet) for n in (interval_s, 3600))
    for register in (quantities.REGISTER_WH, quantities.EXPORT_REGISTER_WH):
        assert np.array_equal(fine[register][3600 // interval_s - 1 :: 3600 // interval_s], coarse[register])


def _registers_join(fleet: Fleet, city: City, days: list[date], consumption: int, register: int) -> None:
    """From day to day the register goes on where it was, by exactly what the readings say."""
    end_wh = None
    for day in days:
        own = _day(900, day, 0, fleet, city)
        start_wh = own[register, 0] - own[consumption, 0] / 1000
        if end_wh is not None:
            assert -1 <= start_wh - end_wh <= 1
        end_wh = own[register, -1]
    total_mwh = sum(int(_day(900, day, 0, fleet, city)[consumption].sum()) for day in days)
    first = _day(900, days[0], 0, fleet, city)
    assert abs(end_wh - first[register, 0] + first[consumption, 0] / 1000 - total_mwh / 1000) < 2


@pytest.mark.parametrize("city", [MANILA, LONDON, SYDNEY], ids=lambda city: city.id)
@pytest.mark.parametrize("owners", [{"solar": 1.0}, {"car": 1.0}, {"solar": 1.0, "car": 1.0}], ids=str)
def test_registers_of_homes_with_panels_and_cars_go_on_from_day_to_day(city: City, owners: dict[str, float]) -> None:
    """Across months, and across the change to summer time."""
    days = [date(2024, 3, 28) + timedelta(days=n) for n in range(8)]
    fleet = make_fleet(42, 1, [city], (1.0, 0.0, 0.0), Ownership(**owners))
    _registers_join(fleet, city, days, quantities.CONSUMPTION_MWH, quantities.REGISTER_WH)
    _registers_join(fleet, city, days, quantities.EXPORT_MWH, quantities.EXPORT_REGISTER_WH)


def test_a_car_adds_its_charges_and_nothing_else_changes() -> None:
    """The same home with and without: a charge of the local evening, whole within the UTC day in Manila."""
    day = date(2024, 5, 6)
    without, with_car = (_day(10, day, 0, _fleet(car=share)) for share in (0.0, 1.0))
    added = with_car[quantities.CONSUMPTION_MWH] - without[quantities.CONSUMPTION_MWH]
    assert added.min() == 0
    assert added.sum() == car_energy_mwh(42, 0, calendar.day_number(day))
    assert np.count_nonzero(added) == -(-int(added.sum()) // 20_000)  # 7.2 kW are 20,000 mWh in ten seconds


def test_panels_move_the_import_and_export_the_rest() -> None:
    """The import of a month is the same with panels; export is never at the same moment, nor at night."""
    day = date(2024, 5, 6)
    without, with_panels = (_day(10, day, 0, _fleet(solar=share)) for share in (0.0, 1.0))
    imported, exported = with_panels[quantities.CONSUMPTION_MWH], with_panels[quantities.EXPORT_MWH]
    assert imported.sum() == without[quantities.CONSUMPTION_MWH].sum()
    assert not without[quantities.EXPORT_MWH].any()
    assert not (imported.astype(bool) & exported.astype(bool)).any()
    assert not exported[11 * 360 : 21 * 360].any()  # 19:00 to 05:00 in Manila
    assert 2_000_000 < exported.sum() < 40_000_000


def test_panels_add_no_peaks_of_their_own() -> None:
    day = date(2024, 5, 6)
    peaks = [
        np.median([_day(10, day, meter, _fleet(solar=share))[quantities.POWER_W].max() for meter in range(40)])
        for share in (0.0, 1.0)
    ]
    assert peaks[1] < 1.6 * peaks[0]  # they use 1.8 times as much as they import


@pytest.mark.parametrize("city", [MANILA, LONDON], ids=lambda city: city.id)
def test_nobody_exports_more_than_the_panels_have(city: City) -> None:
    fleet = make_fleet(42, 20, [city], (1.0, 0.0, 0.0), Ownership(solar=1.0))
    days = MeterDays(World(seed=42, epoch=EPOCH, interval_s=900, cities=(city,)), fleet)
    for day in (date(2024, 1, 3) + timedelta(days=9 * n) for n in range(20)):
        for meter in range(20):
            exported = days.compute(day, meter, 1)[0][quantities.EXPORT_MWH]
            assert exported.max() * 4 / 1e3 <= 1.3 * panel_capacity_w(42, meter)


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("base_mwh", [0, 1, 10**6, 6 * 300 * 10**6])
def test_small_and_large_meters_stay_in_the_declared_ranges(base_mwh: int, kind: int) -> None:
    fleet = _fleet(kind, 1)
    fleet.base_mwh[0] = base_mwh
    columns = _day(10, date(2024, 7, 1), 0, fleet)
    assert columns.min() >= 0
    assert columns[quantities.POWER_W].max() <= connection_w(CLASSES[kind], MANILA)
    assert columns[quantities.POWER_FACTOR_MILLI].max() <= 1000
    assert 1500 < columns[quantities.VOLTAGE_DV].min() <= columns[quantities.VOLTAGE_DV].max() < 2600


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_power_current_voltage_and_power_factor_agree(kind: int) -> None:
    """P = V * I * cos(phi), within the rounding of each of them."""
    columns = _day(10, date(2024, 7, 1), 5, _fleet(kind))
    power_w = columns[quantities.POWER_W]
    product = (
        columns[quantities.VOLTAGE_DV]
        / 10
        * columns[quantities.CURRENT_CA]
        / 100
        * columns[quantities.POWER_FACTOR_MILLI]
        / 1000
    )
    assert np.abs(product - power_w).max() < 1.5 + 0.01 * power_w.max()
    assert np.array_equal(power_w, np.floor(columns[quantities.CONSUMPTION_MWH] * 0.36 + 0.5).astype(np.int64))


def test_neighbours_share_their_voltage_and_everybody_the_frequency() -> None:
    day, fleet = date(2024, 7, 1), _fleet()
    one, neighbour, stranger = (_day(60, day, meter, fleet) for meter in (0, 1, 40))
    assert np.array_equal(one[quantities.FREQUENCY_MHZ], stranger[quantities.FREQUENCY_MHZ])

    def correlation(other: NDArray[np.int64]) -> float:
        return float(np.corrcoef(one[quantities.VOLTAGE_DV], other[quantities.VOLTAGE_DV])[0, 1])

    assert correlation(neighbour) > correlation(stranger) + 0.1
    assert 59_700 < one[quantities.FREQUENCY_MHZ].min() <= one[quantities.FREQUENCY_MHZ].max() < 60_300

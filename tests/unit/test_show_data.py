"""What the pictures show, against figures worked out by hand or by NumPy on the readings themselves."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from wattif.model import quantities
from wattif.model.cities import MANILA, load_cities
from wattif.model.fleet import Fleet, Ownership, make_fleet
from wattif.model.world import MeterDays, World
from wattif.show import data

MONDAY = date(2024, 7, 1)  # no holiday in this week, neither in Manila nor in London
LONDON = load_cities()["london"]


def _world(*cities: str, meters: int = 60, solar: float = 0.0) -> tuple[World, Fleet]:
    known = load_cities()
    places = tuple(known[name] for name in cities or ("manila",))
    return World(seed=42, epoch=MONDAY, interval_s=600, cities=places), make_fleet(
        42, meters, places, (0.6, 0.3, 0.1), Ownership(solar=solar)
    )


def test_a_load_duration_curve_by_hand() -> None:
    shares, power = data.load_duration(np.array([3.0, 9.0, 1.0, 3.0]))
    assert power.tolist() == [9, 3, 3, 1]
    assert shares.tolist() == [0.25, 0.5, 0.75, 1.0]


def test_a_mean_day_by_hand() -> None:
    quarters = np.arange(96 * 3) + 96 * 100
    power = np.repeat([1.0, 3.0, 50.0], 96)
    power[5] = 7.0
    mean = data.mean_day(power, quarters, np.repeat([True, True, False], 96))
    assert mean[5] == 5.0
    assert set(np.delete(mean, 5)) == {2.0}


def test_a_mean_day_begins_at_local_midnight_and_has_gaps_where_nothing_is_known() -> None:
    quarters = np.arange(4) + 96 * 100 + 94  # 23:30 to 00:30
    mean = data.mean_day(np.array([1.0, 2.0, 3.0, 4.0]), quarters, np.ones(4, bool))
    assert mean[[94, 95, 0, 1]].tolist() == [1, 2, 3, 4]
    assert np.isnan(mean[2:94]).all()


@pytest.mark.parametrize(
    ("power", "factor"),
    [
        ([[4.0, 0.0], [0.0, 4.0]], 0.5),  # never at the same time
        ([[4.0, 0.0], [2.0, 1.0]], 1.0),  # always
        ([[4.0, 1.0, 0.0], [0.0, 2.0, 3.0]], 4 / 7),
        ([[0.0, 0.0]], 0.0),
    ],
)
def test_coincidence_factors_by_hand(power: list[list[float]], factor: float) -> None:
    assert data.coincidence_factor(np.array(power)) == pytest.approx(factor)


@pytest.mark.parametrize("bins", [1, 2, 3, 7, 10])
def test_an_envelope_keeps_the_extremes_and_covers_every_value(bins: int) -> None:
    values = np.array([5, 1, 9, 2, 2, 8, 0])
    starts, low, high = data.envelope(values, bins)
    assert len(starts) == min(bins, 7)
    assert (low.min(), high.max()) == (0, 9)
    edges = [*np.rint(starts * 7).astype(int), 7]
    for piece, (begin, end) in enumerate(pairwise(edges)):
        assert (low[piece], high[piece]) == (min(values[begin:end]), max(values[begin:end]))


def test_meters_are_drawn_evenly() -> None:
    numbers = np.arange(0, 3000, 3)
    drawn = data.drawn_evenly(numbers, 10)
    assert (drawn[0], drawn[-1], len(drawn)) == (0, 2997, 10)
    assert set(np.diff(drawn)) == {333}
    assert data.drawn_evenly(numbers[:5], 10).tolist() == [0, 3, 6, 9, 12]


def test_the_axis_is_in_local_time_and_knows_weekends_and_holidays() -> None:
    manila = data.TimeAxis.of(date(2024, 1, 1), 7, MANILA)
    assert manila.local_quarter[0] % 96 == 32  # 08:00
    new_year, tuesday, friday = 0, 16 * 4, 4 * 96 + 16 * 4 - 1  # local days end at 16:00 UTC
    assert (manila.free[new_year], manila.free[tuesday], manila.free[friday], manila.free[friday + 1]) == (1, 0, 0, 1)
    utc = data.TimeAxis.of(date(2024, 1, 1), 7, None)
    assert utc.free.reshape(7, 96).all(axis=1).tolist() == [False] * 5 + [True] * 2


def test_clocks_that_change_leave_an_hour_out() -> None:
    axis = data.TimeAxis.of(date(2024, 3, 31), 1, LONDON)
    assert np.flatnonzero(np.diff(axis.local_quarter) == 5).tolist() == [3]  # 01:00 becomes 02:00
    mean = data.MeanDays.of(np.ones(96), axis).free
    assert np.isnan(mean[4:8]).all()
    assert mean[0] == mean[8] == 1


def test_a_meter_shows_its_readings() -> None:
    world, fleet = _world(solar=1.0)
    home = int(np.flatnonzero(fleet.solar)[0])
    shown = data.meter_data(world, fleet, home, MONDAY, 3)
    model = MeterDays(world, fleet)
    columns = np.hstack([model.compute(MONDAY + timedelta(days=n), home, 1)[0].copy() for n in range(3)])
    assert np.array_equal(shown.power_w, columns[quantities.POWER_W])
    assert np.allclose(shown.voltage_v, columns[quantities.VOLTAGE_DV] / 10)
    assert np.array_equal(shown.register_kwh * 1000, columns[quantities.REGISTER_WH])
    assert shown.export_w.sum() / 6 == pytest.approx(columns[quantities.EXPORT_MWH].sum() / 1000, rel=0.01)
    assert shown.quarter_w.sum() / 4 == pytest.approx(columns[quantities.CONSUMPTION_MWH].sum() / 1000)
    assert (shown.solar, shown.meter_class, shown.profile, shown.city.id) == (True, "residential", "h0", "manila")
    assert int(shown.mac.replace(":", ""), 16) == int(fleet.macs[home])


def test_mean_days_are_relative_to_the_mean() -> None:
    world, fleet = _world("london")
    shown = data.meter_data(world, fleet, 3, MONDAY, 7)
    week = (5 * shown.own_day.working + 2 * shown.own_day.free) / 7
    # London is an hour ahead: of the last local day there is one hour, of the first one hour is missing
    assert np.nanmean(week[4:]) == pytest.approx(1, abs=0.15)
    assert shown.standard_day.working.mean() == pytest.approx(1, abs=0.15)


def test_a_group_shows_the_mean_the_band_and_the_coincidence_of_its_meters() -> None:
    world, fleet = _world("manila", "london")
    members = np.flatnonzero(fleet.meter_class == 1)
    shown = data.group_data(world, fleet, members, MONDAY, 2, name="commercial")
    each = [data.meter_data(world, fleet, int(number), MONDAY, 2).quarter_w for number in members]
    assert np.allclose(shown.mean_w, np.mean(each, axis=0))
    assert np.allclose(shown.low_w, np.quantile(each, 0.1, axis=0))
    assert np.allclose(shown.high_w, np.quantile(each, 0.9, axis=0))
    assert shown.coincidence == pytest.approx(np.max(np.sum(each, axis=0)) / sum(power.max() for power in each))
    assert np.allclose(shown.typical_w, each[members.tolist().index(shown.typical)])
    energies = np.sum(each, axis=1)
    assert (energies < shown.typical_w.sum()).sum() == len(members) // 2
    assert [city.id for city in shown.cities] == ["manila", "london"]
    assert shown.axis.zone == "UTC"
    assert (shown.meters, shown.drawn) == (len(members), len(members))


def test_a_group_in_one_city_is_in_its_local_time_and_near_its_profile() -> None:
    world, fleet = _world(meters=200)
    members = np.flatnonzero(fleet.meter_class == 2)
    shown = data.group_data(world, fleet, members, MONDAY, 7, name="industrial")
    assert shown.axis.zone == "Asia/Manila"
    assert np.corrcoef(shown.own_day.working, shown.standard_day.working)[0, 1] > 0.9
    assert set(shown.profiles) == {"shift1", "shift2", "shift3"}


def test_a_large_group_is_drawn_in_part() -> None:
    world, fleet = _world(meters=900)
    shown = data.group_data(world, fleet, np.arange(900), MONDAY, 1, name="fleet")
    assert (shown.meters, shown.drawn) == (900, data.MOST_METERS)

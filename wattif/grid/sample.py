"""A few meters whose months are held against their readings, one by one: the model's other way to the same figure."""

from __future__ import annotations

from itertools import islice

import numpy as np

from wattif.grid.checks import Check
from wattif.grid.data import MWH_PER_KWH, GridData, whole_months
from wattif.model import quantities
from wattif.model.reported import ReportedDays
from wattif.numeric.calendar import DAY_S, day_number, day_of

METERS = 4  # at most; half of them with something wrong in the month, where there are such


def check_readings(data: GridData) -> Check:
    """The readings of a month in the middle sum to what the data set says, to the milliwatt-hour."""
    place = (len(data.borders) - 2) // 2
    days = range(*whole_months(data.borders)[place : place + 2])
    chosen = _chosen(data, days)
    fault = ""
    for meter, made_mwh in _of_readings(data, chosen, days).items():
        told_kwh = float(data.kwh(range(meter, meter + 1))[0, place])
        if round(told_kwh * MWH_PER_KWH) != made_mwh:
            fault = f"meter {meter}: {told_kwh:.6f} kWh, readings {made_mwh / MWH_PER_KWH:.6f} kWh"
    return Check(
        name=f"months are the sums of the readings: {len(chosen)} meters in {data.months[place]:%Y-%m}", fault=fault
    )


def _chosen(data: GridData, days: range) -> list[int]:
    """Meters with an event in these *days*, and some from all over the fleet; none that tells of days far away."""
    scenario = data.scenario
    near = {meter: events for meter, events in scenario.events.items() if not any(one.far_days for one in events.all)}
    hit = (
        meter
        for meter, events in near.items()
        if any(one.days.start < days.stop and days.start < one.days.stop for one in events.all)
    )
    anywhere = np.linspace(0, scenario.meters - 1, METERS // 2).astype(int).tolist()
    plain = (meter for meter in anywhere if meter in near or meter not in scenario.events)
    return sorted({*islice(hit, METERS // 2), *plain})


def _of_readings(data: GridData, meters: list[int], told_days: range) -> dict[int, int]:
    """The sum of all rows of each of *meters* that tell of these days, in mWh: clocks may be a day off."""
    scenario = data.scenario
    days = ReportedDays(scenario.world, scenario.fleet, scenario.events, electrical=False)
    sums_mwh = dict.fromkeys(meters, 0)
    first, end = day_number(data.borders[0]), day_number(data.borders[-1])
    for number in range(max(told_days.start - 1, first), min(told_days.stop + 1, end)):
        for meter in meters:
            columns, marks = days.compute(day_of(number), meter, 1)
            energy_mwh = columns[0, quantities.CONSUMPTION_MWH]
            times_s = number * DAY_S + scenario.world.interval_s * np.arange(len(energy_mwh))
            told = np.ones(len(energy_mwh), np.bool_)
            for mark in marks:
                times_s = times_s if mark.clock_s is None else times_s + mark.clock_s
                told = told if mark.sent is None else told & mark.sent
            told &= (times_s >= told_days.start * DAY_S) & (times_s < told_days.stop * DAY_S)
            sums_mwh[meter] += int(energy_mwh[told].sum())
    return sums_mwh

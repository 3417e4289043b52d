"""An electric car charged at home: on some days, from its arrival or from the hour of its timer, until it has enough.

A charge is counted in watt-steps (a watt for ten seconds). Nine of them are 25 mWh, and every charge is a multiple of
that; so its energy is a whole number of milliwatt-hours, and the power adds up to it exactly.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key, uniform

LARGEST_CHARGER_W = 11_000
LONGEST_H = 11.5
LARGEST_MWH = LARGEST_CHARGER_W * LONGEST_H * 1000.0
PORTION_MWH = 25  # what a charge is a multiple of
PORTION_WATT_STEPS = 9
CLOCK_LOOKBACK = 56  # quarters of an hour before the day: no charge lasts longer
CLOCK = CLOCK_LOOKBACK + 96  # length of the array of a day's local time

_STEPS = 8640
_HOUR = 360.0  # steps
_CHARGERS_W, _CHARGERS_UPTO = (3600, 7200, 11_000), (0.75, 0.985)
_CHANCE, _CHANCE_SIGMA, _CHANCE_LEAST, _CHANCE_MOST = 0.52, 0.45, 0.08, 0.95  # of a charge on a day
_NEED_KWH, _NEED_SIGMA, _NEED_LEAST, _NEED_MOST = 6.5, 0.38, 1.5, 16.0  # a day
_TIMERS = 0.25  # share of the cars
_TIMER_FROM_H, _TIMER_RANGE_H, _TIMER_SIGMA_H = 23.0, 3.0, 0.1
_ARRIVAL_H, _OWN_ARRIVAL_SIGMA_H = 18.2, 1.0
_ARRIVAL_SIGMA_H, _WEEKEND_SIGMA_H = 1.6, 2.3
_EARLIEST_H, _LATEST_H, _OVER_H = 12.0, 23.9, 35.5  # the next day's charge may begin at 36

_ELECTRIC_CAR = int(Stream.ELECTRIC_CAR)


class Car(NamedTuple):
    """What a meter's car and its owner are like."""

    key: np.uint64
    chance: float  # of a charge on a day
    need_kwh: float  # a day
    charger_w: int
    timer: bool
    usual_h: float  # local time of arrival, or of the timer; hours since midnight, maybe more than 24


class Charge(NamedTuple):
    """A charge that begins on a local day; of nothing when there is none."""

    start: int  # steps since that local midnight
    portions: int  # of `PORTION_MWH`


@kernel
def car_of(seed: int, meter: int) -> Car:
    """The car of *meter*: what never changes."""
    key = stream_key(seed, _ELECTRIC_CAR, meter)
    chance = _CHANCE * exp(_CHANCE_SIGMA * normal(draw(key, -10)))
    need = _NEED_KWH * exp(_NEED_SIGMA * normal(draw(key, -11)))
    u = uniform(draw(key, -12))
    charger = 0 if u < _CHARGERS_UPTO[0] else (1 if u < _CHARGERS_UPTO[1] else 2)
    timer = uniform(draw(key, -13)) < _TIMERS
    if timer:
        usual = _TIMER_FROM_H + _TIMER_RANGE_H * uniform(draw(key, -14))
    else:
        usual = _ARRIVAL_H + _OWN_ARRIVAL_SIGMA_H * normal(draw(key, -14))
    return Car(
        key,
        min(max(chance, _CHANCE_LEAST), _CHANCE_MOST),
        min(max(need, _NEED_LEAST), _NEED_MOST),
        _CHARGERS_W[charger],
        timer,
        usual,
    )


@kernel
def charge_on(car: Car, local_day: int) -> Charge:
    """The charge that begins on *local_day* (days since 1970) or, by a timer, in the night after it."""
    if uniform(draw(car.key, 4 * local_day)) >= car.chance:
        return Charge(0, 0)
    if car.timer:
        at_h = car.usual_h + _TIMER_SIGMA_H * normal(draw(car.key, 4 * local_day + 2))
    else:
        sigma = _WEEKEND_SIGMA_H if (local_day + 3) % 7 >= 5 else _ARRIVAL_SIGMA_H
        at_h = car.usual_h + sigma * normal(draw(car.key, 4 * local_day + 2))
        at_h = min(max(at_h, _EARLIEST_H), _LATEST_H)
    kwh = car.need_kwh / car.chance * (0.35 + 1.3 * uniform(draw(car.key, 4 * local_day + 1)))
    most_kwh = car.charger_w / 1000.0 * min(LONGEST_H, _OVER_H - at_h)
    return Charge(math.floor(at_h * _HOUR), math.floor(min(kwh, most_kwh) * 1e6 / PORTION_MWH + 0.5))


@kernel
def charge_of(seed: int, meter: int, local_day: int) -> Charge:
    """The charge of the meter's car that begins on *local_day*, see `charge_on`."""
    return charge_on(car_of(seed, meter), local_day)


@kernel
def car_energy_mwh(seed: int, meter: int, local_day: int) -> int:
    """The energy in mWh of the charge that begins on *local_day* (days since 1970), all of it, also after midnight."""
    return charge_of(seed, meter, local_day).portions * PORTION_MWH


@kernel
def _step_of(clock: NDArray[np.int64], start: int) -> int:
    """The step of the UTC day at which the local time first reaches *start*, in steps since 1970.

    `_STEPS` when that is later, a day before the array when it is earlier. When a change to summer time skips that
    quarter, it is the first one after it.
    """
    target = start // 90
    if clock[0] > target:
        return -2 * _STEPS
    for i in range(clock.shape[0]):
        if clock[i] >= target:
            return (i - CLOCK_LOOKBACK) * 90 + start % 90
    return _STEPS


@kernel
def add_car(seed: int, meter: int, utc_day: int, clock: NDArray[np.int64], watts: NDArray[np.int32]) -> None:
    """Add to *watts* (8,640 steps of ten seconds) what the meter's car draws on *utc_day*.

    *clock*: the local time, in quarters of an hour since 1970, of the `CLOCK` quarters from `CLOCK_LOOKBACK` before
    the day to its end. Local days of any zone are at most one ahead of or behind that of UTC, and a charge is over
    before the next one can begin.
    """
    car = car_of(seed, meter)
    for local_day in range(utc_day - 2, utc_day + 2):
        charge = charge_on(car, local_day)
        if charge.portions == 0:
            continue
        start = _step_of(clock, local_day * _STEPS + charge.start)
        if start >= _STEPS:
            continue
        rest = charge.portions * PORTION_WATT_STEPS
        full = rest // car.charger_w
        for step in range(max(start, 0), min(start + full, _STEPS)):
            watts[step] += car.charger_w
        if 0 <= start + full < _STEPS:
            watts[start + full] += rest - full * car.charger_w


@kernel
def charged_mwh(seed: int, meter: int, first_day: int, clock: NDArray[np.int64]) -> int:
    """The energy in mWh that the car has drawn before the UTC day of *clock*, see `add_car`.

    Counted are the charges that begin on the local day *first_day* and later.
    """
    car = car_of(seed, meter)
    total = 0
    for local_day in range(first_day, clock[CLOCK_LOOKBACK] // 96 + 1):
        charge = charge_on(car, local_day)
        if charge.portions == 0:
            continue
        running = -_step_of(clock, local_day * _STEPS + charge.start)
        if running > 0:
            full = charge.portions * PORTION_WATT_STEPS
            total += min(full, running * car.charger_w) // PORTION_WATT_STEPS * PORTION_MWH
    return total

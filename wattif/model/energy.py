"""Energy from above: month -> day, in integer milliwatt-hours; the day's readings are in `wattif.numeric.jit`.

Formulas: docs/model.md, section "Energy". Everything is a function of (seed, meter, month), so that the register
at the start of any day is known without producing the days before it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.allocate import allocate
from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel
from wattif.numeric.streams import NORMAL_MAX, Stream, draw, normal, stream_key, uniform, value_noise

TREND_MONTHS = 24  # the trend is linear for so long and flat after
TREND_LOW, TREND_HIGH = -0.02, 0.05  # a month
MONTH_NOISE = 0.3  # of the class's spread
INITIAL_REGISTER_MAX_MWH = 20_000 * 1_000_000  # what a register may show when the dataset begins
DRIFT_DAYS = 4.0
# Of the day noise: white, and a slow drift. The drift is small, since the months' own noise and the days of absence
# already make the days that follow each other more alike than those of real homes (docs/realism.md).
WHITE_SHARE, DRIFT_SHARE = 0.98, 0.2
DRIFT_SCALE = 1.2  # a linear value noise has 2/3 of its lattice's variance
# A customer may be away once in each fortnight of its own, for three to seven days; what runs on is fridge and standby.
FORTNIGHT_DAYS = 14
SHORTEST_ABSENCE_DAYS, LONGEST_ABSENCE_DAYS = 3, 7
AWAY_WEIGHT = 0.25  # of a day of absence, relative to the same day at home

_MONTH_NOISE = int(Stream.MONTH_NOISE)
_ABSENCE = int(Stream.ABSENCE)
_DAY_NOISE = int(Stream.DAY_NOISE)
_DAY_DRIFT = int(Stream.DAY_DRIFT)
_TREND = int(Stream.TREND)
_INITIAL_REGISTER = int(Stream.INITIAL_REGISTER)


class Month(NamedTuple):
    """A month of the dataset, as the kernels want it."""

    since_epoch: int  # months since the dataset's first one
    epoch_month: int  # the calendar month of that first one, 0 to 11
    first_day: int  # days since 1970
    season: NDArray[np.float64]  # twelve relative differences from the yearly mean, January first
    day_weights: NDArray[np.float64]  # (profiles, days): relative energy by type of day and temperature
    absence: NDArray[np.float64]  # (profiles,): share of the fortnights in which a customer is away for some days


class ClassEnergy(NamedTuple):
    """How the energy of a class of meters scatters."""

    spread: float  # standard deviation of the logarithm of the meters' means
    day_noise: float  # standard deviation of the logarithm of a day's energy
    largest_mean: float  # of a meter, relative to the class mean: who uses more is not metered at low voltage
    day_ratio: float  # bound of a day's weight relative to the month's mean (its least, with absence), noise aside
    absence: float = 0.0  # share of the fortnights in which a customer is away for some days


@kernel
def month_energy(seed: int, meter: int, base_mwh: int, spread: float, since_epoch: int, season: float) -> int:
    """The energy of a month in mWh: base * (1 + season + trend * months) + noise, never below 0."""
    trend = TREND_LOW + (TREND_HIGH - TREND_LOW) * uniform(draw(stream_key(seed, _TREND, meter), 0))
    noise = MONTH_NOISE * spread * normal(draw(stream_key(seed, _MONTH_NOISE, meter), since_epoch))
    return int(max(base_mwh * (1.0 + season + trend * min(since_epoch, TREND_MONTHS) + noise), 0.0))


@kernel
def is_away(absence_key: np.uint64, chance: float, day: int) -> bool:
    """Whether a customer is away on *day* (since 1970); *chance*: the share of its fortnights with an absence."""
    begin = int(uniform(draw(absence_key, 0)) * FORTNIGHT_DAYS)  # customers' fortnights begin on different days
    fortnight = (day + begin) // FORTNIGHT_DAYS + 1
    if uniform(draw(absence_key, fortnight * 2)) >= chance:
        return False
    bits = draw(absence_key, fortnight * 2 + 1)
    choices = LONGEST_ABSENCE_DAYS - SHORTEST_ABSENCE_DAYS + 1
    length = SHORTEST_ABSENCE_DAYS + int((bits & np.uint64(0xFFFF)) * np.uint64(choices) >> np.uint64(16))
    since = (day + begin) % FORTNIGHT_DAYS - int(uniform(bits) * (FORTNIGHT_DAYS - length + 1))
    return 0 <= since < length


@kernel
def days_of_month(
    seed: int, meter: int, energy_mwh: int, day_noise: float, profile: int, month: Month, days_mwh: NDArray[np.int64]
) -> None:
    """Share a month's energy out into *days_mwh*, by day type, absence and the meter's own good and bad days."""
    noise_key = stream_key(seed, _DAY_NOISE, meter)
    drift_key = stream_key(seed, _DAY_DRIFT, meter)
    absence_key = stream_key(seed, _ABSENCE, meter)
    absence = month.absence[profile]
    weights = np.empty(days_mwh.shape[0])
    for i in range(days_mwh.shape[0]):
        day = month.first_day + i
        z = WHITE_SHARE * normal(draw(noise_key, day)) + DRIFT_SHARE * DRIFT_SCALE * value_noise(
            drift_key, day / DRIFT_DAYS
        )
        weights[i] = month.day_weights[profile, i] * exp(day_noise * z)
        if absence > 0.0 and is_away(absence_key, absence, day):
            weights[i] *= AWAY_WEIGHT
    allocate(energy_mwh, weights, days_mwh)


@kernel
def register_and_day(
    seed: int, meter: int, base_mwh: int, spread: float, day_noise: float, profile: int, month: Month, utc_day: int
) -> tuple[int, int]:
    """The register of *meter* at the start of *utc_day* and the energy of that day, both in mWh."""
    initial = uniform(draw(stream_key(seed, _INITIAL_REGISTER, meter), 0))
    register_mwh = int(initial * INITIAL_REGISTER_MAX_MWH)
    energy_mwh = 0
    for since_epoch in range(month.since_epoch + 1):
        register_mwh += energy_mwh
        season = month.season[(month.epoch_month + since_epoch) % 12]
        energy_mwh = month_energy(seed, meter, base_mwh, spread, since_epoch, season)
    days_mwh = np.empty(month.day_weights.shape[1], np.int64)
    days_of_month(seed, meter, energy_mwh, day_noise, profile, month, days_mwh)
    today = utc_day - month.first_day
    for i in range(today):
        register_mwh += int(days_mwh[i])
    return register_mwh, int(days_mwh[today])


def highest_month(model: ClassEnergy, season: float) -> float:
    """Upper bound of a month's energy, relative to the class mean."""
    meter = min(math.exp(model.spread * NORMAL_MAX - model.spread**2 / 2), model.largest_mean)
    return meter * (1.0 + season + TREND_HIGH * TREND_MONTHS + MONTH_NOISE * model.spread * NORMAL_MAX)


def highest_day(model: ClassEnergy) -> float:
    """Upper bound of a day's energy relative to its month's mean day: a best day among worst ones.

    Absence lowers the mean: of 28 days no more than three absences' 21 can be among it, one in each of the three
    fortnights that a February touches.
    """
    noise = model.day_noise * (WHITE_SHARE + DRIFT_SHARE * DRIFT_SCALE) * NORMAL_MAX
    away = 3 * LONGEST_ABSENCE_DAYS / 28 if model.absence > 0.0 else 0.0
    return model.day_ratio * math.exp(2.0 * noise) / (1.0 - away * (1.0 - AWAY_WEIGHT))

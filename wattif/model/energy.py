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
TREND_LOW, TREND_HIGH = -0.02, 0.03  # a month
MONTH_NOISE = 0.08  # standard deviation of a month, relative to the meter's mean
BORDER_MOST = 1.5  # of the lower of two months' levels: what their border has at most
INITIAL_REGISTER_MAX_MWH = 20_000 * 1_000_000  # what a register may show when the dataset begins
DRIFT_DAYS = 4.0
WHITE_SHARE, DRIFT_SHARE = 0.98, 0.2  # of the day noise: white, and a slow drift
DRIFT_SCALE = 1.2  # a linear value noise has 2/3 of its lattice's variance
# A customer may be away once in each fortnight of its own, for three to seven days; what runs on is fridge and standby.
FORTNIGHT_DAYS = 14
SHORTEST_ABSENCE_DAYS, LONGEST_ABSENCE_DAYS = 3, 7
AWAY_WEIGHT = 0.25  # of a day of absence, relative to the same day at home
OWN_NOISE_SIGMA, OWN_NOISE_LEAST, OWN_NOISE_MOST = 0.40, 0.32, 3.0  # of a home's day noise, relative to the class's
LARGEST_NOISE = 1.0  # of the logarithm of a day's energy
_WHOLE = 1 << 40  # energy of a mean month where only ratios matter

_MONTH_NOISE = int(Stream.MONTH_NOISE)
_ABSENCE = int(Stream.ABSENCE)
_DAY_NOISE = int(Stream.DAY_NOISE)
_DAY_DRIFT = int(Stream.DAY_DRIFT)
_OWN_DAY_NOISE = int(Stream.OWN_DAY_NOISE)
_TREND = int(Stream.TREND)
_INITIAL_REGISTER = int(Stream.INITIAL_REGISTER)


class Month(NamedTuple):
    """A month of the dataset, as the kernels want it, in the middle of five."""

    since_epoch: int  # months since the dataset's first one
    epoch_month: int  # the calendar month of that first one, 0 to 11
    first_day: int  # days since 1970
    season: NDArray[np.float64]  # twelve relative differences from the yearly mean, January first
    day_weights: NDArray[np.float64]  # (profiles, days): relative energy by type of day and temperature
    absence: NDArray[np.float64]  # (profiles,): share of the fortnights in which a customer is away for some days
    first_days: NDArray[np.int64]  # of all months from two before the dataset's first one to three after this one
    weight_sums: NDArray[np.float64]  # (profiles, 5)
    weights_before: NDArray[np.float64]  # (profiles, days): those of the month before
    weights_after: NDArray[np.float64]


class ClassEnergy(NamedTuple):
    """How the energy of a class of meters scatters."""

    spread: float  # standard deviation of the logarithm of the meters' means
    day_noise: float  # standard deviation of the logarithm of a day's energy
    largest_mean: float  # of a meter, relative to the class mean: who uses more is not metered at low voltage
    day_ratio: float  # bound of a day's weight relative to the month's mean (its least, with absence), noise aside
    absence: float = 0.0  # share of the fortnights in which a customer is away for some days


class Surrounding(NamedTuple):
    """A meter's day between its neighbors."""

    register_mwh: int  # at the start of the day
    before_mwh: int  # energy of the day before
    day_mwh: int
    after_mwh: int
    from_mwh: float  # level at the start of the day: the energy of a day of weight one, without the noise of days
    to_mwh: float  # and at its end


@kernel
def month_energy(seed: int, meter: int, base_mwh: int, spread: float, since_epoch: int, season: float) -> int:
    """The energy of a month in mWh: base * (1 + season + trend * months + noise), never below 0, without absence.

    The noise is never wider than the *spread* of the class.
    """
    trend = TREND_LOW + (TREND_HIGH - TREND_LOW) * uniform(draw(stream_key(seed, _TREND, meter), 0))
    noise = min(MONTH_NOISE, spread) * normal(draw(stream_key(seed, _MONTH_NOISE, meter), since_epoch))
    return int(max(base_mwh * (1.0 + season + trend * min(since_epoch, TREND_MONTHS) + noise), 0.0))


@kernel
def _absence(absence_key: np.uint64, chance: float, fortnight: int) -> tuple[int, int]:
    """First day of an absence within *fortnight* of a customer, and its length: 0 when there is none."""
    if uniform(draw(absence_key, fortnight * 3)) >= chance:
        return 0, 0
    bits = draw(absence_key, fortnight * 3 + 1)
    choices = LONGEST_ABSENCE_DAYS - SHORTEST_ABSENCE_DAYS + 1
    length = SHORTEST_ABSENCE_DAYS + int((bits & np.uint64(0xFFFF)) * np.uint64(choices) >> np.uint64(16))
    return int(uniform(bits) * (FORTNIGHT_DAYS - length + 1)), length


@kernel
def _fortnights_begin(absence_key: np.uint64) -> int:
    """By how many days: customers' fortnights begin on different ones."""
    return int(uniform(draw(absence_key, 0)) * FORTNIGHT_DAYS)


@kernel
def is_away(absence_key: np.uint64, chance: float, day: int) -> bool:
    """Whether a customer is away on *day* (since 1970); *chance*: the share of its fortnights with an absence."""
    place = day + _fortnights_begin(absence_key)
    first, length = _absence(absence_key, chance, place // FORTNIGHT_DAYS + 1)
    return 0 <= place % FORTNIGHT_DAYS - first < length


@kernel
def days_away(absence_key: np.uint64, chance: float, first_day: int, after: int) -> int:
    """On how many days from *first_day* to before *after* a customer is away."""
    begin = _fortnights_begin(absence_key)
    count = 0
    for fortnight in range((first_day + begin) // FORTNIGHT_DAYS, (after - 1 + begin) // FORTNIGHT_DAYS + 1):
        first, length = _absence(absence_key, chance, fortnight + 1)
        start = fortnight * FORTNIGHT_DAYS - begin + first
        count += max(min(start + length, after) - max(start, first_day), 0)
    return count


@kernel
def _at_home(seed: int, meter: int, energy_mwh: int, profile: int, month: Month, step: int) -> int:
    """What is left of the energy of the month *step* months later, when days of absence are not made up for."""
    chance = month.absence[profile]
    if chance == 0.0:
        return energy_mwh
    at = month.since_epoch + step + 2
    first_day, after = month.first_days[at], month.first_days[at + 1]
    away = days_away(stream_key(seed, _ABSENCE, meter), chance, first_day, after)
    return int(energy_mwh * (1.0 - (1.0 - AWAY_WEIGHT) * away / (after - first_day)))


@kernel
def month_at_home(seed: int, meter: int, base_mwh: int, spread: float, profile: int, month: Month, step: int) -> int:
    """The energy in mWh of the month *step* months later, days of absence taken into account."""
    since_epoch = month.since_epoch + step
    season = month.season[(month.epoch_month + since_epoch) % 12]
    energy_mwh = month_energy(seed, meter, base_mwh, spread, since_epoch, season)
    return _at_home(seed, meter, energy_mwh, profile, month, step)


@kernel
def _unit_energy(seed: int, meter: int, profile: int, month: Month, step: int) -> float:
    """The energy of a day of weight one, *step* (-2 to 2) months later, relative to the meter's mean month."""
    since_epoch = month.since_epoch + step
    season = month.season[(month.epoch_month + since_epoch) % 12]
    energy = month_energy(seed, meter, _WHOLE, 1.0, since_epoch, season)
    return float(max(energy, 1) / _WHOLE / month.weight_sums[profile, step + 2])


@kernel
def border_level(mean: float, neighbor: float) -> float:
    """The level at the border of a month to a neighboring one: the middle between their means, if they are alike.

    It is the same for both, unless one has more than three times the mean of the other; then that one's day is bounded.
    """
    level = min(0.5 * (mean + neighbor), BORDER_MOST * min(mean, neighbor))
    return max(level, (2.0 - BORDER_MOST) * mean)


@kernel
def level_at(share: float, left: float, mean: float, right: float) -> float:
    """The level at a *share* (0 to 1) of a month: straight lines from border to middle to border, of that *mean*."""
    middle = 2.0 * mean - 0.5 * (left + right)
    if share < 0.5:
        return left + (middle - left) * 2.0 * share
    return middle + (right - middle) * (2.0 * share - 1.0)


@kernel
def own_day_noise(seed: int, meter: int, day_noise: float) -> float:
    """The standard deviation of the logarithm of a meter's daily energies: some homes live by the clock."""
    own = exp(OWN_NOISE_SIGMA * normal(draw(stream_key(seed, _OWN_DAY_NOISE, meter), 0)))
    return min(max(day_noise * own, OWN_NOISE_LEAST * day_noise), OWN_NOISE_MOST * day_noise)


@kernel
def _fill_days(
    seed: int,
    meter: int,
    energy_mwh: int,
    day_noise: float,
    profile: int,
    month: Month,
    step: int,
    days_mwh: NDArray[np.int64],
) -> tuple[float, float, float]:
    """Share the energy of the month *step* months later out; its level at both borders and its mean, in mWh a day."""
    if step < 0:
        day_weights = month.weights_before[profile]
    elif step > 0:
        day_weights = month.weights_after[profile]
    else:
        day_weights = month.day_weights[profile]
    mean = _unit_energy(seed, meter, profile, month, step)
    left = border_level(mean, _unit_energy(seed, meter, profile, month, step - 1))
    right = border_level(mean, _unit_energy(seed, meter, profile, month, step + 1))
    noise_key = stream_key(seed, _DAY_NOISE, meter)
    drift_key = stream_key(seed, _DAY_DRIFT, meter)
    absence_key = stream_key(seed, _ABSENCE, meter)
    absence = month.absence[profile]
    sigma = own_day_noise(seed, meter, day_noise) if absence > 0.0 else day_noise
    first_day = month.first_days[month.since_epoch + step + 2]
    weights = np.empty(days_mwh.shape[0])
    for i in range(days_mwh.shape[0]):
        day = first_day + i
        z = WHITE_SHARE * normal(draw(noise_key, day)) + DRIFT_SHARE * DRIFT_SCALE * value_noise(
            drift_key, day / DRIFT_DAYS
        )
        level = level_at((i + 0.5) / days_mwh.shape[0], left, mean, right)
        weights[i] = day_weights[i] * level * exp(min(max(sigma * z, -LARGEST_NOISE), LARGEST_NOISE))
        if absence > 0.0 and is_away(absence_key, absence, day):
            weights[i] *= AWAY_WEIGHT
    allocate(energy_mwh, weights, days_mwh)
    return left, mean, right


@kernel
def days_of_month(
    seed: int, meter: int, energy_mwh: int, day_noise: float, profile: int, month: Month, days_mwh: NDArray[np.int64]
) -> None:
    """Share a month's energy out into *days_mwh*, by day type, absence, level and the meter's own good and bad days."""
    _fill_days(seed, meter, energy_mwh, day_noise, profile, month, 0, days_mwh)


@kernel
def _neighbor_day(
    seed: int, meter: int, base_mwh: int, spread: float, day_noise: float, profile: int, month: Month, step: int
) -> int:
    """The last day's energy of the month before (*step* -1), or the first one's of the month after (1)."""
    at = month.since_epoch + step + 2
    days_mwh = np.empty(month.first_days[at + 1] - month.first_days[at], np.int64)
    own_mwh = month_at_home(seed, meter, base_mwh, spread, profile, month, step)
    _fill_days(seed, meter, own_mwh, day_noise, profile, month, step, days_mwh)
    return int(days_mwh[-1] if step < 0 else days_mwh[0])


@kernel
def surrounding(
    seed: int, meter: int, base_mwh: int, spread: float, day_noise: float, profile: int, month: Month, utc_day: int
) -> Surrounding:
    """What *meter* has registered before *utc_day*, the energies of that day and of its neighbors, and its level."""
    initial = uniform(draw(stream_key(seed, _INITIAL_REGISTER, meter), 0))
    register_mwh = int(initial * INITIAL_REGISTER_MAX_MWH)
    energy_mwh = 0
    for since_epoch in range(month.since_epoch + 1):
        register_mwh += energy_mwh
        energy_mwh = month_at_home(seed, meter, base_mwh, spread, profile, month, since_epoch - month.since_epoch)
    days = month.day_weights.shape[1]
    days_mwh = np.empty(days, np.int64)
    left, mean, right = _fill_days(seed, meter, energy_mwh, day_noise, profile, month, 0, days_mwh)
    today = utc_day - month.first_day
    for i in range(today):
        register_mwh += int(days_mwh[i])
    if today > 0:
        before_mwh = int(days_mwh[today - 1])
    else:
        before_mwh = int(_neighbor_day(seed, meter, base_mwh, spread, day_noise, profile, month, -1))
    if today + 1 < days:
        after_mwh = int(days_mwh[today + 1])
    else:
        after_mwh = int(_neighbor_day(seed, meter, base_mwh, spread, day_noise, profile, month, 1))
    from_mwh = base_mwh * level_at(today / days, left, mean, right)
    to_mwh = base_mwh * level_at((today + 1.0) / days, left, mean, right)
    return Surrounding(register_mwh, before_mwh, int(days_mwh[today]), after_mwh, from_mwh, to_mwh)


@kernel
def register_and_day(
    seed: int, meter: int, base_mwh: int, spread: float, day_noise: float, profile: int, month: Month, utc_day: int
) -> tuple[int, int]:
    """The register of *meter* at the start of *utc_day* and the energy of that day, both in mWh."""
    around = surrounding(seed, meter, base_mwh, spread, day_noise, profile, month, utc_day)
    return around.register_mwh, around.day_mwh


def highest_month(model: ClassEnergy, season: float) -> float:
    """Upper bound of a month's energy, relative to the class mean."""
    meter = min(math.exp(model.spread * NORMAL_MAX - model.spread**2 / 2), model.largest_mean)
    return meter * (1.0 + season + TREND_HIGH * TREND_MONTHS + MONTH_NOISE * NORMAL_MAX)


def highest_day(model: ClassEnergy) -> float:
    """Upper bound of a day's energy relative to its month's mean day: a best day among worst ones.

    Its level is at most `BORDER_MOST` of the month's mean and at least the rest to two. Absence lowers the mean: of 28
    days no more than three absences' 21 can be among it, one in each of the three fortnights that a February touches;
    at worst, at the highest levels.
    """
    most_noise = model.day_noise * (WHITE_SHARE + DRIFT_SHARE * DRIFT_SCALE) * NORMAL_MAX
    if model.absence == 0.0:
        return model.day_ratio * BORDER_MOST * math.exp(2.0 * min(most_noise, LARGEST_NOISE))
    home = 1.0 - 3 * LONGEST_ABSENCE_DAYS / 28
    least = AWAY_WEIGHT + (1.0 - AWAY_WEIGHT) * home * (2.0 - BORDER_MOST)
    noise = min(most_noise * OWN_NOISE_MOST, LARGEST_NOISE)
    return model.day_ratio * BORDER_MOST * math.exp(2.0 * noise) / least

"""The power of a factory: its shifts, its weekends, its machines."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from wattif.model import local_time
from wattif.model.appliances import STEPS
from wattif.model.cities import MANILA
from wattif.model.commercial import CYCLE_LOOKBACK
from wattif.model.industrial import add_machines, industrial_power
from wattif.model.levels import steady
from wattif.model.rhythm import CONTEXT, FIRST
from wattif.model.shifts import shift_table
from wattif.numeric import calendar

MONDAY = calendar.day_number(date(2025, 1, 13))
MEAN_W = 1e6  # of the week
KINDS: tuple[str, ...] = ("shift1", "shift2", "shift3")

Floats = NDArray[np.float64]


def _plan(kind: str, day: int) -> tuple[Floats, NDArray[np.int64]]:
    local = calendar.local_quarters(MANILA.time_zone, day * 96 - FIRST, CONTEXT)
    return local_time.profile_at(MANILA, kind, local), local


def _power(kind: str, meter: int, day: int) -> NDArray[np.int32]:
    plan, local = _plan(kind, day)
    watts = np.empty(STEPS, np.int32)
    mean_w = MEAN_W * float(plan[FIRST : FIRST + 96].mean())
    industrial_power(
        7, meter, day, steady(mean_w, mean_w / MEAN_W), plan, local, local_time.weekend_at(MANILA, local), watts
    )
    return watts


def _local_week(kind: str, meters: int) -> Floats:
    """Quarters of an hour of a week from Monday's local midnight on (Manila: 32 quarters before that of UTC)."""
    days = [np.array([_power(kind, m, MONDAY + n) for m in range(meters)]) for n in range(-1, 7)]
    quarters: Floats = np.concatenate(days, axis=1).reshape(meters, -1, 90).mean(axis=2)
    return quarters[:, 64 : 64 + 7 * 96]


def _machines(meter: int, day: int, plan: float = 1.0, plan_before: float | None = None) -> NDArray[np.int32]:
    """The power of the machines under a constant *plan*, and perhaps another one before the day."""
    standard = np.full(CYCLE_LOOKBACK + 97, plan)
    standard[:CYCLE_LOOKBACK] = plan if plan_before is None else plan_before
    changes = np.zeros(STEPS + 1, np.int32)
    add_machines(7, meter, day, standard, steady(MEAN_W), changes)
    return np.cumsum(changes, dtype=np.int32)[:STEPS]


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_has_mean_one_over_a_week(kind: str) -> None:
    weekday, saturday, sunday = shift_table(kind)
    assert np.concatenate([*[weekday] * 5, saturday, sunday]).mean() == pytest.approx(1)


def test_an_unknown_plan_is_named() -> None:
    with pytest.raises(KeyError, match="shift4"):
        shift_table("shift4")


# by hand: hours at full power a day; lunch takes a fifth of half an hour
@pytest.mark.parametrize(
    ("kind", "weekday_h", "saturday_h", "sunday_h"),
    [
        ("shift1", 8.9 + 15 * 0.28, 24 * 0.25, 24 * 0.25),
        ("shift2", 16.15 + 7.75 * 0.35, 7.9 * 0.6 + 16 * 0.3, 24 * 0.28),
        ("shift3", 24.0, 24.0, 24 * 0.85),
    ],
)
def test_day_sums_are_the_ratio_of_the_days(kind: str, weekday_h: float, saturday_h: float, sunday_h: float) -> None:
    sums = shift_table(kind).sum(axis=1)
    assert sums[1] / sums[0] == pytest.approx(saturday_h / weekday_h)
    assert sums[2] / sums[0] == pytest.approx(sunday_h / weekday_h)


def test_a_plan_is_looked_up_by_type_of_day_and_quarter() -> None:
    """Tuesday 14 January 2025 at 10:00, Saturday, Sunday, and All Saints' Day, a holiday in the Philippines."""
    table = shift_table("shift2")
    days = [date(2025, 1, 14), date(2025, 1, 18), date(2025, 1, 19), date(2024, 11, 1)]
    quarters = np.array([calendar.day_number(day) * 96 + 40 for day in days])
    values = [local_time.profile_at(MANILA, "shift2", quarters[n : n + 1])[0] for n in range(4)]
    assert values == [table[0, 40], table[1, 40], table[2, 40], table[2, 40]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_meter_day_is_the_same_whatever_was_computed_before(kind: str) -> None:
    series = [_power(kind, 3, MONDAY + n) for n in range(3)]
    assert np.array_equal(_power(kind, 3, MONDAY + 1), series[1])
    assert not np.array_equal(series[0], series[1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_week_has_its_mean_and_is_never_negative(kind: str) -> None:
    week = _local_week(kind, 30)
    assert week.min() > 0
    assert week.mean() == pytest.approx(MEAN_W, rel=0.03)


@pytest.mark.parametrize(
    ("kind", "inside", "outside", "ratio"),
    [("shift1", slice(28, 48), slice(0, 20), 0.28), ("shift2", slice(28, 48), slice(4, 20), 0.35)],
)
def test_power_outside_a_shift(kind: str, inside: slice, outside: slice, ratio: float) -> None:
    wednesday = _local_week(kind, 60)[:, 192:288]
    assert wednesday[:, outside].mean() / wednesday[:, inside].mean() == pytest.approx(ratio, rel=0.06)


@pytest.mark.parametrize(("kind", "ratio"), [("shift1", 0.458), ("shift2", 0.431), ("shift3", 0.925)])
def test_weekends(kind: str, ratio: float) -> None:
    week = _local_week(kind, 40)
    assert week[:, 480:].mean() / week[:, :480].mean() == pytest.approx(ratio, rel=0.04)


# load factor: at a peak 10 to 30 % above the plan's own (2.17, 1.52 and 1.02 of the mean)
@pytest.mark.parametrize(
    ("kind", "load_factor", "variation"),
    [
        ("shift1", (0.33, 0.42), (0.6, 0.75)),
        ("shift2", (0.48, 0.60), (0.45, 0.57)),
        ("shift3", (0.70, 0.85), (0.06, 0.15)),
    ],
)
def test_load_factor_and_variation(kind: str, load_factor: tuple[float, float], variation: tuple[float, float]) -> None:
    week = _local_week(kind, 40)
    assert load_factor[0] < np.median(week.mean(axis=1) / week.max(axis=1)) < load_factor[1]
    assert variation[0] < np.median(week.std(axis=1) / week.mean(axis=1)) < variation[1]


def test_machines_carry_about_a_fifth_of_the_energy() -> None:
    in_shift = np.mean([_machines(meter, MONDAY) for meter in range(400)]) / MEAN_W
    assert in_shift == pytest.approx(0.25, abs=0.01)
    shares = []
    for kind in KINDS:
        table = np.repeat(shift_table(kind), (5, 1, 1), axis=0)
        shares.append(in_shift * table[table >= 0.75].sum() / table.sum())
    assert shares[0] > 0.13
    assert np.mean(shares) == pytest.approx(0.20, abs=0.01)


def test_machines_rest_outside_the_shifts() -> None:
    assert _machines(1, MONDAY).any()
    assert not _machines(1, MONDAY, 0.66).any()
    for kind in ("shift1", "shift2"):
        assert shift_table(kind)[2].max() < 0.66
        night = shift_table(kind)[0][:20]
        assert night.max() < 0.66


def test_an_inrush_is_twice_the_power_for_one_reading() -> None:
    """Where one machine starts and no other does anything, the power jumps by 2A and falls back by A."""
    seen = 0
    for meter in range(50):
        jumps = np.diff(_machines(meter, MONDAY))
        for step in np.flatnonzero(jumps[:-1] > 0):
            if jumps[step + 1] == -jumps[step] // 2:
                seen += 1
    starts = sum(np.count_nonzero(np.diff(_machines(meter, MONDAY)) > 0) for meter in range(50))
    assert seen > 0.9 * starts


def test_machines_cycle_in_4_to_64_minutes() -> None:
    for meter in range(100):
        starts = np.count_nonzero(np.diff(_machines(meter, MONDAY)) > 0)
        assert 4 * 8640 / 384 * 0.8 < starts < 4 * 8640 / 24


def test_machines_run_on_over_midnight() -> None:
    """What they began in a shift they finish, also when the shift ends at midnight; then they rest."""
    pairs = [(_machines(meter, MONDAY), _machines(meter, MONDAY + 1, 0.5, 1.0)) for meter in range(400)]
    assert not any(second[384:].any() for _, second in pairs)
    inside = np.mean([np.diff(first) != 0 for first, _ in pairs])
    midnight = np.mean([first[-1] != second[0] for first, second in pairs])
    assert 0.02 < inside < 0.2
    assert midnight == pytest.approx(inside, abs=0.05)


def test_a_shift_is_the_same_on_both_sides_of_utc_midnight() -> None:
    """08:00 in Manila is in the middle of a shift: the level of a Sunday must not show there."""
    jumps = [
        abs(int(_power("shift1", m, MONDAY)[0]) / int(_power("shift1", m, MONDAY - 1)[-1]) - 1) for m in range(200)
    ]
    assert np.median(jumps) < 0.03


@pytest.mark.parametrize(("steps", "sigma"), [(6, np.hypot(0.02, 0.0035)), (90, np.hypot(0.05, 0.0203))])
def test_noise_of_the_minutes_and_the_quarters(steps: int, sigma: float) -> None:
    """Second differences on the lattice, without machines (a constant plan below a shift), as for businesses."""
    local = _plan("shift3", MONDAY)[1]
    bends = []
    for meter in range(100):
        watts = np.empty(STEPS, np.int32)
        plan = np.full(CONTEXT, 0.5)
        industrial_power(
            7, meter, MONDAY, steady(MEAN_W, 0.5), plan, local, local_time.weekend_at(MANILA, local), watts
        )
        bends.append(np.diff(np.log(watts[::steps]), n=2))
    assert np.std(bends) == pytest.approx(sigma * 6**0.5, rel=0.06)

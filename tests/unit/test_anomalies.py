"""Each kind of anomaly on a day worked out by hand: four readings of six hours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from wattif.errors import UsageError
from wattif.lake.identity import VERSION
from wattif.model import anomalies
from wattif.model.anomalies import DAY_S, ROLLOVER_MWH, Event, Report, TrueDay
from wattif.model.anomaly_kinds import KINDS, read_weights

ENERGY = (1000, 3000, 5001, 7000)  # mWh; the day's mean is 16001 / 4 = 4000 and a quarter
EXPORT = (0, 40, 60, 0)
CHANCE = (0.0, 0.5, 0.25, 0.999)


def _report(
    kind: str, sizes: Mapping[str, float] | None = None, *, day: int = 10, end_day: int = 20, register_mwh: int = 0
) -> Report:
    """What *kind* makes of the day, of an event that began with day 10."""
    start_s = day * DAY_S
    true = TrueDay(
        start_s=start_s,
        interval_s=DAY_S // 4,
        energy_mwh=np.array(ENERGY),
        export_mwh=np.array(EXPORT),
        register_mwh=register_mwh,
        uniforms=lambda: np.array(CHANCE, np.float64),
    )
    event = Event(id="meter-1", meter=1, kind=kind, start_s=10 * DAY_S, end_s=end_day * DAY_S, sizes=sizes or {})
    return KINDS[kind].report(true, event)


def _energy(kind: str, sizes: Mapping[str, float] | None = None, *, day: int = 10, end_day: int = 20) -> list[int]:
    energy_mwh = _report(kind, sizes, day=day, end_day=end_day).energy_mwh
    assert energy_mwh is not None
    return list(energy_mwh)


def test_theft_scale() -> None:
    assert _energy("theft_scale", {"alpha": 0.5}) == [500, 1500, 2501, 3500]


def test_theft_window_across_midnight() -> None:
    """From 18:00 for twelve hours: the readings at 18:00 and at 0:00 are gone."""
    sizes = {"window_from_s": 18 * 3600.0, "window_s": 12 * 3600.0}
    assert _energy("theft_window", sizes) == [0, 3000, 5001, 0]


def test_theft_window_within_the_day() -> None:
    assert _energy("theft_window", {"window_from_s": 6 * 3600.0, "window_s": 6 * 3600.0}) == [1000, 0, 5001, 7000]


def test_theft_random() -> None:
    """Shares .1 + .7 u: .1, .45, .275, .7993."""
    assert _energy("theft_random") == [100, 1350, 1375, 5595]


def test_theft_mean_random() -> None:
    """The same shares of 4000, not of the readings."""
    assert _energy("theft_mean_random") == [400, 1800, 1100, 3197]


def test_theft_mean() -> None:
    assert _energy("theft_mean") == [4000] * 4


def test_theft_reverse_keeps_the_total() -> None:
    assert _energy("theft_reverse") == [7000, 5001, 3000, 1000]


def test_theft_cap_and_cut_share_the_energy_between_them() -> None:
    assert _energy("theft_cap", {"limit_mwh": 4000.0}) == [1000, 3000, 4000, 4000]
    assert _energy("theft_cut", {"limit_mwh": 4000.0}) == [0, 0, 1001, 3000]


def test_the_limit_is_six_tenths_of_the_highest_three_hours() -> None:
    energy_mwh = np.zeros(24, np.int64)
    energy_mwh[9:12] = (100, 300, 200)  # from 9 to 12: their mean is 200
    energy_mwh[20] = 500  # a higher peak, of three hours with a mean of 167
    true = TrueDay(
        start_s=0,
        interval_s=3600,
        energy_mwh=energy_mwh,
        export_mwh=np.zeros_like(energy_mwh),
        register_mwh=0,
        uniforms=lambda: np.empty(0),
    )
    measure = KINDS["theft_cap"].measure
    assert measure is not None
    assert measure(true, Event(id="meter-1", meter=1, kind="theft_cap", start_s=0, end_s=DAY_S, sizes={})) == {
        "limit_mwh": 120.0
    }


def test_theft_ramp_grows_a_day_and_stops() -> None:
    """At 0.1 a day: after two days .2, .225, .25, .275 are missing; after ten days the limit of .3."""
    sizes = {"growth_a_day": 0.1, "largest": 0.3}
    assert _energy("theft_ramp", sizes, day=12) == [800, 2325, 3751, 5075]
    assert _energy("theft_ramp", sizes, day=20, end_day=30) == [700, 2100, 3501, 4900]


def test_ghost_load_declines_from_three_tenths_to_one() -> None:
    """On the first of two days: .3, .275, .25, .225; on the second: .2, .175, .15, .125."""
    assert _energy("ghost_load", end_day=12) == [300, 825, 1250, 1575]
    assert _energy("ghost_load", day=11, end_day=12) == [200, 525, 750, 875]


def test_stuck_repeats_the_first_value() -> None:
    assert _energy("stuck", {"value_mwh": 3000.0}) == [3000] * 4
    measure = KINDS["stuck"].measure
    assert measure is not None
    true = TrueDay(
        start_s=10 * DAY_S,
        interval_s=DAY_S // 4,
        energy_mwh=np.array(ENERGY),
        export_mwh=np.array(EXPORT),
        register_mwh=0,
        uniforms=lambda: np.empty(0),
    )
    event = Event(id="meter-1", meter=1, kind="stuck", start_s=10 * DAY_S + DAY_S // 2, end_s=20 * DAY_S, sizes={})
    assert measure(true, event) == {"value_mwh": 5001.0}


def test_dead_has_no_power_but_voltage() -> None:
    assert _energy("dead") == [0] * 4
    assert _report("dead").voltage is None


def test_drift_down_and_up() -> None:
    """0.1 % a day, ten days after the start: 1 % and a little more towards the evening."""
    assert _energy("drift", {"a_day": -0.001}, day=20, end_day=30) == [990, 2969, 4948, 6925]
    assert _energy("drift", {"a_day": 0.001}, day=20, end_day=30) == [1010, 3031, 5054, 7075]


def test_spike() -> None:
    assert _energy("spike", {"factor": 6.5}) == [6500, 19500, 32507, 45500]


def test_clock_skew_constant_and_growing() -> None:
    """Never a multiple of the interval of six hours: no two rows may claim the same time."""
    assert _clock({"ahead_s": -600.0, "ahead_s_a_day": 0.0}) == [-600] * 4
    assert _clock({"ahead_s": 0.0, "ahead_s_a_day": 4.0}, day=12) == [8, 9, 10, 11]
    assert _clock({"ahead_s": 0.0, "ahead_s_a_day": -4.0}, day=12) == [-8, -9, -10, -11]
    assert _clock({"ahead_s": 6 * 3600.0, "ahead_s_a_day": 0.0}) == [6 * 3600 + 1] * 4


def _clock(sizes: Mapping[str, float], day: int = 10) -> list[int]:
    clock_s = _report("clock_skew", sizes, day=day).clock_s
    assert clock_s is not None
    return list(clock_s)


def test_missing_all_or_some() -> None:
    for share, day, sent in (
        (1.0, 10, [False] * 4),
        (0.3, 10, [False, True, False, True]),
        (0.0, 10, [False, True, True, True]),
        (0.0, 11, [True, True, True, True]),
    ):
        report = _report("missing", {"share": share}, day=day)
        assert report.sent is not None
        assert report.sent.tolist() == sent
        assert report.energy_mwh is None


def test_rollover_shows_five_digits() -> None:
    """It restarts when the true register passes 1,000,000 mWh + 4,000: after the second reading of the day."""
    register_mwh = _report("rollover", {"restart_mwh": 1_004_000.0}, register_mwh=1_000_000).register_mwh
    assert register_mwh is not None
    assert register_mwh.tolist() == [ROLLOVER_MWH - 3000, 0, 5001, 12001]


def test_reversed_ct_swaps_import_and_export() -> None:
    report = _report("reversed_ct")
    assert report.energy_mwh is not None
    assert report.export_mwh is not None
    assert (report.energy_mwh.tolist(), report.export_mwh.tolist()) == (list(EXPORT), list(ENERGY))
    assert report.backwards


@pytest.mark.parametrize("kind", ["sag", "swell"])
def test_sag_and_swell_change_the_voltage_alone(kind: str) -> None:
    report = _report(kind, {"factor": 0.75})
    assert report.voltage is not None
    assert report.status is not None
    assert (report.voltage.tolist(), report.status.tolist()) == ([0.75] * 4, [anomalies.VOLTAGE_FLAG] * 4)
    assert report.energy_mwh is None


@pytest.mark.parametrize("sends", [0.0, 1.0])
def test_outage_and_the_rush_after_it(sends: float) -> None:
    """Dark until noon of a day's event: then 1 + rush, fading to half of it at 18:00."""
    report = _report("outage", {"sends": sends, "rush": 0.5, "restored_s": 10.5 * DAY_S}, end_day=11)
    assert report.energy_mwh is not None
    assert report.export_mwh is not None
    assert report.voltage is not None
    assert report.sent is not None
    assert report.status is not None
    assert report.energy_mwh.tolist() == [0, 0, 7502, 8750]
    assert report.export_mwh.tolist() == [0, 0, 60, 0]
    assert report.voltage.tolist() == [0.0, 0.0, 1.0, 1.0]
    assert report.status.tolist() == [anomalies.NO_SUPPLY_FLAG] * 2 + [0, 0]
    assert report.sent.tolist() == [sends == 1.0] * 2 + [True, True]


def test_every_kind_of_the_registry_is_tested_here() -> None:
    """A new kind is one function, one entry and one test."""
    text = Path(__file__).read_text(encoding="utf-8")
    untested = [kind for kind in KINDS if f'"{kind}"' not in text and kind != "missing_at_random"]
    assert not untested


def test_all_means_the_same_in_every_dataset_of_a_version_of_the_bytes() -> None:
    """`all` is part of a dataset's identity by that word: a kind that comes later is `by_name_only`."""
    assert (VERSION, len(read_weights("all"))) == (3, 22)


def test_weights() -> None:
    assert read_weights("all") == {name: 1.0 for name, kind in KINDS.items() if not kind.by_name_only}
    assert read_weights("none") == {}
    assert read_weights("theft_scale=2, spike=1,outage=0.5,dead=0") == {"theft_scale": 2, "spike": 1, "outage": 0.5}
    assert read_weights("spike") == {"spike": 1}
    assert list(read_weights("spike,theft_scale")) == list(read_weights("theft_scale,spike")), "order is no meaning"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("theft", r"unknown kind; did you mean theft_cut\? Choose from all, none, theft_scale,"),
        ("", "unknown kind"),
        ("spike=-1", "a weight is a number of at least 0"),
        ("spike=many", "for example spike=2"),
        ("spike=inf", "a weight is a number"),
        ("spike=0,dead=0", "all weights are 0"),
        ("spike=1,spike=2", "names spike twice"),
        ("all,spike=5", "all cannot be combined"),
    ],
)
def test_wrong_weights_are_named(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_weights(text)

"""Each kind of anomaly that changes energies, on a day worked out by hand: four readings of six hours."""

from __future__ import annotations

import numpy as np

from tests.anomalous_days import ENERGY, EXPORT, energy_of, measured, report_of
from wattif.model.anomalies import Event, TrueDay
from wattif.model.anomaly_kinds import KINDS
from wattif.numeric.calendar import DAY_S


def test_theft_scale() -> None:
    assert energy_of("theft_scale", {"alpha": 0.5, "cover_open_s": 0.0}) == [500, 1500, 2501, 3500]


def test_theft_window_across_midnight() -> None:
    """From 18:00 for twelve hours: the readings at 18:00 and at 0:00 are gone."""
    sizes = {"window_from_s": 18 * 3600.0, "window_s": 12 * 3600.0, "cover_open_s": 0.0}
    assert energy_of("theft_window", sizes) == [0, 3000, 5001, 0]


def test_theft_window_within_the_day() -> None:
    sizes = {"window_from_s": 6 * 3600.0, "window_s": 6 * 3600.0, "cover_open_s": 0.0}
    assert energy_of("theft_window", sizes) == [1000, 0, 5001, 7000]


def test_theft_random() -> None:
    """Shares .1 + .7 u: .1, .45, .275, .7993."""
    assert energy_of("theft_random") == [100, 1350, 1375, 5595]


def test_theft_mean_random() -> None:
    """The same shares of 4000, not of the readings."""
    assert energy_of("theft_mean_random") == [400, 1800, 1100, 3197]


def test_theft_mean() -> None:
    assert energy_of("theft_mean") == [4000] * 4


def test_theft_reverse_keeps_the_total() -> None:
    assert energy_of("theft_reverse") == [7000, 5001, 3000, 1000]


def test_theft_cap_and_cut_share_the_energy_between_them() -> None:
    assert energy_of("theft_cap", {"limit_mwh": 4000.0, "cover_open_s": 0.0}) == [1000, 3000, 4000, 4000]
    assert energy_of("theft_cut", {"limit_mwh": 4000.0}) == [0, 0, 1001, 3000]


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
    event = Event(id="meter-1", meter=1, kind="theft_cap", start_s=0, end_s=DAY_S, sizes={})
    assert measure(lambda moment_s: true, event) == {"limit_mwh": 120.0}


def test_theft_ramp_grows_a_day_and_stops() -> None:
    """At 0.1 a day: after two days .2, .225, .25, .275 are missing; after ten days the limit of .3."""
    sizes = {"growth_a_day": 0.1, "largest": 0.3}
    assert energy_of("theft_ramp", sizes, day=12) == [800, 2325, 3751, 5075]
    assert energy_of("theft_ramp", sizes, day=20, end_day=30) == [700, 2100, 3501, 4900]


def test_ghost_load_declines_from_three_tenths_to_one() -> None:
    """On the first of two days: .3, .275, .25, .225; on the second: .2, .175, .15, .125."""
    sizes = {"cover_open_s": 0.0}
    assert energy_of("ghost_load", sizes, end_day=12) == [300, 825, 1250, 1575]
    assert energy_of("ghost_load", sizes, day=11, end_day=12) == [200, 525, 750, 875]


def test_stuck_repeats_the_first_value() -> None:
    assert energy_of("stuck", {"value_mwh": 3000.0}) == [3000] * 4
    event = Event(id="meter-1", meter=1, kind="stuck", start_s=10 * DAY_S + DAY_S // 2, end_s=20 * DAY_S, sizes={})
    assert measured("stuck", event) == {"value_mwh": 5001.0}


def test_dead_has_no_power_but_voltage() -> None:
    assert energy_of("dead") == [0] * 4
    assert report_of("dead").voltage is None


def test_drift_down_and_up() -> None:
    """0.1 % a day, ten days after the start: 1 % and a little more towards the evening."""
    assert energy_of("drift", {"a_day": -0.001}, day=20, end_day=30) == [990, 2969, 4948, 6925]
    assert energy_of("drift", {"a_day": 0.001}, day=20, end_day=30) == [1010, 3031, 5054, 7075]


def test_spike() -> None:
    assert energy_of("spike", {"factor": 6.5}) == [6500, 19500, 32507, 45500]


def test_wrong_multiplier() -> None:
    assert energy_of("wrong_multiplier", {"factor": 0.1}) == [100, 300, 500, 700]
    assert energy_of("wrong_multiplier", {"factor": 10.0}) == [10_000, 30_000, 50_010, 70_000]


def test_reversed_ct_swaps_import_and_export() -> None:
    report = report_of("reversed_ct")
    assert report.energy_mwh is not None
    assert report.export_mwh is not None
    assert (report.energy_mwh.tolist(), report.export_mwh.tolist()) == (list(EXPORT), list(ENERGY))
    assert report.backwards

"""Each kind of anomaly on a day worked out by hand: four readings of six hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from wattif.errors import UsageError
from wattif.lake.identity import VERSION
from wattif.model.anomalies import ROLLOVER_MWH, Event, Report, TrueDay
from wattif.model.anomaly_kinds import KINDS, read_weights
from wattif.model.scenario import scenario_of
from wattif.numeric.calendar import DAY_S
from wattif.spec import Spec

ENERGY = (1000, 3000, 5001, 7000)  # mWh; the day's mean is 16001 / 4 = 4000 and a quarter
EXPORT = (0, 40, 60, 0)
CHANCE = (0.0, 0.5, 0.25, 0.999)


@dataclass
class _Draws:
    """All numbers are the same share of their range."""

    share: float = 0.5
    interval_s: int = 10
    turn: int = 0
    own: float = 0.0

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.share

    def sign(self) -> int:
        return 1


def _true_day(day: int, register_mwh: int = 0) -> TrueDay:
    return TrueDay(
        start_s=day * DAY_S,
        interval_s=DAY_S // 4,
        energy_mwh=np.array(ENERGY),
        export_mwh=np.array(EXPORT),
        register_mwh=register_mwh,
        uniforms=lambda: np.array(CHANCE, np.float64),
    )


def _measured(kind: str, event: Event) -> dict[str, float]:
    """The sizes of *event* that depend on true readings, where all days are the same."""
    measure = KINDS[kind].measure
    assert measure is not None
    return measure(lambda moment_s: _true_day(moment_s // DAY_S), event)


def _report(
    kind: str, sizes: Mapping[str, float] | None = None, *, day: int = 10, end_day: int = 20, register_mwh: int = 0
) -> Report:
    """What *kind* makes of the day, of an event that began with day 10."""
    event = Event(id="meter-1", meter=1, kind=kind, start_s=10 * DAY_S, end_s=end_day * DAY_S, sizes=sizes or {})
    return KINDS[kind].report(_true_day(day, register_mwh), event)


def _energy(kind: str, sizes: Mapping[str, float] | None = None, *, day: int = 10, end_day: int = 20) -> list[int]:
    energy_mwh = _report(kind, sizes, day=day, end_day=end_day).energy_mwh
    assert energy_mwh is not None
    return list(energy_mwh)


def test_theft_scale() -> None:
    assert _energy("theft_scale", {"alpha": 0.5, "cover_open_s": 0.0}) == [500, 1500, 2501, 3500]


def test_theft_window_across_midnight() -> None:
    """From 18:00 for twelve hours: the readings at 18:00 and at 0:00 are gone."""
    sizes = {"window_from_s": 18 * 3600.0, "window_s": 12 * 3600.0, "cover_open_s": 0.0}
    assert _energy("theft_window", sizes) == [0, 3000, 5001, 0]


def test_theft_window_within_the_day() -> None:
    sizes = {"window_from_s": 6 * 3600.0, "window_s": 6 * 3600.0, "cover_open_s": 0.0}
    assert _energy("theft_window", sizes) == [1000, 0, 5001, 7000]


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
    assert _energy("theft_cap", {"limit_mwh": 4000.0, "cover_open_s": 0.0}) == [1000, 3000, 4000, 4000]
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
    event = Event(id="meter-1", meter=1, kind="theft_cap", start_s=0, end_s=DAY_S, sizes={})
    assert measure(lambda moment_s: true, event) == {"limit_mwh": 120.0}


def test_theft_ramp_grows_a_day_and_stops() -> None:
    """At 0.1 a day: after two days .2, .225, .25, .275 are missing; after ten days the limit of .3."""
    sizes = {"growth_a_day": 0.1, "largest": 0.3}
    assert _energy("theft_ramp", sizes, day=12) == [800, 2325, 3751, 5075]
    assert _energy("theft_ramp", sizes, day=20, end_day=30) == [700, 2100, 3501, 4900]


def test_ghost_load_declines_from_three_tenths_to_one() -> None:
    """On the first of two days: .3, .275, .25, .225; on the second: .2, .175, .15, .125."""
    sizes = {"cover_open_s": 0.0}
    assert _energy("ghost_load", sizes, end_day=12) == [300, 825, 1250, 1575]
    assert _energy("ghost_load", sizes, day=11, end_day=12) == [200, 525, 750, 875]


def test_stuck_repeats_the_first_value() -> None:
    assert _energy("stuck", {"value_mwh": 3000.0}) == [3000] * 4
    event = Event(id="meter-1", meter=1, kind="stuck", start_s=10 * DAY_S + DAY_S // 2, end_s=20 * DAY_S, sizes={})
    assert _measured("stuck", event) == {"value_mwh": 5001.0}


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


def test_wrong_multiplier() -> None:
    assert _energy("wrong_multiplier", {"factor": 0.1}) == [100, 300, 500, 700]
    assert _energy("wrong_multiplier", {"factor": 10.0}) == [10_000, 30_000, 50_010, 70_000]


def test_phase_loss_leaves_two_thirds() -> None:
    report = _report("phase_loss")
    assert _energy("phase_loss") == [666, 2000, 3334, 4666]
    assert report.voltage is not None
    assert report.status is not None
    assert (report.voltage.tolist(), report.status.tolist()) == ([2 / 3] * 4, [1] * 4)


def test_an_exchange_is_dark_until_its_last_reading() -> None:
    """From noon until noon of the next day, when the new meter begins."""
    event = Event(
        id="meter-1",
        meter=1,
        kind="exchange",
        start_s=10 * DAY_S + DAY_S // 2,
        end_s=11 * DAY_S + DAY_S * 3 // 4,
        sizes={},
    )
    sizes = _measured("exchange", event)
    assert sizes == {"restart_s": 11.5 * DAY_S, "left_mwh": 4000.0, "left_export_mwh": 40.0}
    first, second = (KINDS["exchange"].report(_true_day(day), replace(event, sizes=sizes)) for day in (10, 11))
    assert (first.restart, second.restart) == (None, 2)
    for report, sent, energy_mwh in (
        (first, [False] * 4, [0] * 4),
        (second, [False, False, True, True], [0, 0, 5001, 7000]),
    ):
        assert report.sent is not None
        assert report.energy_mwh is not None
        assert report.status is not None
        assert (report.sent.tolist(), report.energy_mwh.tolist()) == (sent, energy_mwh)
        assert report.status.tolist() == [32 * each for each in sent]


def test_swapped_meters_name_their_partner() -> None:
    assert _report("swapped", {"partner": 4.0}) == Report(partner=4)


def test_repeats_show_every_second_reading_twice() -> None:
    report = _report("repeats", {"times": 2.0})
    assert report.shown is not None
    assert report.shown.tolist() == [0, 0, 2, 2]
    assert report.energy_mwh is None


def test_catch_up_carries_the_energy_of_a_silence_across_midnight() -> None:
    """Silent from noon to noon, 5001 + 7000 + 1000 + 3000; the reading after it carries that and its own 5001."""
    event = Event(
        id="meter-1",
        meter=1,
        kind="catch_up",
        start_s=10 * DAY_S + DAY_S // 2,
        end_s=11 * DAY_S + DAY_S * 3 // 4,
        sizes={},
    )
    sizes = _measured("catch_up", event)
    assert sizes == {"silent_from_s": float(event.start_s), "owed_mwh": 16_001.0, "owed_export_mwh": 100.0}
    event = replace(event, sizes=sizes)
    first, second = (KINDS["catch_up"].report(_true_day(day), event) for day in (10, 11))
    assert first.energy_mwh is not None
    assert first.sent is not None
    assert second.energy_mwh is not None
    assert second.sent is not None
    assert (first.energy_mwh[2:].tolist(), first.sent[2:].tolist()) == ([0, 0], [False, False])
    assert (second.energy_mwh[:3].tolist(), second.sent[:3].tolist()) == ([0, 0, 21_002], [False, False, True])
    assert second.export_mwh is not None
    assert second.export_mwh[:3].tolist() == [0, 0, 160]


def test_a_silence_is_as_long_as_one_reading_has_room_for() -> None:
    """A reading of six hours holds 2,777,777 mWh a second, and so the last two of these, but not three."""
    most_mwh = 2_777_777 * 6 * 3600
    true = replace(_true_day(10), energy_mwh=np.array([5, 1, most_mwh - 7, 7]))
    event = Event(id="meter-1", meter=1, kind="catch_up", start_s=10 * DAY_S, end_s=11 * DAY_S, sizes={})
    measure = KINDS["catch_up"].measure
    assert measure is not None
    sizes = measure(lambda moment_s: true, event)
    assert sizes == {"silent_from_s": 10.5 * DAY_S, "owed_mwh": float(most_mwh - 7), "owed_export_mwh": 60.0}
    report = KINDS["catch_up"].report(true, replace(event, sizes=sizes))
    assert report.energy_mwh is not None
    assert report.sent is not None
    assert (report.energy_mwh.tolist(), report.sent.tolist()) == ([5, 1, 0, most_mwh], [True, True, False, True])


@pytest.mark.parametrize(("noticed", "status"), [(0.0, 0), (1.0, 32)])
def test_a_register_that_reads_0_once(noticed: float, status: int) -> None:
    report = _report("register_zero", {"noticed": noticed}, register_mwh=5_000_000)
    assert report.register_mwh is not None
    assert report.status is not None
    assert (report.register_mwh.tolist(), report.status.tolist()) == ([0] * 4, [status] * 4)
    assert report.energy_mwh is None


@pytest.mark.parametrize("kind", ["theft_scale", "theft_window", "theft_cap", "ghost_load"])
@pytest.mark.parametrize(("open_s", "status"), [(0.0, [0, 0, 0, 0]), (1.0, [64, 0, 0, 0]), (21_601.0, [64, 64, 0, 0])])
def test_a_switch_notices_that_the_cover_is_open(kind: str, open_s: float, status: list[int]) -> None:
    """In the reading at the start at least; never again on a later day."""
    sizes = {"alpha": 0.5, "window_from_s": 0.0, "window_s": 1.0, "limit_mwh": 1.0, "cover_open_s": open_s}
    report = _report(kind, sizes)
    assert report.status is not None
    assert report.status.tolist() == status
    later = _report(kind, sizes, day=11).status
    assert later is not None
    assert not later.any()


def test_half_of_the_thefts_behind_a_cover_are_noticed_and_their_sizes_stay() -> None:
    assert KINDS["theft_scale"].draw(_Draws(share=0.25)) == pytest.approx({"alpha": 0.275, "cover_open_s": 540.0})
    assert KINDS["theft_scale"].draw(_Draws(share=0.75)) == pytest.approx({"alpha": 0.625, "cover_open_s": 0.0})


def test_estimates_are_a_straight_line_that_sums_to_the_truth() -> None:
    """16,001 mWh in six readings from noon to midnight and the day after: floors of 2666.8, 5333.7, …"""
    event = Event(id="meter-1", meter=1, kind="estimated", start_s=10 * DAY_S + DAY_S // 2, end_s=12 * DAY_S, sizes={})
    sizes = _measured("estimated", event)
    assert sizes == {"gap_mwh": 28_002.0, "gap_export_mwh": 160.0}
    event = replace(event, sizes={"gap_mwh": 16_001.0, "gap_export_mwh": 3.0})
    first, second = (KINDS["estimated"].report(_true_day(day), event) for day in (10, 11))
    assert first.energy_mwh is not None
    assert second.energy_mwh is not None
    assert [*first.energy_mwh[2:], *second.energy_mwh] == [2666, 2667, 2667, 2667, 2667, 2667]
    assert first.export_mwh is not None
    assert second.export_mwh is not None
    assert [*first.export_mwh[2:], *second.export_mwh] == [0, 1, 0, 1, 0, 1]
    assert first.status is not None
    assert first.status.tolist() == [16] * 4


@pytest.mark.parametrize("reset_to_s", [0.0, 946_684_800.0])
def test_a_clock_that_begins_anew_after_a_power_cut(reset_to_s: float) -> None:
    """Dark until 6:00 of the first day; the reading of 12:00 the day after is thirty hours and a second on."""
    sizes = {"reset_to_s": reset_to_s, "booted_s": 1.0, "restored_s": 10.25 * DAY_S}
    first, second = (_report("clock_reset", sizes, day=day) for day in (10, 11))
    assert first.sent is not None
    assert first.energy_mwh is not None
    assert first.export_mwh is not None
    assert first.status is not None
    assert first.sent.tolist() == [False, True, True, True]
    assert (first.energy_mwh.tolist(), first.export_mwh.tolist()) == ([0, *ENERGY[1:]], [0, *EXPORT[1:]])
    assert first.status.tolist() == [0, 8 | 4, 8, 8]
    assert first.clock_s is not None
    assert second.clock_s is not None
    assert (10.25 * DAY_S + first.clock_s[1], 11.5 * DAY_S + second.clock_s[2]) == (
        reset_to_s + 1,
        reset_to_s + 30 * 3600 + 1,
    )


@pytest.mark.parametrize("own", [0.0, 0.999])
def test_no_two_resets_of_a_meter_share_their_timestamps(own: float) -> None:
    """At ten seconds, in 810 turns; the first of them on 1 January."""
    found: set[tuple[float, float]] = set()
    for turn in range(-400, 410):
        sizes = KINDS["clock_reset"].draw(_Draws(interval_s=10, turn=turn, own=own))
        assert 1 <= sizes["booted_s"] <= 9
        found.add((sizes["reset_to_s"], sizes["booted_s"]))
        assert turn != 0 or sizes["reset_to_s"] in (0.0, 946_684_800.0)
    assert len(found) == 810
    starts_s = {since_s % 946_684_800 for since_s, _ in found}
    assert {start_s % (8 * DAY_S) for start_s in starts_s} == {0}
    low, high = KINDS["clock_reset"].lengths[1], KINDS["clock_reset"].aftermath_s[1]
    assert low + high < 8 * DAY_S


def test_a_register_with_a_wrong_digit() -> None:
    """The hundreds of 3,899.997 kWh and of what follows: 8 + 7 is 15, so 5; and 9 + 7 is 16, so 6."""
    sizes = {"place_kwh": 100.0, "added": 7.0}
    report = _report("register_digit", sizes, register_mwh=3_899_995_000)
    assert report.register_mwh is not None
    assert report.register_mwh.tolist() == [3_599_996_000, 3_599_999_000, 3_600_004_001, 3_600_011_001]
    assert report.energy_mwh is None


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
    assert (report.voltage.tolist(), report.status.tolist()) == ([0.75] * 4, [1] * 4)
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
    assert report.status.tolist() == [2] * 2 + [4, 0]
    assert report.sent.tolist() == [sends == 1.0] * 2 + [True, True]


def test_every_kind_of_the_registry_is_tested_here() -> None:
    """A new kind is one function, one entry and one test."""
    text = Path(__file__).read_text(encoding="utf-8")
    untested = [kind for kind in KINDS if f'"{kind}"' not in text and kind != "missing_at_random"]
    assert not untested


@pytest.mark.parametrize("kind", sorted(kind for kind in KINDS if KINDS[kind].keeps_energy))
def test_a_kind_that_keeps_energies_is_measured_as_any_other(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was imported, from the registers of two days or from every reading: the same. Nothing else has changed."""
    spec = Spec(
        start="2024-01-05",
        end="2024-02-09",
        meters=60,
        interval=900,
        solar_share=0.5,
        ev_share=0.5,
        anomaly_rate=0.5,
        anomalies=kind,
    )
    quickly = [each for of_meter in scenario_of(spec).events.values() for each in of_meter.all]
    monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], keeps_energy=False))
    fully = [each for of_meter in scenario_of(spec).events.values() for each in of_meter.all]
    assert len(quickly) >= 20
    for quick, full in zip(quickly, fully, strict=True):
        assert (quick.event, quick.energy_mwh, quick.days) == (full.event, full.energy_mwh, full.days)
        assert quick.lost_mwh.tolist() == full.lost_mwh.tolist()
        assert quick.lost_export_mwh.tolist() == full.lost_export_mwh.tolist()
        assert not any(full.told_mwh.values())
        assert not full.far_days
    assert sum(each.energy_mwh for each in quickly) > 0


def test_all_means_the_same_in_every_dataset_of_a_version_of_the_bytes() -> None:
    """`all` is part of a dataset's identity by that word: a kind that comes later is `by_name_only`."""
    assert (VERSION, len(read_weights("all"))) == (3, 32)


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

"""Each kind of anomaly in which readings come late, never or at a wrong time, on a day worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from tests.anomalous_days import ENERGY, EXPORT, Draws, measured, report_of, true_day
from wattif.model.anomalies import Event
from wattif.model.anomaly_kinds import KINDS
from wattif.numeric.calendar import DAY_S


def test_clock_skew_constant_and_growing() -> None:
    """Never a multiple of the interval of six hours: no two rows may claim the same time."""
    assert clock({"ahead_s": -600.0, "ahead_s_a_day": 0.0}) == [-600] * 4
    assert clock({"ahead_s": 0.0, "ahead_s_a_day": 4.0}, day=12) == [8, 9, 10, 11]
    assert clock({"ahead_s": 0.0, "ahead_s_a_day": -4.0}, day=12) == [-8, -9, -10, -11]
    assert clock({"ahead_s": 6 * 3600.0, "ahead_s_a_day": 0.0}) == [6 * 3600 + 1] * 4


def clock(sizes: Mapping[str, float], day: int = 10) -> list[int]:
    clock_s = report_of("clock_skew", sizes, day=day).clock_s
    assert clock_s is not None
    return list(clock_s)


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
    sizes = measured("exchange", event)
    assert sizes == {"restart_s": 11.5 * DAY_S, "left_mwh": 4000.0, "left_export_mwh": 40.0}
    first, second = (KINDS["exchange"].report(true_day(day), replace(event, sizes=sizes)) for day in (10, 11))
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


def test_repeats_show_every_second_reading_twice() -> None:
    report = report_of("repeats", {"times": 2.0})
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
    sizes = measured("catch_up", event)
    assert sizes == {"silent_from_s": float(event.start_s), "owed_mwh": 16_001.0, "owed_export_mwh": 100.0}
    event = replace(event, sizes=sizes)
    first, second = (KINDS["catch_up"].report(true_day(day), event) for day in (10, 11))
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
    true = replace(true_day(10), energy_mwh=np.array([5, 1, most_mwh - 7, 7]))
    event = Event(id="meter-1", meter=1, kind="catch_up", start_s=10 * DAY_S, end_s=11 * DAY_S, sizes={})
    measure = KINDS["catch_up"].measure
    assert measure is not None
    sizes = measure(lambda moment_s: true, event)
    assert sizes == {"silent_from_s": 10.5 * DAY_S, "owed_mwh": float(most_mwh - 7), "owed_export_mwh": 60.0}
    report = KINDS["catch_up"].report(true, replace(event, sizes=sizes))
    assert report.energy_mwh is not None
    assert report.sent is not None
    assert (report.energy_mwh.tolist(), report.sent.tolist()) == ([5, 1, 0, most_mwh], [True, True, False, True])


def test_estimates_are_a_straight_line_that_sums_to_the_truth() -> None:
    """16,001 mWh in six readings from noon to midnight and the day after: floors of 2666.8, 5333.7, …"""
    event = Event(id="meter-1", meter=1, kind="estimated", start_s=10 * DAY_S + DAY_S // 2, end_s=12 * DAY_S, sizes={})
    sizes = measured("estimated", event)
    assert sizes == {"gap_mwh": 28_002.0, "gap_export_mwh": 160.0}
    event = replace(event, sizes={"gap_mwh": 16_001.0, "gap_export_mwh": 3.0})
    first, second = (KINDS["estimated"].report(true_day(day), event) for day in (10, 11))
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
    first, second = (report_of("clock_reset", sizes, day=day) for day in (10, 11))
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
        sizes = KINDS["clock_reset"].draw(Draws(interval_s=10, turn=turn, own=own))
        assert 1 <= sizes["booted_s"] <= 9
        found.add((sizes["reset_to_s"], sizes["booted_s"]))
        assert turn != 0 or sizes["reset_to_s"] in (0.0, 946_684_800.0)
    assert len(found) == 810
    starts_s = {since_s % 946_684_800 for since_s, _ in found}
    assert {start_s % (8 * DAY_S) for start_s in starts_s} == {0}
    low, high = KINDS["clock_reset"].lengths[1], KINDS["clock_reset"].aftermath_s[1]
    assert low + high < 8 * DAY_S


def test_missing_all_or_some() -> None:
    for share, day, sent in (
        (1.0, 10, [False] * 4),
        (0.3, 10, [False, True, False, True]),
        (0.0, 10, [False, True, True, True]),
        (0.0, 11, [True, True, True, True]),
    ):
        report = report_of("missing", {"share": share}, day=day)
        assert report.sent is not None
        assert report.sent.tolist() == sent
        assert report.energy_mwh is None


@pytest.mark.parametrize("sends", [0.0, 1.0])
def test_outage_and_the_rush_after_it(sends: float) -> None:
    """Dark until noon of a day's event: then 1 + rush, fading to half of it at 18:00."""
    report = report_of("outage", {"sends": sends, "rush": 0.5, "restored_s": 10.5 * DAY_S}, end_day=11)
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

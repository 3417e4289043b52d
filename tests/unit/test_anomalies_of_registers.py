"""Each kind of anomaly of registers, voltages, covers and neighbours, on a day worked out by hand."""

from __future__ import annotations

import pytest

from tests.anomalous_days import Draws, energy_of, report_of
from wattif.model.anomalies import ROLLOVER_MWH, Report
from wattif.model.anomaly_kinds import KINDS


def test_phase_loss_leaves_two_thirds() -> None:
    report = report_of("phase_loss")
    assert energy_of("phase_loss") == [666, 2000, 3334, 4666]
    assert report.voltage is not None
    assert report.status is not None
    assert (report.voltage.tolist(), report.status.tolist()) == ([2 / 3] * 4, [1] * 4)


def test_swapped_meters_name_their_partner() -> None:
    assert report_of("swapped", {"partner": 4.0}) == Report(partner=4)


@pytest.mark.parametrize(("noticed", "status"), [(0.0, 0), (1.0, 32)])
def test_a_register_that_reads_0_once(noticed: float, status: int) -> None:
    report = report_of("register_zero", {"noticed": noticed}, register_mwh=5_000_000)
    assert report.register_mwh is not None
    assert report.status is not None
    assert (report.register_mwh.tolist(), report.status.tolist()) == ([0] * 4, [status] * 4)
    assert report.energy_mwh is None


@pytest.mark.parametrize("kind", ["theft_scale", "theft_window", "theft_cap", "ghost_load"])
@pytest.mark.parametrize(("open_s", "status"), [(0.0, [0, 0, 0, 0]), (1.0, [64, 0, 0, 0]), (21_601.0, [64, 64, 0, 0])])
def test_a_switch_notices_that_the_cover_is_open(kind: str, open_s: float, status: list[int]) -> None:
    """In the reading at the start at least; never again on a later day."""
    sizes = {"alpha": 0.5, "window_from_s": 0.0, "window_s": 1.0, "limit_mwh": 1.0, "cover_open_s": open_s}
    report = report_of(kind, sizes)
    assert report.status is not None
    assert report.status.tolist() == status
    later = report_of(kind, sizes, day=11).status
    assert later is not None
    assert not later.any()


def test_half_of_the_thefts_behind_a_cover_are_noticed_and_their_sizes_stay() -> None:
    assert KINDS["theft_scale"].draw(Draws(share=0.25)) == pytest.approx({"alpha": 0.275, "cover_open_s": 540.0})
    assert KINDS["theft_scale"].draw(Draws(share=0.75)) == pytest.approx({"alpha": 0.625, "cover_open_s": 0.0})


def test_a_register_with_a_wrong_digit() -> None:
    """The hundreds of 3,899.997 kWh and of what follows: 8 + 7 is 15, so 5; and 9 + 7 is 16, so 6."""
    sizes = {"place_kwh": 100.0, "added": 7.0}
    report = report_of("register_digit", sizes, register_mwh=3_899_995_000)
    assert report.register_mwh is not None
    assert report.register_mwh.tolist() == [3_599_996_000, 3_599_999_000, 3_600_004_001, 3_600_011_001]
    assert report.energy_mwh is None


def test_rollover_shows_five_digits() -> None:
    """It restarts when the true register passes 1,000,000 mWh + 4,000: after the second reading of the day."""
    register_mwh = report_of("rollover", {"restart_mwh": 1_004_000.0}, register_mwh=1_000_000).register_mwh
    assert register_mwh is not None
    assert register_mwh.tolist() == [ROLLOVER_MWH - 3000, 0, 5001, 12001]


@pytest.mark.parametrize("kind", ["sag", "swell"])
def test_sag_and_swell_change_the_voltage_alone(kind: str) -> None:
    report = report_of(kind, {"factor": 0.75})
    assert report.voltage is not None
    assert report.status is not None
    assert (report.voltage.tolist(), report.status.tolist()) == ([0.75] * 4, [1] * 4)
    assert report.energy_mwh is None

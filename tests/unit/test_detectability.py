"""The detectors of scripts/detectability.py, on made-up days and on a few homes; and what docs/anomalies.md shows."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scripts.detectability import DOCUMENT, REAL, TOLERANCE, Homes, make_homes, make_trial, measure
from scripts.detectors import Floats, Trial, day_features, isolation_forest_auc, robust_z, robust_z_auc
from wattif.model.anomaly_kinds import KINDS

HOMES, DAYS = 20, 40
MARGIN = 0.05  # figures of 60 homes, in six worlds, lay up to so far from those of 600


@pytest.fixture
def days() -> Floats:
    return np.random.default_rng(7).lognormal(sigma=0.5, size=(HOMES, DAYS, 48))


def _trial(true: Floats, reported: Floats) -> Trial:
    event = np.zeros(true.shape[:2], np.bool_)
    event[:, 10:20] = True
    return Trial(true, reported, event, ~event)


def test_days_that_are_the_same_cannot_be_told_apart(days: Floats) -> None:
    trial = _trial(days, days.copy())
    assert isolation_forest_auc(trial) == pytest.approx(0.5)
    assert robust_z_auc(trial) == pytest.approx(0.5)


@pytest.mark.parametrize("factor", [0.0, 40.0])
def test_days_of_another_size_are_told_apart_without_an_error(days: Floats, factor: float) -> None:
    trial = _trial(days, days * factor)
    assert isolation_forest_auc(trial) == 1.0
    assert robust_z_auc(trial) == 1.0


def test_the_daily_energy_does_not_see_a_day_whose_total_is_kept(days: Floats) -> None:
    flat = np.repeat(days.mean(axis=2, keepdims=True), 48, axis=2)
    assert robust_z_auc(_trial(days, flat)) == pytest.approx(0.5, abs=0.01)  # but for the last digits of sums
    assert isolation_forest_auc(_trial(days, flat)) > 0.9


def test_only_the_event_days_count(days: Floats) -> None:
    """What a home reports on other days is neither learnt nor scored."""
    reported = days.copy()
    reported[:, 20:] *= 100.0
    trial = _trial(days, reported)
    assert isolation_forest_auc(trial) == pytest.approx(0.5)
    assert robust_z_auc(trial) == pytest.approx(0.5)


def test_features_of_a_day_by_hand() -> None:
    """Two kWh in the first half-hour of each three hours, nothing else."""
    day = np.zeros((1, 1, 48))
    day[..., ::6] = 2.0
    features = day_features(day)[0, 0]
    assert features[:6] == pytest.approx([1 / 3, np.sqrt(5) / 3, 0.0, 2.0, 0.0, 30 / 47])
    # deviations 5/3 and -1/3: 15 neighbours of a peak at -5/9, 32 other pairs at 1/9; squares 8 * 25/9 + 40 * 1/9
    assert features[6] == pytest.approx((-15 * 5 + 32) / (8 * 25 + 40))
    assert features[7:] == pytest.approx(np.ones(8))


def test_robust_z_by_hand() -> None:
    """Clean days 1, 2, 4, 8, 100: median 4, deviations 3, 2, 0, 4, 96, so that MAD is 3."""
    known = np.array([[1.0, 2.0, 4.0, 8.0, 100.0, 1e9]])[..., np.newaxis]
    clean = np.array([[True, True, True, True, True, False]])
    z = robust_z(np.array([[[13.0]]]), known, clean)
    assert z.item() == pytest.approx(9.0 / (1.4826 * 3.0))
    assert robust_z(np.array([[[13.0]]]), known, clean, 9.0).item() == pytest.approx(9.0 / 36.0)


@pytest.fixture(scope="module")
def homes() -> Homes:
    return make_homes(60)


def test_a_trial_compares_what_lies_wholly_in_the_event(homes: Homes) -> None:
    trial = make_trial(homes, "theft_mean")
    changed = (trial.true != trial.reported).any(axis=2)
    assert (changed == trial.event).all()
    trial = make_trial(homes, "stuck")
    changed = (trial.true != trial.reported).any(axis=2)
    assert not (changed & trial.clean).any()
    assert not (trial.event & ~changed).any()
    assert (changed & ~trial.event).any()  # days that the event touches in part: neither event nor clean
    trial = make_trial(homes, "spike")
    assert trial.event.any(axis=1).all()


@pytest.mark.parametrize("kind", ["theft_scale", "theft_window", "theft_random", "theft_mean", "theft_reverse"])
def test_anomalies_are_as_hard_to_find_as_on_real_homes(homes: Homes, kind: str) -> None:
    figure = measure(homes, kind)
    assert figure.forest == pytest.approx(REAL[kind][0], abs=TOLERANCE + MARGIN)
    assert figure.robust_z == pytest.approx(REAL[kind][1], abs=TOLERANCE + MARGIN)


def test_the_expected_auc_of_a_label_is_that_of_real_homes() -> None:
    assert {name: kind.expected_auc for name, kind in KINDS.items() if kind.expected_auc is not None} == {
        name: forest for name, (forest, _) in REAL.items()
    }


def test_every_kind_is_described_and_has_a_small_picture() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert re.findall(r"^### (\w+)$", text, re.MULTILINE) == list(KINDS)
    assert re.findall(r"^!\[(\w+)\]\(anomalies/\1\.png\)$", text, re.MULTILINE) == list(KINDS)
    pictures = sorted(DOCUMENT.with_suffix("").iterdir())
    assert [picture.name for picture in pictures] == sorted(f"{kind}.png" for kind in KINDS)
    for picture in pictures:
        assert picture.stat().st_size <= 60 * 1024, picture
        assert picture.read_bytes().startswith(b"\x89PNG")

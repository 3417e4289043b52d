"""The registry of the kinds of anomalies: all are tested, and chosen by weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from wattif.errors import UsageError
from wattif.lake.identity import VERSION
from wattif.model.anomaly_kinds import KINDS, read_weights
from wattif.model.scenario import scenario_of
from wattif.spec import Spec


def test_every_kind_of_the_registry_is_tested() -> None:
    """A new kind is one function, one entry and one test."""
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_anomalies_of_*.py"))
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

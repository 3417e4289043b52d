"""Workflows of incidents: what is wrong with a file is said by name, and what it says is done."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from wattif.errors import UsageError
from wattif.incidents.read import read_incidents
from wattif.incidents.spec import IncidentSpec
from wattif.incidents.workflow import read_workflow

SHORT = """
[start]
state = "alert"
by = "reporter"
median_s = 60
sigma = 0.5
[states]
alert = { status = "REPORTED" }
late = { status = "REPORTED" }
sent = { status = "DISPATCHED" }
there = { status = "ON_SCENE" }
done = { status = "RESOLVED", final = true }
[[transitions]]
from = "alert"
to = "sent"
by = "dispatcher"
median_s = 60
sigma = 1.0
timeout_s = 90
otherwise = "late"
[[transitions]]
from = "late"
to = "sent"
by = "chief"
median_s = 5
[[transitions]]
from = "sent"
to = "there"
by = "unit"
takes = "travel"
[[transitions]]
from = "there"
to = "done"
by = "unit"
takes = "handling"
"""


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "flow.toml"
    path.write_text(text, encoding="utf-8")
    return path


LATE = 'late = { status = "REPORTED" }'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (LATE, f"{LATE}\n{LATE.replace('late', 'lost')}", "lost cannot be reached from alert"),
        ('from = "late"\nto = "sent"', 'from = "late"\nto = "alert"', None),
        ('from = "there"\nto = "done"', 'from = "there"\nto = "there"', "state there has no way out to a final state"),
        ('otherwise = "late"', 'otherwise = "latr"', "state latr is not declared; did you mean late?"),
        ("timeout_s = 90\n", "", "`timeout_s` and `otherwise` belong together"),
        ("median_s = 5\n", "", "say how long it takes"),
        ('status = "ON_SCENE"', 'status = "ONSCENE"', "'ONSCENE': no such status; did you mean ON_SCENE?"),
        ('sent = { status = "DISPATCHED" }', 'sent = { status = "REPORTED" }', "ON_SCENE cannot follow REPORTED"),
        ('by = "chief"', 'by = "chief"\nwhen = { severities = ["HIHG"] }', "there is no HIHG; did you mean HIGH?"),
        ('by = "chief"', 'by = "chief"\nwhen = { severities = ["HIGH"] }', "late holds incidents that no transition"),
        ('by = "chief"', 'by = ""', "transitions.2.by = ''"),
        ('by = "chief"', 'by = "chief"\nwho = "me"', "transitions.2.who is not a key of a workflow"),
        ("sigma = 0.5", "sigma = -1", "start.sigma = -1: must be greater than or equal to 0"),
        ("[states]", "[states", "not TOML"),
        ("final = true", "final = false", "no way out to a final state"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, said: str | None) -> None:
    assert old in SHORT
    path = _file(tmp_path, SHORT.replace(old, new))
    if said is None:
        read_workflow(path)
        return
    with pytest.raises(UsageError) as error:
        read_workflow(path)
    assert said in str(error.value)
    assert all(line.startswith(f"`workflow` {path}: ") for line in str(error.value).splitlines())


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_workflow(tmp_path / "none.toml")


def test_a_workflow_of_ones_own_is_followed(tmp_path: Path) -> None:
    spec = IncidentSpec(
        incident_count=2_000, seed=5, window_end="2024-05-01", window_days=30, workflow=_file(tmp_path, SHORT)
    )
    events = read_incidents(spec, "incident_events").read_all().to_pylist()
    steps = Counter((row["from_state"], row["to_state"], row["actor"]) for row in events)
    assert set(steps) == {
        (None, "alert", "reporter"),
        ("alert", "sent", "dispatcher"),
        ("alert", "late", "timeout"),
        ("late", "sent", "chief"),
        ("sent", "there", "unit"),
        ("there", "done", "unit"),
    }
    # of lognormal times around 60 s with sigma 1, the share that exceeds 90 s: 1 - Phi(ln 1.5) = 0.3426
    assert steps["alert", "late", "timeout"] / 2_000 == pytest.approx(0.3426, abs=0.03)
    reached = {row["incident_number"]: row["occurred_at"] for row in events if row["to_state"] == "alert"}
    waits = [
        (row["occurred_at"] - reached[row["incident_number"]]).seconds for row in events if row["to_state"] == "late"
    ]
    assert set(waits) == {90}


def test_conditions_choose_the_transition() -> None:
    """The built-in one has critical incidents assigned sooner: a median of 30 s against 150."""
    spec = IncidentSpec(incident_count=4_000, seed=5, window_end="2024-05-01")
    rows = read_incidents(spec).read_all().to_pylist()
    waits: dict[str, list[float]] = {}
    for row in rows:
        if row["dispatch_at"]:
            waits.setdefault(row["severity_code"], []).append((row["dispatch_at"] - row["reported_at"]).total_seconds())
    medians = {code: sorted(each)[len(each) // 2] for code, each in waits.items()}
    assert medians["CRITICAL"] < 120
    assert medians["LOW"] > 180

"""Plans of arrival: when batches are due, by hand; order, clocks, percentiles, and what is no plan."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.asking import Asking
from wattif.engine.arrival_plan import ArrivalPlan, plan_of
from wattif.engine.lateness import lateness_of
from wattif.engine.plan import batches_of
from wattif.engine.schedule import Schedule, expected_span, joined, steady_clock, stored_schedule
from wattif.engine.streams import plans_of
from wattif.errors import InvalidValue, LakeError
from wattif.lake import layout
from wattif.lake.anchor import Anchor
from wattif.uploader.local import LocalStore

DAY = date(2024, 1, 1)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def _plan(folder: Path, text: str) -> ArrivalPlan:
    file = folder / "plan.toml"
    file.write_text(text, encoding="utf-8")
    return plan_of(str(file))


def _lands(plan: ArrivalPlan, index: int, batches: int = 4, day: date = DAY, seed: int = 1) -> datetime:
    return datetime.fromtimestamp(plan.lands_at(seed, day, index, batches), UTC)


def test_a_day_lands_every_quarter_of_an_hour_over_the_next_day() -> None:
    plan = plan_of("x60")
    assert plan.speed == 60
    assert [_lands(plan, index, 7).strftime("%d %H:%M") for index in range(7)] == [
        # 24 h / 7 = 3 h 25 min 43 s; 15 minutes after that, and then with the next quarter
        "02 00:15",
        "02 03:45",
        "02 07:15",
        "02 10:45",
        "02 14:00",
        "02 17:30",
        "02 21:00",
    ]
    assert plan_of("realtime") == plan.model_copy(update={"speed": 1.0})


def test_a_push_at_midnight(tmp_path: Path) -> None:
    plan = _plan(tmp_path, '[[arrive]]\ndelay = "30m"\n')
    assert {_lands(plan, index) for index in range(4)} == {datetime(2024, 1, 2, 0, 30, tzinfo=UTC)}
    nightly = _plan(tmp_path, '[[arrive]]\ndelay = "1h"\nevery = "1d"\n')
    assert {_lands(nightly, index) for index in range(4)} == {datetime(2024, 1, 3, tzinfo=UTC)}


def test_a_rush_after_an_outage(tmp_path: Path) -> None:
    plan = _plan(
        tmp_path,
        '[[arrive]]\nspread = "24h"\n[[outage]]\nfrom = 2024-01-02T06:00:00Z\nto = 2024-01-02T18:00:00Z\n',
    )
    hours = [_lands(plan, index).hour for index in range(4)]  # without it: 0, 6, 12, 18
    assert hours == [0, 18, 18, 18]


def test_shares_are_met_and_belong_to_the_same_meters_on_all_days(tmp_path: Path) -> None:
    plan = _plan(
        tmp_path,
        '[[arrive]]\nshare = 0.25\ndelay = "6h"\n[[arrive]]\n[[outage]]\nshare = 0.5\n'
        "from = 2024-01-05\nto = 2024-01-09\n",
    )
    late = [_lands(plan, index).hour == 6 for index in range(4000)]
    assert sum(late) == pytest.approx(1000, abs=5 * (4000 * 0.25 * 0.75) ** 0.5)
    assert late == [_lands(plan, index, day=DAY + timedelta(days=1)).hour == 6 for index in range(4000)]
    held = [_lands(plan, index, day=date(2024, 1, 5)) == datetime(2024, 1, 9, tzinfo=UTC) for index in range(4000)]
    assert sum(held) == pytest.approx(2000, abs=5 * 1000**0.5)
    assert sum(a and b for a, b in zip(late, held, strict=True)) == pytest.approx(500, abs=100)


def test_jitter_is_drawn_anew_each_day_and_always_the_same(tmp_path: Path) -> None:
    plan = _plan(tmp_path, '[[arrive]]\njitter = "10m"\n')
    ended = datetime(2024, 1, 2, tzinfo=UTC)
    waits = np.array([(_lands(plan, index) - ended).total_seconds() for index in range(1000)])
    assert waits.min() >= 0
    assert waits.max() < 600
    assert waits.mean() == pytest.approx(300, abs=5 * 600 / (12 * 1000) ** 0.5)
    assert _lands(plan, 0) == _lands(plan, 0)
    assert _lands(plan, 0, day=date(2024, 1, 2)) - timedelta(days=1) != _lands(plan, 0)
    assert _lands(plan, 0, seed=2) != _lands(plan, 0)


def _schedule(asked: str, settings: Asking, **changes: object) -> Schedule:
    spec = settings(**changes).spec
    plan = plan_of(asked)
    anchor = Anchor(wall=NOON, origin=plan.starts_at(spec.start), plan=plan.as_text())
    return Schedule.of(spec, plans_of(spec), plan, anchor, NOON.timestamp)


def test_due_times_are_those_of_the_plan_in_fast_motion(settings: Asking) -> None:
    changes = {"meters": 4, "meters_per_file": 1, "batch_files": 1, "start": DAY, "end": "2024-01-02"}
    schedule = _schedule("x3600", settings, **changes)
    batches = list(batches_of(plans_of(settings(**changes).spec)))
    # the run begins when the first day has ended; an hour of the data is a second
    waits = [schedule.due(batch) - NOON.timestamp() for batch in batches]
    assert waits == pytest.approx([0.25, 6.25, 12.25, 18.25, 24.25, 30.25, 36.25, 42.25], abs=1e-5)
    assert expected_span(settings(**changes).spec, plans_of(settings(**changes).spec), "x3600") == pytest.approx(
        (0.25, 42.25)
    )


def test_batches_come_in_the_order_in_which_they_are_due(settings: Asking, tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(
        'origin = 2024-01-01\n[[arrive]]\nshare = 0.5\njitter = "3d"\n[[arrive]]\nspread = "1d"\n'
        "[[outage]]\nshare = 0.3\nfrom = 2024-01-03\nto = 2024-01-06\n"
    )
    changes = {"meters": 20, "meters_per_file": 1, "batch_files": 1, "start": DAY, "end": "2024-01-09"}
    schedule = _schedule(str(tmp_path / "plan.toml"), settings, **changes)
    batches = list(batches_of(plans_of(settings(**changes).spec)))
    ordered = list(schedule.in_order(batches))
    assert [schedule.due(batch) for batch in ordered] == sorted(map(schedule.due, batches))
    assert set(ordered) == set(batches)
    assert ordered != batches


def test_a_plan_in_one_line_is_the_same_plan(tmp_path: Path) -> None:
    plan = _plan(
        tmp_path,
        'speed = 7.5\norigin = 2024-01-01T08:00:00+08:00\n[[arrive]]\nshare = 0.3\nevery = "1h30m"\n[[arrive]]\n'
        'delay = "0.5s"\n[[outage]]\nfrom = 2024-01-02\nto = 2024-01-02T01:00:00Z\n',
    )
    assert plan_of(plan.as_text()) == plan
    assert plan.origin == datetime(2024, 1, 1, tzinfo=UTC)
    assert plan.arrive[0].every == 5400


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sped = 60", "sped: unknown key; did you mean speed?"),
        ('[[arrive]]\ndelya = "1h"', "arrive.1.delya: unknown key; did you mean delay?"),
        ("[[outage]]\nfrom = 2024-01-02", "outage.1.to is missing"),
        ("speed = 0", "speed = 0: Input should be greater than 0"),
        ("[[arrive]]\n[[arrive]]\ndelay = 15", "arrive.2.delay = 15: write a duration in quotes with its unit"),
        ('[[arrive]]\nevery = "15 minutes"', "arrive.1.every = '15 minutes': is not a duration such as"),
        ('[[arrive]]\nevery = "0s"', "arrive.1.every = '0s': Input should be greater than 0"),
        ("[[arrive]]\nshare = 1.5", "arrive.1.share = 1.5: Input should be less than or equal to 1"),
        ("[[arrive]]\nshare = 0.5\n[[arrive]]\nshare = 0.4", "the shares of [[arrive]] add up to 0.9, not to 1"),
        ("[[arrive]]\n[[arrive]]", "two [[arrive]] have no share"),
        ("[[outage]]\nfrom = 2024-01-03\nto = 2024-01-02", "outage.1: `to` is not later than `from`"),
        ("[[outage]]\nfrom = 3\nto = 2024-01-02", "outage.1.from = 3: is not a time such as"),
        ("speed = ", "is not TOML"),
        ("delay = 15m", "durations need quotes"),
    ],
)
def test_what_is_wrong_in_a_plan_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        _plan(tmp_path, text)
    assert caught.value.field == "arrive"
    assert str(caught.value).startswith(f"`arrive` {tmp_path / 'plan.toml'}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "said"),
    [("x0", "a positive number"), ("x-5", "is no file"), ("realtme", "did you mean realtime?"), (".", "directory")],
)
def test_what_is_no_plan_at_all_is_named(asked: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        plan_of(asked)


def test_setting_the_clock_of_the_machine_moves_no_landing() -> None:
    wall, steady = [1000.0], [5.0]
    now = steady_clock(lambda: wall[0], lambda: steady[0])
    wall[0], steady[0] = -7000.0, 8.5
    assert now() == 1003.5


@pytest.mark.parametrize("count", [1, 2, 3, 99, 100, 101, 1000])
def test_percentiles_are_those_of_numpy(count: int) -> None:
    late_s = np.random.default_rng(count).exponential(size=count)
    found = lateness_of(list(late_s))
    assert found is not None
    p50, p99 = np.percentile(late_s, [50, 99], method="inverted_cdf")
    assert (found.landings, found.p50_s, found.p99_s, found.max_s) == (count, p50, p99, late_s.max())


def test_nothing_landed() -> None:
    assert lateness_of([]) is None


def test_a_schedule_is_begun_once_and_joined(settings: Asking, tmp_path: Path) -> None:
    spec = settings(start=DAY, end="2024-01-02").spec
    store, plans = LocalStore(tmp_path / "lake"), plans_of(spec)
    first = joined(store, spec, plans, "x60", now=NOON.timestamp)
    later = joined(store, spec, plans, "x60", now=lambda: NOON.timestamp() + 3600)
    assert later.anchor == first.anchor
    batch = next(batches_of(plans))
    assert later.due(batch) == first.due(batch)
    assert later.span([batch]) == pytest.approx((15 - 3600, 15 - 3600))
    longer = settings(start=DAY, end="2024-01-05").spec
    assert joined(store, longer, plans_of(longer), "x60", now=NOON.timestamp).due(batch) == first.due(batch)


def test_another_plan_than_the_lakes_is_refused(settings: Asking, tmp_path: Path) -> None:
    spec = settings().spec
    store, plans = LocalStore(tmp_path / "lake"), plans_of(spec)
    joined(store, spec, plans, "x60", now=NOON.timestamp)
    with pytest.raises(InvalidValue, match=r"x61: .* grows by another plan since 2026-05-01T12:00:00.*anchor\.json"):
        joined(store, spec, plans, "x61", now=NOON.timestamp)
    (tmp_path / "lake" / layout.ANCHOR).unlink()
    assert joined(store, spec, plans, "x61", now=NOON.timestamp).plan.speed == 61


def test_a_clock_that_has_run_backwards_is_refused(settings: Asking, tmp_path: Path) -> None:
    spec = settings().spec
    store, plans = LocalStore(tmp_path / "lake"), plans_of(spec)
    joined(store, spec, plans, "x60", now=NOON.timestamp)
    joined(store, spec, plans, "x60", now=lambda: NOON.timestamp() - 1)  # machines differ by so much
    with pytest.raises(InvalidValue, match=r"run backwards: it is 2026-05-01T11:00:00.*the schedule began"):
        joined(store, spec, plans, "x60", now=lambda: NOON.timestamp() - 3600)
    heard = b'{"began": "2026-05-01T12:00:00Z", "heard": "2026-05-01T13:00:00Z",'
    store.put_bytes(f"{layout.RUNS}a.json", heard + b'"spec": {"start": "2024-01-01", "end": "2024-01-01"}, "run": {}}')
    with pytest.raises(InvalidValue, match=r"a run was heard in .* at 2026-05-01T13:00:00"):
        joined(store, spec, plans, "x60", now=lambda: NOON.timestamp() + 60)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "cannot be read"),
        (b'{"wall": 3, "origin": "2024-01-02T00:00:00", "plan": ""}', "cannot be read"),
        (b'{"wall": "2026-05-01T12:00:00Z", "origin": "2024-01-02T00:00:00Z", "plan": "/etc/passwd"}', "has no plan"),
    ],
)
def test_an_anchor_that_is_none_is_named(settings: Asking, tmp_path: Path, content: bytes, said: str) -> None:
    store, spec = LocalStore(tmp_path / "lake"), settings().spec
    store.put_bytes(layout.ANCHOR, content)
    with pytest.raises(LakeError, match=rf"/_wattif/arrivals/anchor\.json {said}.*remove it"):
        stored_schedule(store, spec, plans_of(spec))

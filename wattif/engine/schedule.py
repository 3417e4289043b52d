"""The wall clock of a plan of arrival: when each batch of a lake is due, and what time it is."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from wattif.engine.arrival_plan import ArrivalPlan, plan_of
from wattif.engine.plan import Batch, Plan, batches_of
from wattif.engine.shard import ALL, Shard
from wattif.errors import InvalidValue, LakeError
from wattif.lake import layout
from wattif.lake.anchor import Anchor, join, stored_anchor
from wattif.lake.runs import runs_of
from wattif.numeric.calendar import DAY_S, day_number
from wattif.spec import Spec
from wattif.uploader.store import Store

_SKEW_S = 5.0  # clocks of machines that fill one lake may differ by so much
_FETCHERS = 16
# Monotonic clocks stand still while a machine sleeps; this one does not, where there is one.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
Clock = Callable[[], float]


def steady_clock(wall: Clock = time.time, steady: Clock = lambda: time.clock_gettime(_STEADY)) -> Clock:
    """The time since 1970, in seconds: that of *wall* now, from now on counted by *steady*.

    Whoever sets the clock of the machine during a run moves no landing.
    """
    began = wall() - steady()
    return lambda: began + steady()


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When batches are due; fixed in advance, whatever the store does. Threads may share it."""

    plan: ArrivalPlan
    seed: int
    anchor: Anchor
    batches_per_day: dict[str, int]  # by table
    now: Clock  # seconds since 1970

    @classmethod
    def of(cls, spec: Spec, plans: Sequence[Plan], plan: ArrivalPlan, anchor: Anchor, now: Clock) -> Schedule:
        """The schedule of the dataset of *spec*."""
        counts = {each.table: each.batches_per_day for each in plans}
        return cls(plan=plan, seed=spec.seed, anchor=anchor, batches_per_day=counts, now=now)

    def due(self, batch: Batch) -> float:
        """When *batch* lands, in seconds since 1970 of the wall clock."""
        return self._wall(self.plan.lands_at(self.seed, batch.day, batch.index, self.batches_per_day[batch.table]))

    def _wall(self, data_s: float) -> float:
        return self.anchor.wall.timestamp() + (data_s - self.anchor.origin.timestamp()) / self.plan.speed

    def in_order(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """*batches*, which come day by day, in the order in which they are due.

        Whoever makes them in this order never has one in staging that waits while one that is due has no room.
        """
        waiting: list[tuple[float, int, Batch]] = []
        for number, batch in enumerate(batches):
            ended = self._wall((day_number(batch.day) + 1) * DAY_S)  # nothing still to come is due earlier
            while waiting and waiting[0][0] < ended:
                yield heapq.heappop(waiting)[2]
            heapq.heappush(waiting, (self.due(batch), number, batch))
        while waiting:
            yield heapq.heappop(waiting)[2]

    def span(self, batches: Iterable[Batch]) -> tuple[float, float] | None:
        """When the first and the last of *batches* are due, in seconds from now; None when there are none."""
        dues = [self.due(batch) for batch in batches]
        now = self.now()
        return (min(dues) - now, max(dues) - now) if dues else None


def joined(store: Store, spec: Spec, plans: Sequence[Plan], asked: str, *, now: Clock | None = None) -> Schedule:
    """The schedule of the lake in *store*, begun now unless an earlier run or another shard began it.

    `InvalidValue` when it grows by another plan, or the clock of this machine has run backwards since then.
    """
    now = now or steady_clock()
    plan = plan_of(asked)
    plan.lands_at(spec.seed, spec.start, 0, 1)  # what it computes with is compiled before any clock runs
    wanted = Anchor(wall=_at(now()), origin=plan.starts_at(spec.start), plan=plan.as_text())
    anchor = join(store, wanted)
    if anchor is not wanted:
        if anchor.plan != wanted.plan:
            raise InvalidValue(
                "arrive",
                asked,
                f"{store.place} grows by another plan since {_said(anchor.wall)}: {anchor.plan}; go on with that one,"
                f" or remove {layout.ANCHOR} to begin a new schedule",
            )
        _refuse_clock_set_back(store, anchor, asked, now())
    return Schedule.of(spec, plans, plan, anchor, now)


def stored_schedule(store: Store, spec: Spec, plans: Sequence[Plan]) -> Schedule | None:
    """The schedule by which the lake in *store* grows; None when it has none."""
    anchor = stored_anchor(store)
    if anchor is None:
        return None
    try:
        plan = ArrivalPlan.model_validate_json(anchor.plan)
    except ValidationError:
        raise LakeError(f"{store.place}/{layout.ANCHOR} has no plan; remove it to begin a new schedule") from None
    return Schedule.of(spec, plans, plan, anchor, time.time)


def expected_span(spec: Spec, plans: Sequence[Plan], asked: str, shard: Shard = ALL) -> tuple[float, float] | None:
    """When the first and the last batch of *shard* would land, in seconds after a run that begins a schedule."""
    plan = plan_of(asked)
    anchor = Anchor(wall=datetime.fromtimestamp(0, UTC), origin=plan.starts_at(spec.start), plan=plan.as_text())
    return Schedule.of(spec, plans, plan, anchor, lambda: 0.0).span(batches_of(plans, shard))


def _refuse_clock_set_back(store: Store, anchor: Anchor, asked: str, now: float) -> None:
    """A clock that stands before what the lake remembers would land files before their time, or call them on time."""
    with ThreadPoolExecutor(_FETCHERS) as fetchers:
        heard = [words.heard for words in runs_of(store, fetchers) if words.heard is not None]
    for what, at in (("the schedule began", anchor.wall), ("a run was heard", max(heard, default=anchor.wall))):
        if now < at.timestamp() - _SKEW_S:
            raise InvalidValue(
                "arrive",
                asked,
                f"the clock of this machine has run backwards: it is {_said(_at(now))}, but {what} in {store.place} at"
                f" {_said(at)}; set the clock, or remove {layout.ANCHOR} to begin a new schedule",
            )


def _at(seconds: float) -> datetime:
    """To the millisecond, as it is stored."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=round(seconds * 1000))


def _said(at: datetime) -> str:
    return at.isoformat(timespec="seconds")

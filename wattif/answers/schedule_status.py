"""What is still to land in a lake that grows by a plan of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from wattif.engine.lateness import lateness_of
from wattif.engine.plan import Plan
from wattif.engine.schedule import stored_schedule
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.documents import MOST_BYTES
from wattif.lake.runs import Lateness
from wattif.spec import Spec
from wattif.uploader.store import Store

_READ_LANDINGS = 10_000  # a request each


class _Landing(BaseModel):
    late_s: float


@dataclass(frozen=True, kw_only=True)
class ScheduleStatus:
    """By which plan a lake grows, and how far it is."""

    plan: str
    began: str  # by the wall clock
    unrecorded: int  # committed batches of which no record says when they landed: of other runs, or of killed ones
    lateness: Lateness | None  # of all landings, whichever run made them; None where they are too many to be read
    overdue: int  # batches that should be there by now
    next_due: str | None  # of the batches that are not overdue; None when all are
    last_due: str | None  # of the batches that are missing; None when all are there
    seconds_left: float  # until then


def schedule_status(
    store: Store, spec: Spec, plans: Sequence[Plan], committed: Sequence[NDArray[np.bool_]], fetchers: Executor
) -> ScheduleStatus | None:
    """The schedule of *store*; None when it grows by none. *committed*: of each plan, by day and batch of a day."""
    schedule = stored_schedule(store, spec, plans)
    if schedule is None:
        return None
    missing = [
        schedule.due(plan.batch(plan.start + timedelta(days=int(day)), int(index)))
        for plan, flags in zip(plans, committed, strict=True)
        for day, index in np.argwhere(~flags)
    ]
    now = schedule.now()
    ahead = [due for due in missing if due > now]
    recorded = [name for name in store.list(layout.ARRIVALS) if name != layout.ANCHOR]
    return ScheduleStatus(
        plan=schedule.anchor.plan,
        began=schedule.anchor.wall.isoformat(timespec="seconds"),
        unrecorded=max(sum(int(flags.sum()) for flags in committed) - len(recorded), 0),
        lateness=_lateness(store, recorded, fetchers) if len(recorded) <= _READ_LANDINGS else None,
        overdue=len(missing) - len(ahead),
        next_due=_said(min(ahead)) if ahead else None,
        last_due=_said(max(missing)) if missing else None,
        seconds_left=max(max(missing, default=now) - now, 0.0),
    )


def _lateness(store: Store, names: Sequence[str], fetchers: Executor) -> Lateness | None:
    """Of the landings in the objects *names*; `LakeError` when one cannot be read."""
    late_s = []
    for name, content in zip(names, fetchers.map(partial(store.get_bytes, most=MOST_BYTES), names), strict=True):
        try:
            late_s.append(_Landing.model_validate_json(content or b"").late_s)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise LakeError(f"{store.place}/{name} cannot be read ({reason}); remove it to do without it") from None
    return lateness_of(late_s)


def _said(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

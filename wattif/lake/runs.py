"""What runs say of themselves: `_wattif/runs/`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from pydantic import BaseModel, Field, ValidationError

from wattif.lake import layout
from wattif.lake.documents import MOST_BYTES
from wattif.uploader.store import Store

RUNNING, COMPLETE = "running", "complete"  # the states of a run; one that was killed is running for ever


class _Days(BaseModel):
    start: date
    end: date


class _How(BaseModel):
    success_files: bool = False
    shard: str | None = Field(None, pattern=r"^[0-9]{1,9}/[0-9]{1,9}$")
    arrive: str | None = None


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """How late batches landed: landed - due, in seconds."""

    landings: int
    p50_s: float
    p99_s: float
    max_s: float

    def __str__(self) -> str:
        """For people."""
        return (
            f"{self.landings:,} landings, late by {self.p50_s:,.3f} s (p50), {self.p99_s:,.3f} s (p99),"
            f" {self.max_s:,.3f} s (max)"
        )


class RunWords(BaseModel):
    """What is read of a run's record; a record has more, for people."""

    began: datetime
    heard: datetime | None = None  # when it last said something
    state: str = COMPLETE  # before there were states, only runs that had ended left a record
    host: str = ""
    process: int = 0
    spec: _Days
    run: _How
    readings: int = 0
    seconds: float = 0.0
    lateness: Lateness | None = None  # of a run that lands its batches by a plan

    @property
    def share(self) -> tuple[int, int]:
        """Its shard: which, of how many."""
        index, _, count = (self.run.shard or "1/1").partition("/")
        return int(index), int(count)


def runs_of(store: Store, fetchers: Executor) -> Iterator[RunWords]:
    """What all runs say, in the order in which they began; a record that cannot be read says nothing."""
    for content in fetchers.map(partial(store.get_bytes, most=MOST_BYTES), [*store.list(layout.RUNS)]):
        try:
            yield RunWords.model_validate_json(content or b"")
        except ValidationError:
            continue


def marked_days(store: Store, fetchers: Executor) -> set[date]:
    """The days that runs with `success_files` completed, alone or as the shards of one count together."""
    shards: dict[tuple[int, date, date], set[int]] = {}
    for words in runs_of(store, fetchers):
        if words.run.success_files and words.state == COMPLETE:
            index, count = words.share
            shards.setdefault((count, words.spec.start, words.spec.end), set()).add(index)
    return {
        start + timedelta(days=day)
        for (count, start, end), there in shards.items()
        if len(there) == count
        for day in range((end - start).days + 1)
    }

"""`wattif status`: what is in a lake of what was asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Self

import orjson
from pydantic import Field, model_validator

from wattif.cli.options import Options
from wattif.cli.place import WarehouseOptions
from wattif.cli.verb import Verb
from wattif.cli.warehouse import print_report
from wattif.errors import InvalidValue
from wattif.warehouse.place import WarehousePlace

if TYPE_CHECKING:
    from wattif.answers.status import Status

_WATCHED_EVERY_S = 5.0
_SHOWN_DAYS = 3
_OF_A_LAKE: Collection[str] = ("bucket", "lake", "prefix")
_OF_A_WAREHOUSE: Collection[str] = WarehousePlace.model_fields.keys()
_SHOWN_RUNS = 20


class StatusOptions(Options, WarehouseOptions):
    """Tell what is committed of what was asked for, by table and day, and which runs are under way; read no data.

    With `--warehouse postgres`, tell which days lie in the database and which in an archive instead. Exit code 0 when
    all of it is there, 1 when something is missing.
    """

    watch: bool = Field(False, description="look again every five seconds until all of it is there")

    @model_validator(mode="after")
    def _watches_a_lake(self) -> Self:
        if self.watch and self.warehouse == "postgres":
            raise InvalidValue("watch", True, "waits for a lake; leave it out")
        return self

    def check_written(self, written: Collection[str]) -> None:
        """See `Options.check_written`; either a lake or a database is looked into."""
        looks_into_warehouse = self.warehouse == "postgres"
        chosen = "warehouse" if looks_into_warehouse else "lake" if self.bucket is None else "bucket"
        for name in (each for each in (_OF_A_LAKE if looks_into_warehouse else _OF_A_WAREHOUSE) if each in written):
            reason = f"but `{chosen}` {getattr(self, chosen)} is what is looked into; leave one of them out"
            raise InvalidValue(name, getattr(self, name), reason)


def _run(options: StatusOptions, stop: Event) -> int:
    if options.warehouse == "postgres":
        from wattif.archive.days import where_days_lie

        found = where_days_lie(options.warehouse_place, retry=options.retry)
        return print_report(found, as_json=options.as_json) or int(bool(found.missing))
    from wattif.answers.status import status_of
    from wattif.lake.open import open_store

    store = open_store(options.url, retry=options.retry, stop=stop)
    while True:
        status = status_of(store)
        if options.as_json:
            print(orjson.dumps(status.as_json()).decode(), flush=True)
        else:
            print("\n".join(_lines(status)), flush=True)
        if status.is_complete or not options.watch or stop.wait(_WATCHED_EVERY_S):
            return 0 if status.is_complete else 1
        if not options.as_json:
            print()


def _lines(status: Status) -> Iterator[str]:
    yield f"{status.place}: {status.start} to {status.end}, claim {status.claim_epoch}"
    for table in status.tables:
        share = table.committed / table.batches
        yield (
            f"{table.table}: {table.committed:,} of {table.batches:,} batches ({share:.1%}),"
            f" {table.complete_days:,} of {table.days:,} days complete"
        )
        per_day = table.batches // table.days
        days = [f"{day} ({there} of {per_day})" for day, there in table.incomplete.items()]
        if days:
            more = f", and {len(days) - _SHOWN_DAYS:,} more" if len(days) > _SHOWN_DAYS else ""
            yield f"  incomplete: {', '.join(days[:_SHOWN_DAYS])}{more}"
        if table.uncommitted_objects:
            yield (
                f"  {table.uncommitted_objects:,} objects there that no manifest names: on their way, or left by a run"
                " that was killed; the next run takes them in"
            )
    if status.missing_objects:
        yield f"missing: {', '.join(status.missing_objects[:_SHOWN_DAYS])} ({len(status.missing_objects):,} objects)"
    if (schedule := status.schedule) is not None:
        ahead = f"next {schedule.next_due}, last {schedule.last_due}" if schedule.next_due else "none ahead"
        yield f"grows by a plan since {schedule.began}: {schedule.overdue:,} batches overdue; due: {ahead}"
        if schedule.lateness is not None:
            yield f"  all runs: {schedule.lateness}"
        if schedule.unrecorded:
            yield (
                f"  {schedule.unrecorded:,} batches landed unrecorded: of a run without --arrive, or of one that was"
                " killed at that moment"
            )
    runs = [run for run in status.runs if run.state != "complete"] + status.runs[-1:]
    for run in list(dict.fromkeys(runs))[-_SHOWN_RUNS:]:
        shard = f"shard {run.shard}, {run.shard_committed:,} of {run.shard_batches:,} batches; " if run.shard else ""
        yield (
            f"run of {run.began} on {run.host} (process {run.process}): {run.state}; {shard}"
            f"{run.readings:,} readings, {run.readings_per_s / 1e6:.1f} million/s; heard {run.heard}"
        )
        if run.lateness is not None:
            yield f"  by {run.arrive}: {run.lateness}"
    if status.is_complete:
        yield "complete"
    elif status.seconds_left is not None:
        done = datetime.now() + timedelta(seconds=status.seconds_left)
        by = "by the schedule" if status.is_by_schedule else "at the rate of the runs under way"
        yield f"{by}: {status.seconds_left:,.0f} s more, until {done:%Y-%m-%d %H:%M}"
    else:
        yield "incomplete, and no run is under way; to go on, run the same 'wattif generate' command"


VERB = Verb(options=StatusOptions, run=_run, interrupted="nothing was changed")

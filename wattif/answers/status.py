"""What is in a lake of what was asked for: from a listing, the manifests of incomplete days, and the runs' records."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wattif.answers.schedule_status import ScheduleStatus, schedule_status
from wattif.engine.plan import Plan
from wattif.engine.streams import plans_of
from wattif.lake import layout
from wattif.lake.documents import read_document, stored_document
from wattif.lake.fence import epoch_of
from wattif.lake.manifest import Committed, read_manifest
from wattif.lake.runs import RUNNING, Lateness, RunWords, runs_of
from wattif.lake.stored import stored_spec
from wattif.tables import catalog
from wattif.tables.table import LakeTable
from wattif.uploader.store import Store

_FETCHERS = 16
_SILENT_S = 120.0  # a run tells of itself every half minute: after so long without a word it was killed, or hangs


@dataclass(frozen=True, kw_only=True)
class TableStatus:
    """What is committed of a table that is made in units."""

    table: str
    batches: int  # that were asked for
    committed: int
    days: int
    complete_days: int
    incomplete: dict[str, int]  # committed batches by day, of days that lack some
    uncommitted_objects: int  # in incomplete days: of a batch on its way, or left by a killed run


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """What a run says of itself."""

    began: str
    heard: str  # when it last said something
    state: str  # running, complete, or silent: nothing was heard of it for two minutes
    host: str
    process: int
    shard: str | None
    shard_committed: int | None  # batches of its share that are in the lake, whoever made them
    shard_batches: int | None
    readings: int
    readings_per_s: float
    arrive: str | None  # the plan by which it lands its batches, as it was given
    lateness: Lateness | None  # of those that it landed


@dataclass(frozen=True, kw_only=True)
class Status:
    """What is in a lake of what was asked for."""

    place: str
    fingerprint: str
    claim_epoch: int  # the number of the claim: one more each time that another dataset took the place
    start: date
    end: date
    tables: list[TableStatus]
    missing_objects: list[str]  # of tables that are made whole
    runs: list[RunStatus] = field(default_factory=list)
    schedule: ScheduleStatus | None = None  # by which the lake grows
    seconds_left: float | None = None  # by the schedule or at the rate of the runs under way; None where none is

    @property
    def is_complete(self) -> bool:
        """Whether all that was asked for is committed."""
        return not self.missing_objects and all(table.committed == table.batches for table in self.tables)

    @property
    def is_by_schedule(self) -> bool:
        """Whether `seconds_left` follows from the schedule: a run lands by it, and not all is overdue."""
        waits = any(run.state == RUNNING and run.arrive is not None for run in self.runs)
        return waits and self.schedule is not None and self.schedule.seconds_left > 0

    def as_json(self) -> dict[str, object]:
        """As plain values."""
        return {"complete": self.is_complete, **asdict(self)}


def status_of(store: Store) -> Status:
    """Look at *store*; `LakeError` where no dataset lies there. Costs a listing, and reads no data."""
    spec = stored_spec(store)
    document = stored_document(store) or b""
    plans = plans_of(spec)
    committed = [_flags(store, plan) for plan in plans]
    in_order = np.concatenate(committed, axis=1).ravel()  # as `batches_of` numbers them
    with ThreadPoolExecutor(_FETCHERS) as fetchers:
        runs = [_run(words, in_order, datetime.now(UTC)) for words in runs_of(store, fetchers)]
        schedule = schedule_status(store, spec, plans, committed, fetchers)
    waits = any(run.state == RUNNING and run.arrive is not None for run in runs)
    by_schedule_s = schedule.seconds_left if schedule is not None and waits else 0.0
    rate = sum(run.readings_per_s for run in runs if run.state == RUNNING)
    left = sum(int((~flags).sum()) / flags.size * plan.rows for plan, flags in zip(plans, committed, strict=True))
    tables = {table.name: table for table in catalog.lake_tables_of(spec, "stream")}
    return Status(
        place=store.place,
        fingerprint=str(read_document(document, store.place).get("fingerprint")),
        claim_epoch=epoch_of(document, store.place),
        start=spec.start,
        end=spec.end,
        tables=[_table(store, plan, tables[plan.table], flags) for plan, flags in zip(plans, committed, strict=True)],
        missing_objects=[
            name
            for table in catalog.lake_tables_of(spec, "whole")
            for there in [set(store.list(table.prefix))]
            for partition in table.partitions(spec)
            for name in table.object_names(partition)
            if name not in there
        ],
        runs=runs,
        schedule=schedule,
        seconds_left=by_schedule_s or (left / rate if rate else None),
    )


def _flags(store: Store, plan: Plan) -> NDArray[np.bool_]:
    """(days, batches of a day): which are committed."""
    found = Committed(store, plan.start, plan.days, plan.batches_per_day, plan.table)
    flags = np.fromiter((place in found for place in range(plan.days * plan.batches_per_day)), bool)
    return flags.reshape(plan.days, plan.batches_per_day)


def _table(store: Store, plan: Plan, table: LakeTable, flags: NDArray[np.bool_]) -> TableStatus:
    counts = flags.sum(axis=1)
    incomplete = {plan.start + timedelta(days=int(day)): int(counts[day]) for day in np.flatnonzero(~flags.all(axis=1))}
    return TableStatus(
        table=plan.table,
        batches=flags.size,
        committed=int(counts.sum()),
        days=plan.days,
        complete_days=plan.days - len(incomplete),
        incomplete={day.isoformat(): count for day, count in incomplete.items()},
        uncommitted_objects=sum(
            _uncommitted(store, plan, table, day, flags[(day - plan.start).days]) for day in incomplete
        ),
    )


def _uncommitted(store: Store, plan: Plan, table: LakeTable, day: date, flags: NDArray[np.bool_]) -> int:
    """Objects of *day* that no manifest names."""
    named: set[str] = {layout.success_name(day)}
    for index in np.flatnonzero(flags):
        name = layout.manifest_name(day, int(index), plan.table)
        entries = read_manifest(store.get_bytes(name) or b"", name, store.place, plan.table)
        named.update(entry.name for entry in entries)
    folder = table.unit_path(plan.batch(day, 0).units[0]).rpartition("/")[0]
    return sum(name not in named for name in store.list(f"{folder}/"))


def _run(words: RunWords, in_order: NDArray[np.bool_], now: datetime) -> RunStatus:
    index, count = words.share
    share = in_order[index - 1 :: count] if words.run.shard else None
    heard = words.heard or words.began
    silent = words.state == RUNNING and (now - heard).total_seconds() > _SILENT_S
    return RunStatus(
        began=words.began.isoformat(timespec="seconds"),
        heard=heard.isoformat(timespec="seconds"),
        state="silent" if silent else words.state,
        host=words.host,
        process=words.process,
        shard=words.run.shard,
        shard_committed=None if share is None else int(share.sum()),
        shard_batches=None if share is None else share.size,
        readings=words.readings,
        readings_per_s=words.readings / words.seconds if words.seconds else 0.0,
        arrive=words.run.arrive,
        lateness=words.lateness,
    )

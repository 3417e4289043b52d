"""`wattif.open`: a lake that is there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from wattif.engine.streams import plans_of
from wattif.lake.days import committed_days
from wattif.lake.open import open_store
from wattif.lake.stored import stored_spec
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.uploader.retrying import RetryingStore, RetryPolicy


@dataclass(frozen=True, kw_only=True)
class Status:
    """How much of a dataset's readings is committed.

    Attributes
    ----------
    days
        UTC days that the dataset has.
    days_complete
        Days of which every batch is committed.
    batches
        Batches that the dataset has.
    batches_committed
        Batches that have their manifest.
    files
        Files of committed batches.
    rows
        Rows of these files, as their manifests say.
    bytes
        Size of these files.
    """

    days: int
    days_complete: int
    batches: int
    batches_committed: int
    files: int
    rows: int
    bytes: int

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.batches_committed == self.batches


class Lake:
    """A lake that holds a dataset. `wattif.open` makes it.

    Attributes
    ----------
    spec
        What determines the dataset that lies there.
    """

    def __init__(self, store: RetryingStore, spec: Spec) -> None:
        self._store = store
        self.spec = spec

    def __repr__(self) -> str:
        return f"<wattif.Lake {self.place}: {self.spec.meters:,} meters, {self.spec.start} to {self.spec.end}>"

    @property
    def place(self) -> str:
        """Its folder, or ``gs://bucket/prefix``."""
        return self._store.place

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables of which an object lies there; `wattif.read` takes each. Lists the lake."""
        names = []
        for table in catalog.lake_tables_of(self.spec):
            if next(iter(self._store.list(table.prefix)), None) is not None:
                names.append(table.name)
        return tuple(names)

    def status(self) -> Status:
        """How much of it is committed, in all tables that are made in batches; reads the manifests."""
        plans = plans_of(self.spec)
        committed = [
            day
            for plan in plans
            for day in committed_days(self._store, self.spec.start, self.spec.end, table=plan.table)
        ]
        batches: Counter[date] = Counter()
        for day in committed:
            batches[day.day] += day.batches
        a_day = sum(plan.batches_per_day for plan in plans)
        return Status(
            days=plans[0].days,
            days_complete=sum(count == a_day for count in batches.values()),
            batches=plans[0].days * a_day,
            batches_committed=batches.total(),
            files=sum(len(day.files) for day in committed),
            rows=sum(file.rows for day in committed for file in day.files),
            bytes=sum(file.bytes for day in committed for file in day.files),
        )


def open_lake(url: str | Path, *, retry_for_s: float | None = None) -> Lake:
    """Open a lake that is there.

    Parameters
    ----------
    url
        ``gs://bucket/prefix``, ``s3://…``, ``az://…``, ``file:/folder``, or the path of a folder.
    retry_for_s
        How long a lake that does not answer is tried again, in seconds; None: as the command line does.

    Returns
    -------
    Lake
        What lies there, and how much of it is committed.

    Raises
    ------
    wattif.errors.LakeError
        Nothing of WattIf lies there, or it does not answer.
    wattif.extras.MissingExtra
        The library of that cloud is not installed; the message names the command that installs it.

    Examples
    --------
    >>> lake = wattif.open("lake")
    >>> lake.spec.meters, lake.spec.start.isoformat(), {"meters", "readings", "weather"} <= set(lake.tables)
    (10, '2024-01-01', True)

    What is committed is what lies there:

    >>> from pathlib import Path
    >>> files = list(Path("lake").glob("dt=*/*.json"))
    >>> status = lake.status()
    >>> status.complete, status.files == len(files), status.bytes == sum(file.stat().st_size for file in files)
    (True, True, True)

    Where nothing lies, the message says so:

    >>> wattif.open("nowhere")
    Traceback (most recent call last):
    wattif.errors.LakeError: nowhere: no dataset lies here: there is no _wattif/dataset.json
    """
    store = open_store(url, retry=None if retry_for_s is None else RetryPolicy(retry_for_s=retry_for_s))
    return Lake(store, stored_spec(store))

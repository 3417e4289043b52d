"""What a warehouse must be able to do; everything else about it is its own affair."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol

from wattif.errors import WarehouseError
from wattif.lake.days import CommittedDay
from wattif.uploader.store import Store
from wattif.warehouse.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

    from wattif.warehouse.settings import WarehouseSettings

CONTENT_LENGTH = 200  # characters of a bad record that are kept


@dataclass(frozen=True)
class BadRecord:
    """A line of the lake that is no reading."""

    file: str  # object, relative to the lake's prefix
    line: int | None  # from 1; None when the warehouse does not say
    error: str
    content: str  # its first characters


@dataclass(frozen=True)
class Staged:
    """What came of a day's files on their way into a table of their own."""

    bad_records: tuple[BadRecord, ...] = ()
    bad_record_count: int = 0  # may be more than were described
    unknown_fields: Mapping[str, int] = field(default_factory=dict)  # lines by field that no column takes


@dataclass(frozen=True)
class Period:
    """The days (UTC) that a scan learns from, and those that it judges; all of them included."""

    train_from: date
    train_until: date
    scan_from: date
    scan_until: date

    @staticmethod
    def start_of(day: date) -> datetime:
        """Midnight (UTC) at the beginning of *day*."""
        return datetime.combine(day, time(), UTC)

    @staticmethod
    def end_of(day: date) -> datetime:
        """Midnight (UTC) at the end of *day*."""
        return datetime.combine(day + timedelta(days=1), time(), UTC)

    @property
    def horizon_hours(self) -> int:
        """From the end of the training to the end of what is judged."""
        return (self.scan_until - self.train_until).days * 24


class Warehouse(Protocol):
    """A warehouse; SQL is GoogleSQL. All calls raise `WarehouseError` with the way out."""

    @property
    def place(self) -> str:
        """Where it is, for people: a file, or project and dataset."""

    def create_table(self, table: Table) -> None:
        """Create a table unless it is there; an error when it is there with other columns."""

    def drop_table(self, name: str) -> None:
        """Remove a table that only passed by; one that is not there does not matter."""

    def put_table(self, table: Table, content: pa.Table) -> None:
        """Write a small table that is only passing by."""

    def stage(self, store: Store, day: CommittedDay, table: Table) -> Staged:
        """Bring the files of a day into *table*, which is only passing by.

        Fields without a column are ignored, missing ones are NULL, lines that are no readings are described;
        rows of those may be there with NULL for `mac` or `timestamp`.
        """

    def execute(self, script: str) -> None:
        """Execute statements that change rows: all of them or, when one fails, none."""

    def query(self, sql: str) -> pa.Table:
        """The rows that a query returns."""

    def judge(self, metric: str, period: Period, threshold: float, verdicts: Table) -> None:
        """Learn a metric, and write a verdict on each hour that can be judged into the passing table *verdicts*."""

    def close(self) -> None:
        """Leave it."""


@contextlib.contextmanager
def passing(warehouse: Warehouse, *tables: Table) -> Iterator[None]:
    """Remove *tables* in the end; when something failed, that is what is told, not what follows from it."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(WarehouseError):
            for table in tables:
                warehouse.drop_table(table.name)
        raise
    for table in tables:
        warehouse.drop_table(table.name)


def open_warehouse(settings: WarehouseSettings, *, create: bool = False) -> Warehouse:
    """The warehouse that *settings* name; its library is imported only now. *create* a database that is not there."""
    if settings.warehouse == "duckdb":
        from wattif.warehouse.duckdb_warehouse import DuckDBWarehouse

        return DuckDBWarehouse(settings.database_file, create=create)
    from wattif.warehouse.bigquery_warehouse import BigQueryWarehouse

    assert settings.project is not None
    assert settings.dataset is not None
    return BigQueryWarehouse(settings.project, settings.dataset, settings.location)

"""What a warehouse must be able to do; everything else about it is its own affair."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Protocol

from wattif.compress.compressor import Compressor
from wattif.encode.encoder import Encoder
from wattif.errors import WarehouseError
from wattif.lake.days import CommittedDay
from wattif.tables.column import Column
from wattif.uploader.store import Store
from wattif.warehouse.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

CONTENT_LENGTH = 200  # characters of a bad record that are kept


@dataclass(frozen=True, kw_only=True)
class BadRecord:
    """A line of the lake that is no reading."""

    file: str  # object, relative to the lake's prefix
    line: int | None  # from 1; None when the warehouse does not say
    error: str
    content: str  # its first characters


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What came of a day's files on their way into a table of their own."""

    bad_records: tuple[BadRecord, ...] = ()
    bad_record_count: int = 0  # may be more than were described
    unknown_fields: Mapping[str, int] = field(default_factory=dict)  # lines by field that no column takes


class Warehouse(Protocol):
    """A warehouse; SQL is GoogleSQL. All calls raise `WarehouseError` with the way out."""

    @property
    def place(self) -> str:
        """Where it is, for people: a file, or project and dataset."""

    @property
    def dialect(self) -> str:
        """What its own SQL is called: ``duckdb``, ``bigquery``, ``postgres``."""

    @property
    def notes(self) -> Sequence[str]:
        """What its user should know of the way in which it keeps the tables, a line each."""

    @property
    def absent_days(self) -> Mapping[date, str]:
        """Loaded days whose readings were taken out, and where they lie instead."""

    @staticmethod
    def loads(encoder: type[Encoder], compressor: type[Compressor]) -> bool:
        """Whether it loads files of the format that are compressed so."""

    def kept_as(self, column: Column) -> tuple[str, str]:
        """What keeps a *column* of a table that is loaded whole: a name, and a value over a row that has the column."""

    def create_table(self, table: Table) -> None:
        """Create a table unless it is there; an error when it is there with other columns."""

    def drop_table(self, name: str) -> None:
        """Drop a temporary table; one that does not exist is fine."""

    def put_table(self, table: Table, content: pa.RecordBatchReader) -> None:
        """Create a temporary table with the rows of *content*; columns that these lack are NULL."""

    def stage(self, store: Store, day: CommittedDay, table: Table) -> Staged:
        """Load the files of a day into the temporary *table*.

        Fields without a column are ignored, missing ones are NULL, lines that are no readings are described;
        rows of those may be there with NULL for `mac` or `timestamp`.
        """

    def execute(self, script: str, *, days: Collection[date] = ()) -> None:
        """Execute statements that change rows: all of them or, when one fails, none.

        An error when the readings of one of the *days*, which the statements need, are absent.
        """

    def query(self, sql: str) -> pa.Table:
        """The rows that a query returns."""

    def run_native(self, sql: str) -> None:
        """Execute a statement in the warehouse's own `dialect`."""

    def close(self) -> None:
        """Leave it."""


@contextlib.contextmanager
def temporary_tables(warehouse: Warehouse, *tables: Table) -> Iterator[None]:
    """Drop *tables* at the end. When something failed, that error is the one raised, not one that follows from it."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(WarehouseError):
            for table in tables:
                warehouse.drop_table(table.name)
        raise
    for table in tables:
        warehouse.drop_table(table.name)

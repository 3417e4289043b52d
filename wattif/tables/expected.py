"""The expected tables, `_wattif/expected/`: their columns, and how they are made from hours and totals.

Energies are exact: integers in mWh on the way, DECIMAL(18, 3) in Wh in the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from wattif.numeric.calendar import month_after
from wattif.tables.column import MAC, Column
from wattif.tables.hours import HOUR, HOUR_COLUMNS
from wattif.tables.readings import fields_of, reading_fields
from wattif.tables.table import LakeTable, RowCount

if TYPE_CHECKING:
    from wattif.spec import Spec

VIEWS = ("measured", "delivered", "deduplicated")
TOTAL_DIGITS = 28  # of a partition's sums: with three decimals, what a warehouse's NUMERIC has room for
ENERGY = Column("consumption_wh", "number", "sum of consumption_wh", unit="Wh", decimals=3)


@dataclass(frozen=True, kw_only=True)
class ExpectedTable(LakeTable):
    """A table of what must be found downstream; a partition is that of a view, or of a month in a view."""

    by_month: bool

    def partitions(self, spec: Spec) -> Iterator[str]:
        """``measured`` and so on, or ``measured.2024-01`` and so on."""
        for view in VIEWS:
            month = spec.start.replace(day=1)
            while self.by_month and month <= spec.end:
                yield partition_of(view, month)
                month = month_after(month)
            if not self.by_month:
                yield view

    def rows(self, spec: Spec, partition: str) -> RowCount:
        """As many as keys, if every reading arrives by a right clock."""
        _, _, month = partition.partition(".")
        first, end = spec.start, spec.end + timedelta(days=1)
        if month:
            since = date.fromisoformat(f"{month}-01")
            first, end = max(first, since), min(end, month_after(since))
        return RowCount(rows=self.rows_of_days(spec, first, end), exact=False)

    def rows_of_days(self, spec: Spec, first: date, end: date) -> int:
        """Rows of the days from *first* to before *end*."""
        raise NotImplementedError

    def object_names(self, partition: str = VIEWS[0], first: int = 0, count: int = 1) -> tuple[str, ...]:
        """See `LakeTable.object_names`."""
        view, _, month = partition.partition(".")
        return tuple(f"{self.path.format(view=view, month=month)}.{ending}" for ending in self.endings)


def partition_of(view: str, month: date) -> str:
    """The partition of a month in a view."""
    return f"{view}.{month:%Y-%m}"


@dataclass(frozen=True, kw_only=True)
class Hourly(ExpectedTable):
    """Energy by hour."""

    def rows_of_days(self, spec: Spec, first: date, end: date) -> int:
        """One a meter and hour."""
        return spec.meters * (end - first).days * 24


@dataclass(frozen=True, kw_only=True)
class Daily(ExpectedTable):
    """Energy by day."""

    def rows_of_days(self, spec: Spec, first: date, end: date) -> int:
        """One a meter and day."""
        return spec.meters * (end - first).days


@dataclass(frozen=True, kw_only=True)
class Monthly(ExpectedTable):
    """Energy by month."""

    def rows_of_days(self, spec: Spec, first: date, end: date) -> int:
        """One a meter and month."""
        last = end - timedelta(days=1)
        return spec.meters * ((last.year - first.year) * 12 + last.month - first.month + 1)


@dataclass(frozen=True, kw_only=True)
class Partitions(ExpectedTable):
    """Counts and sums by partition of the readings."""

    def columns_in(self, spec: Spec) -> tuple[Column, ...]:
        """With the sums of the numbers that a reading has."""
        asked_for = {field.name for field in fields_of(spec)}
        chosen = [each for each in self.columns[_COUNTS:] if each.name in asked_for]
        return (*self.columns[:_COUNTS], *chosen)

    def rows_of_days(self, spec: Spec, first: date, end: date) -> int:
        """One a day."""
        return (end - first).days


def partition_columns(fields: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of `partitions.parquet` for readings of *fields*."""
    return (
        Column("dt", "date", "the partition: the day in the objects' path"),
        Column("rows", "number", "rows in it"),
        Column("meters", "number", "meters that have any"),
        *(
            Column(
                each.name,
                "number",
                f"exact sum of {each.name}",
                unit=each.unit,
                decimals=each.decimals,
                digits=TOTAL_DIGITS,
            )
            for each in fields
        ),
    )


_COUNTS = 3
HOURLY = Hourly(
    name="expected_hourly",
    description="energy by meter and hour",
    columns=HOUR_COLUMNS,
    key=(MAC.name, HOUR.name),
    partition="a month in a view",
    path="_wattif/expected/{view}/hourly/{month}",
    endings=("parquet",),
    made="expect",
    by_month=True,
)
DAILY = Daily(
    name="expected_daily",
    description="energy by meter and day",
    columns=(
        MAC,
        Column("day", "date", "the day, by the meter's own clock, UTC"),
        ENERGY,
        Column("readings", "number", "how many readings the day has"),
    ),
    key=("mac", "day"),
    partition="a month in a view",
    path="_wattif/expected/{view}/daily/{month}",
    endings=("parquet",),
    made="expect",
    by_month=True,
)
MONTHLY = Monthly(
    name="expected_monthly",
    description="energy by meter and month",
    columns=(
        MAC,
        Column("month", "date", "first day of the month, by the meter's own clock, UTC"),
        ENERGY,
        Column("readings", "number", "how many readings the month has"),
    ),
    key=("mac", "month"),
    partition="a view",
    path="_wattif/expected/{view}/monthly",
    endings=("parquet",),
    made="expect",
    by_month=False,
)
PARTITIONS = Partitions(
    name="expected_partitions",
    description="rows, meters and sums by partition of the readings",
    columns=partition_columns([each for each in reading_fields(3600).values() if each.kind == "number"]),
    key=("dt",),
    partition="a view",
    path="_wattif/expected/{view}/partitions",
    endings=("parquet",),
    made="expect",
    by_month=False,
)
TABLES = (HOURLY, DAILY, MONTHLY, PARTITIONS)

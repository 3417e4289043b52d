"""What a table says of itself: all that files, warehouses, sizes, checks and docs need to know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from wattif.tables.column import Column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wattif.model.scenario import Scenario
    from wattif.spec import Spec
    from wattif.tables.block import Block
    from wattif.tables.unit import Unit

WHOLE = "all"  # the only partition of a table that has one


def is_asked_for(kinds: str) -> bool:
    """Whether an option that lists what goes wrong asks for anything at all."""
    return kinds.strip() not in ("", "none")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, of a lake or of a warehouse."""

    name: str
    description: str
    columns: tuple[Column, ...]  # all that it can have, in order
    key: tuple[str, ...] = ()  # columns of which no two rows have the same values
    day_column: str | None = None  # by whose day a warehouse partitions it
    cluster_column: str | None = None  # by which a warehouse clusters it

    @property
    def column_names(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def references(self) -> frozenset[str]:
        """The names of the tables whose keys it holds, as its columns say."""
        return frozenset(column.references for column in self.columns if column.references)


@dataclass(frozen=True, kw_only=True)
class RowCount:
    """How many rows there are."""

    rows: int
    exact: bool  # else so many as there would be if nothing went wrong


@dataclass(frozen=True, kw_only=True)
class LakeTable(Table):
    """A table of a dataset: its partitions, and the objects that hold them.

    A kind of table is a subclass that says, from the spec alone, what is in it. Where the rows can be made
    independently of all others, `columns_of` makes any range of them.

    *made*, ``whole``: partition by partition when a run begins. ``stream``: unit by unit, in batches with manifests.
    ``labels``: with the batches, of what happened to them. ``expect``: by `wattif expect`. ``request``: by it,
    where it is asked to. *is_extra*: only datasets have it that name it among their `extra_tables`. *city_figures*:
    those of cities that its rows follow from and readings do not; they are of the identity of a dataset that has it.
    """

    partition: str  # what one is, in words
    path: str  # of its objects below the prefix, without the ending: of ``{partition}``, ``{first}`` and ``{last}``
    endings: tuple[str, ...]  # one object each
    made: Literal["whole", "stream", "labels", "expect", "request"] = "whole"
    is_extra: bool = False
    city_figures: tuple[str, ...] = ()
    absent_when_empty: bool = False  # a partition without rows has no object

    @property
    def prefix(self) -> str:
        """What the names of all objects begin with."""
        return self.path.partition("{")[0]

    @property
    def folder(self) -> str:
        """The folder of all objects, or above them; empty: the dataset's own."""
        return self.prefix.rpartition("/")[0]

    def is_in(self, spec: Spec) -> bool:
        """Whether the dataset has it."""
        return not self.is_extra or self.name in spec.extra_table_names

    def columns_in(self, spec: Spec) -> tuple[Column, ...]:
        """The columns that it has in the dataset, in order."""
        return self.columns

    def partitions(self, spec: Spec) -> Iterator[str]:
        """Their names, in order."""
        yield WHOLE

    def entities(self, spec: Spec, partition: str) -> int:
        """What the range of a unit counts (meters, hours, …): how many a partition has."""
        raise NotImplementedError(f"{self.name} is not made of units")

    def rows(self, spec: Spec, partition: str) -> RowCount:
        """How many rows a partition has."""
        return RowCount(rows=self.entities(spec, partition), exact=True)

    def columns_of(self, scenario: Scenario, unit: Unit) -> Mapping[str, NDArray[Any]]:
        """The rows of *unit*, by column.

        Numbers are int64 of 10^-decimals units, times datetime64[s] in UTC, days datetime64[D], MACs uint64; where
        a value may be missing, an array of objects with None.
        """
        raise NotImplementedError(f"{self.name} is not made of units")

    def blocks(self, scenario: Scenario, columns: Sequence[Column]) -> Callable[[Unit], Iterator[Block]]:
        """What makes the rows of any unit, block by block, with at least *columns*; each is valid until the next one.

        Threads may share it.
        """
        from wattif.tables.block import ColumnBlock

        def of(unit: Unit) -> Iterator[Block]:
            yield ColumnBlock(unit.first, unit.count, self.columns_of(scenario, unit))

        return of

    def unit_path(self, unit: Unit) -> str:
        """The object of *unit*, without its format's ending."""
        return self.path.format(partition=unit.partition, first=unit.first, last=unit.last)

    def object_names(self, partition: str = WHOLE, first: int = 0, count: int = 1) -> tuple[str, ...]:
        """The objects of a range of a partition, one for each ending."""
        path = self.path.format(partition=partition, first=first, last=first + count - 1)
        return tuple(f"{path}.{ending}" for ending in self.endings)

    def object_name(self, partition: str = WHOLE, first: int = 0, count: int = 1, *, ending: str = "") -> str:
        """The object with that *ending*; the only one where none is given."""
        names = self.object_names(partition, first, count)
        return names[self.endings.index(ending) if ending else 0]

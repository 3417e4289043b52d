"""Rows of a table as columns: what a table gives and an encoder writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]  # numbers of rows of a block, in any order, some of them more than once


class Block(Protocol):
    """Rows of some consecutive entities (of meters, say) in one partition: entity by entity, in order of time."""

    @property
    def first(self) -> int:
        """The first entity."""

    @property
    def count(self) -> int:
        """Number of entities."""

    @property
    def slots(self) -> int:
        """Rows of each entity when it sends all of them."""

    @property
    def places(self) -> NDArray[np.int64]:
        """Of each row: its entity's number in the block, times `slots`, plus its number among the entity's rows."""

    def values(self, column: str, rows: Rows | None = None) -> NDArray[Any]:
        """A column's values, of all rows or of *rows*.

        Numbers are int64 of 10^-decimals units, times datetime64[s] in UTC, MACs uint64, texts str.
        """

    def whose(self, rows: Rows) -> tuple[NDArray[np.uint64] | None, NDArray[np.datetime64] | None]:
        """The meters' MACs and the times that *rows* tell, for labels; None where the table has neither."""

    def take(self, rows: Rows) -> TakenRows:
        """A copy of *rows*."""

    def copy(self) -> Self:
        """The same, valid for longer."""


class TakenRows:
    """Single rows, from one block or several, in order of arrival."""

    def __init__(self, values: Mapping[str, NDArray[Any]]) -> None:
        self._values = dict(values)

    def __len__(self) -> int:
        return len(next(iter(self._values.values()), ()))

    def values(self, column: str, rows: Rows | None = None) -> NDArray[Any]:
        """See `Block.values`."""
        found = self._values[column]
        return found if rows is None else found[rows]

    @classmethod
    def joined(cls, parts: Sequence[TakenRows], order: Rows) -> TakenRows:
        """The rows of all *parts* one after the other, then taken in *order*."""
        names = parts[0]._values
        return cls({name: np.concatenate([part._values[name] for part in parts])[order] for name in names})


class ColumnBlock:
    """A block made of whole columns, as most tables give it: every entity has the same number of rows."""

    places: NDArray[np.int64]

    def __init__(self, first: int, count: int, columns: Mapping[str, NDArray[Any]]) -> None:
        """*columns*: as `Block.values` gives them, each with the same number of rows."""
        self.first = first
        self.count = count
        self._columns = dict(columns)
        lengths = {len(each) for each in self._columns.values()}
        if len(lengths) != 1:
            raise ValueError(f"columns of a block must have one length, not {sorted(lengths)}")
        self.places = np.arange(lengths.pop())

    @property
    def slots(self) -> int:
        """See `Block.slots`."""
        return -(-len(self.places) // self.count)

    def values(self, column: str, rows: Rows | None = None) -> NDArray[Any]:
        """See `Block.values`."""
        found = self._columns[column]
        return found if rows is None else found[rows]

    def whose(self, rows: Rows) -> tuple[NDArray[np.uint64] | None, NDArray[np.datetime64] | None]:
        """See `Block.whose`."""
        mac, time = self._columns.get("mac"), self._columns.get("timestamp")
        return None if mac is None else mac[rows], None if time is None else time[rows].astype("datetime64[s]")

    def take(self, rows: Rows) -> TakenRows:
        """See `Block.take`."""
        return TakenRows({name: each[rows] for name, each in self._columns.items()})

    def copy(self) -> ColumnBlock:
        """See `Block.copy`."""
        return ColumnBlock(self.first, self.count, {name: each.copy() for name, each in self._columns.items()})

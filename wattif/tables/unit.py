"""A piece of work: small enough to send anywhere, and complete for any process that has the spec."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import date

import orjson

_TABLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PARTITION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """A range of what a table is about, in one partition. Its bytes are a pure function of this and the spec.

    ``Unit("readings", "2024-01-31", 40, 20)`` is the readings of meters 40 to 59 on that UTC day. `ValueError`
    when a field has a value that no table can have.
    """

    table: str  # as the catalog calls it
    partition: str  # the UTC day, YYYY-MM-DD, of a table with a partition per day
    first: int  # the first meter, or whatever the table is about
    count: int

    def __post_init__(self) -> None:
        if not (isinstance(self.table, str) and _TABLE.fullmatch(self.table)):
            raise ValueError(f"table: {self.table!r} is not the name of a table")
        if not (isinstance(self.partition, str) and _PARTITION.fullmatch(self.partition)):
            raise ValueError(f"partition: {self.partition!r} is not the name of a partition")
        for name, least in (("first", 0), ("count", 1)):
            value = getattr(self, name)
            if type(value) is not int or value < least:
                raise ValueError(f"{name}: {value!r} is not an integer of at least {least}")

    @property
    def last(self) -> int:
        """The last one, included."""
        return self.first + self.count - 1

    @property
    def day(self) -> date:
        """The UTC day, in a table with a partition per day; `ValueError` in any other."""
        return date.fromisoformat(self.partition)

    def to_json(self) -> bytes:
        """A line of a few hundred bytes at most, without a line feed."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: bytes | str) -> Unit:
        """What `to_json` wrote; `ValueError` when it is anything else."""
        content = orjson.loads(text)
        if not isinstance(content, dict) or content.keys() != set(cls.__slots__):
            raise ValueError(f"not a unit: its fields must be {', '.join(cls.__slots__)}")
        return cls(**content)

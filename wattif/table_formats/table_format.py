"""What a table format is: how a table is found, made, and made longer by the files of a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

DAY = "dt"  # the column of the UTC day: the names of the objects tell it, the files do not
DATASET = "wattif.dataset"  # properties of a table: the fingerprint of the dataset whose files it names,
ROOT = "wattif.root"  # and where they lie, if that is not where the table does


@dataclass(frozen=True, kw_only=True)
class TablePlace:
    """Where a table is registered, for formats that have catalogs."""

    catalog: str | None = None
    namespace: str | None = None


@dataclass(frozen=True, kw_only=True)
class TableDefinition:
    """What a table must be."""

    name: str
    root: str  # the folder of the dataset: an absolute path, or an address such as ``gs://bucket/prefix``
    folder: str  # of the table's own objects below it; empty: the dataset's
    schema: pa.Schema  # of the files
    dataset: str  # fingerprint
    place: TablePlace

    @property
    def location(self) -> str:
        """The folder of the table's own objects."""
        return f"{self.root}/{self.folder}" if self.folder else self.root

    @property
    def full_schema(self) -> pa.Schema:
        """That of the table: the columns of the files, and the day. Tables count moments in microseconds."""
        import pyarrow as pa

        moment = pa.timestamp("us", "UTC")
        fields = [each.with_type(moment) if pa.types.is_timestamp(each.type) else each for each in self.schema]
        return pa.schema([*fields, pa.field(DAY, pa.date32())])


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A committed file."""

    name: str  # of the object, relative to the dataset's folder
    bytes: int
    day: date
    footer: pq.FileMetaData


@dataclass(frozen=True, kw_only=True)
class FoundTable:
    """A table that is there already."""

    dataset: str | None  # None: another program's
    root: str | None
    wrong_columns: tuple[str, ...]  # that it lacks, or has with another type


class TableFormat(ABC):
    """One table. Its calls are made by one thread at a time.

    They raise `Unavailable` when trying again may help: nobody answers, or somebody else has just changed the table;
    `Refused` when it does not; and `Conflict` when the table has become another dataset's.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    files: ClassVar[tuple[str, ...]] = ("parquet",)  # the formats of files that it can name
    has_catalog: ClassVar[bool] = False

    def __init__(self, definition: TableDefinition) -> None:
        """`InvalidValue` when a table cannot be there, `MissingExtra` when the format's library is not installed."""
        self.definition = definition

    @property
    @abstractmethod
    def address(self) -> str:
        """The table, for people; without passwords."""

    @property
    @abstractmethod
    def id(self) -> str:
        """Of the table that `find` found or `create` made: another table of the same name has another one."""

    @abstractmethod
    def find(self) -> FoundTable | None:
        """The table that is there, if any; nothing is changed."""

    @abstractmethod
    def create(self, *, replace: bool) -> None:
        """Make it, without files; *replace*: in the place of the one that `find` found."""

    @abstractmethod
    def holds(self, batch: str, names: Sequence[str]) -> bool:
        """Whether *batch* has been added, or each of the files *names*: by anybody, up to now."""

    @abstractmethod
    def add(self, batch: str, files: Sequence[TableFile]) -> None:
        """Add the files of *batch* in one commit, if nobody has changed the table since `holds` looked at it."""

    @abstractmethod
    def names(self) -> Iterator[str]:
        """The files that the table names, as often as it does: relative to the dataset's folder where they lie there,
        else their address.
        """

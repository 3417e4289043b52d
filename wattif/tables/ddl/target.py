"""What a target is, and what it is told of the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wattif.errors import InvalidValue
from wattif.tables.column import Column, Kind
from wattif.tables.sql_text import PATTERN
from wattif.tables.table import LakeTable, Table

_ENDINGS = (".json", ".ndjson", ".parquet")  # of objects that the targets read
_VIEW = "deduplicated"  # of the expected tables: what a table downstream should hold


@dataclass(frozen=True, kw_only=True)
class Packing:
    """How files of readings are made; what is not set: as plain lines."""

    extension: str = ".json"
    name: str = "none"
    suffix: str = ""  # of their names, after the extension
    bigquery: str | None = "NONE"  # as BigQuery calls it; None: it reads no such files


@dataclass(frozen=True, kw_only=True)
class Source:
    """A table, the columns that it has in a dataset, and where its objects lie."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    place: str  # of the dataset: a path or gs://bucket/prefix
    objects: str | None  # pattern of their names below the place; None: a table of a warehouse
    is_json: bool  # one JSON object a line; else Parquet
    packing: Packing
    is_partitioned: bool  # by day, as dt=2024-01-01
    day_column: str | None
    cluster_column: str | None

    @classmethod
    def of(
        cls, table: Table, place: str, columns: tuple[Column, ...] | None = None, packing: Packing | None = None
    ) -> Source:
        """*table* with *columns*, or all that it may have, in the dataset at *place*; *packing*: of its files."""
        packing = packing or Packing()
        objects, is_stream = None, False
        if isinstance(table, LakeTable):
            is_stream = table.made == "stream"
            objects = re.sub(r"\{[^}]*\}", "*", table.path.replace("{view}", _VIEW))
            if is_stream:  # what arrives late or again, too
                objects = f"{objects.rpartition('/')[0]}/*"
            ending = packing.extension if is_stream else f".{table.endings[-1]}"
            if ending not in _ENDINGS:
                reason = f"its readings are files {ending}; code is written for those {' and '.join(_ENDINGS)}"
                raise InvalidValue("lake", place, f"{reason}: choose another `format`, or another `table`")
            objects += ending + packing.suffix if is_stream else ending
        return cls(
            name=table.name,
            description=table.description,
            columns=table.columns if columns is None else columns,
            key=table.key,
            place=place,
            objects=objects,
            is_json=objects is not None and not objects.endswith(".parquet"),
            packing=packing if is_stream else Packing(),
            is_partitioned=is_stream,
            day_column=table.day_column,
            cluster_column=table.cluster_column,
        )

    @property
    def pattern(self) -> str:
        """Where the objects lie, with stars; `InvalidValue` when the place itself may be taken for a pattern."""
        if PATTERN.search(self.place):
            reason = "has one of * ? [ ] { } \\ or a line feed, which engines read as a pattern of paths; rename it"
            raise InvalidValue("lake", self.place, reason)
        self.check_store()
        place = str(Path(self.place).absolute()) if self.place.startswith("~") else self.place  # engines look at home
        return f"{place}/{self.objects}"

    def check_store(self) -> None:
        """`InvalidValue` when the place is in a store whose files no statement was tried with."""
        if "://" in self.place and not self.is_in_cloud:
            reason = "statements read a folder or Cloud Storage, no other store; name a copy of the lake there"
            raise InvalidValue("lake", self.place, reason)

    @property
    def is_in_cloud(self) -> bool:
        """Whether the place is a bucket of Cloud Storage."""
        return self.place.startswith("gs://")

    def may_be_missing(self, column: Column) -> bool:
        """Whether a row may lack the column: schemas drift, and what is nullable says so."""
        return column.nullable or (self.is_json and column.name not in self.key)


@dataclass(frozen=True, kw_only=True)
class Target:
    """An engine."""

    write: Callable[[Source], str]
    reads_files: bool = False  # cannot declare a table that has none


def type_of(column: Column, types: Mapping[Kind, Any], decimal: str, whole: str, whole_32: str | None = None) -> str:
    """The column's type out of those of an engine; *decimal* has room for digits and decimals."""
    if column.is_decimal:
        return decimal.format(digits=column.digits, decimals=column.decimals)
    if column.kind == "number":
        return whole_32 or whole if column.bits == 32 else whole
    return str(types.get(column.kind, types["text"]) if column.is_text else types[column.kind])

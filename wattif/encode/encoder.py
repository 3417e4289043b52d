"""What a format is: how rows of a table become the bytes of an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from wattif.encode.row_template import RowTemplate
from wattif.tables.block import Block, Rows, TakenRows
from wattif.tables.column import Column

Bytes = bytes | memoryview
TEXT_WIDTH = 63  # the longest id that a city may have


@dataclass(frozen=True, kw_only=True)
class RowSchema:
    """What rows consist of: columns of a table, and how they differ from it after a drift of the schema."""

    columns: tuple[Column, ...]
    text_width: int = TEXT_WIDTH  # characters of the widest text in a column of texts
    renamed: tuple[str, str] | None = None  # a column's name in the table, and in the rows
    metadata: tuple[tuple[str, str], ...] = ()  # names and texts that tell where the rows are from
    added: tuple[str, str] | None = None  # a column that the table does not have, and its text in every row

    def written_name(self, column: Column) -> str:
        """The name of *column* in the rows."""
        return self.renamed[1] if self.renamed and self.renamed[0] == column.name else column.name


class Encoder:
    """Writes rows in one format. A new format is a subclass in a file of its own; see `wattif.encode`.

    Threads may share an encoder. Those of formats that keep something between two calls return an encoder of one
    object's from `open`.
    """

    name: ClassVar[str]  # as `format` calls it
    extension: ClassVar[str]  # of objects' names, with its dot
    content_type: ClassVar[str]
    is_text: ClassVar[bool]  # every row is a line that ends with a line feed
    options: ClassVar[Mapping[str, int]] = {}  # what else it takes, by name, with the defaults
    codecs: ClassVar[tuple[str, ...]] = ()  # compressions that it knows itself, within its objects
    bigquery: ClassVar[str | None] = None  # as BigQuery calls it; None: it loads no such objects
    duckdb: ClassVar[str | None] = None  # the function of DuckDB that reads it; None: there is none
    has_metadata: ClassVar[bool] = False  # an object has a place for `RowSchema.metadata`

    def __init__(self, schema: RowSchema) -> None:
        self.schema = schema

    def with_schema(self, schema: RowSchema) -> Self:
        """An encoder of rows of another *schema* that is the same in everything else."""
        return type(self)(schema)

    def with_codec(self, codec: str) -> Self:
        """An encoder whose objects are compressed within by one of `codecs`."""
        raise ValueError(f"{self.name} knows no {codec}")

    @property
    def row_width(self) -> int | None:
        """Bytes of every row; None when the size of an object shows only when it is made."""
        return None

    def template_of(self, city: str) -> RowTemplate | None:
        """What the rows of readings of *city* differ from in their values alone, where there is such a thing."""
        return None

    @property
    def row_room(self) -> int:
        """Most bytes that a row takes."""
        raise NotImplementedError

    @property
    def usual_row_bytes(self) -> int:
        """About so many bytes a row takes."""
        return self.row_width or self.row_room

    @property
    def object_room(self) -> int:
        """Most bytes that an object takes besides its rows; just these where rows have one width."""
        return 0

    def encode(self, block: Block | TakenRows, rows: Rows | None = None) -> Bytes:
        """The bytes of all rows of *block*, or of *rows* of it; valid until the thread's next call."""
        raise NotImplementedError

    def open(self) -> Self:
        """An encoder for one object: `start`, then `encode` any number of times, then `finish`."""
        return self

    def start(self) -> Bytes:
        """The first bytes of an object, before any row."""
        return b""

    def finish(self) -> Bytes:
        """The last bytes of an object, after all rows."""
        return b""

    def field_in(self, row: bytes, column: str) -> bytes | None:
        """The value of *column* in the text *row*, as it is written, where it can be told; the rest may be damaged."""
        return None

    def fields_in(self, row: bytes) -> dict[str, bytes] | None:
        """The values of all fields of the text *row*, as they are written; None where no reader accepts it."""
        return None

    def most_left(self, row: bytes) -> int:
        """Bytes of the text *row* that may be left at most of a row that was cut, so that no reader accepts it."""
        return len(row) - 2

    def lines_of(self, content: bytes) -> bytes | None:
        """The rows of the object *content*, whoever wrote it, as lines that `field_in` and `fields_in` read.

        None where the format has none; `ValueError` where *content* is no object of the format.
        """
        return content if self.is_text else None

    def weak_places(self, row: bytes) -> Sequence[int]:
        """Bytes of the text *row* from which on it can be overwritten so that no reader accepts it."""
        return (0,)

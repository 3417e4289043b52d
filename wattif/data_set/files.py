"""The tables of a data set as files, part by part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from wattif.errors import InvalidValue, choose_from

if TYPE_CHECKING:  # help and messages need the names of formats only
    import pyarrow as pa


class TableFile(Protocol):
    """A file that rows are appended to."""

    def packed(self, table: pa.Table) -> Any:
        """What to append of *table*; any thread may make it."""

    def append(self, packed: Any) -> None:
        """Append rows."""

    def write(self, table: pa.Table) -> None:
        """Append *table*."""

    def close(self) -> None:
        """End the file."""


class _Lines(ABC):
    """A file of lines."""

    def __init__(self, path: Path, schema: pa.Schema, *, quotes: bool) -> None:
        self._file = path.open("wb")
        self._quotes = quotes
        self._file.write(self._header(schema))

    def _header(self, schema: pa.Schema) -> bytes:
        return b""

    @abstractmethod
    def packed(self, table: pa.Table) -> pa.Buffer | bytes:
        """The lines of *table*."""

    def append(self, packed: pa.Buffer | bytes) -> None:
        self._file.write(packed)

    def write(self, table: pa.Table) -> None:
        self.append(self.packed(table))

    def close(self) -> None:
        self._file.close()


class _Csv(_Lines):
    """RFC 4180 with a header; times in RFC 3339."""

    def _header(self, schema: pa.Schema) -> bytes:
        return (",".join(schema.names) + "\n").encode()

    def packed(self, table: pa.Table) -> pa.Buffer:
        import pyarrow as pa
        from pyarrow import csv

        # without quotes, it fails where a text would need them
        style = csv.WriteOptions(include_header=False, quoting_style="needed" if self._quotes else "none")
        sink = pa.BufferOutputStream()
        csv.write_csv(_in_text(table), sink, style)
        return sink.getvalue()


def _in_text(table: pa.Table) -> pa.Table:
    """Times as texts; `strftime` takes ten times as long."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            plain = table[field.name].cast(pa.timestamp("s", "UTC")).cast(pa.timestamp("s")).cast(pa.string())
            with_t = pc.binary_replace_slice(plain.cast(pa.binary()), 10, 11, b"T").cast(pa.string())
            table = table.set_column(place, field.name, pc.binary_join_element_wise(with_t, "Z", ""))
    return table


class _NdJson(_Lines):
    """A line per row."""

    def packed(self, table: pa.Table) -> bytes:
        from wattif.tables.arrow import table_ndjson

        return table_ndjson(table)


class _Parquet:
    """Row groups as they come."""

    def __init__(self, path: Path, schema: pa.Schema, *, quotes: bool) -> None:
        import pyarrow.parquet as pq

        self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    def packed(self, table: pa.Table) -> pa.Table:
        return table

    def append(self, packed: pa.Table) -> None:
        self._writer.write_table(packed)

    def write(self, table: pa.Table) -> None:
        self.append(table)

    def close(self) -> None:
        self._writer.close()


@dataclass(frozen=True, kw_only=True)
class Format:
    """How tables are written, and how DuckDB scans them: types are those of the columns, not guessed."""

    create: type[_Csv] | type[_NdJson] | type[_Parquet]
    scan: str  # of the file at {path}


FORMATS = {
    "csv": Format(  # a dialect that is guessed takes a file that was cut off for one of a single column
        create=_Csv,
        scan="read_csv({path}, header=true, delim=',', quote='\"', escape='\"', all_varchar=true,"
        " allow_quoted_nulls=false)",
    ),
    "parquet": Format(create=_Parquet, scan="read_parquet({path})"),
    "ndjson": Format(
        create=_NdJson, scan="read_json({path}, format='newline_delimited', records=true, sample_size=-1)"
    ),
}


def known_format(name: str) -> str:
    """*name*, if tables can be written so; `InvalidValue` otherwise."""
    if name not in FORMATS:
        raise InvalidValue("output_format", name, f"unknown format{choose_from(name, FORMATS)}")
    return name


def open_table(path: Path, schema: pa.Schema, *, quotes: bool = False) -> TableFile:
    """A new file for rows of *schema*; the ending of its name is one of `FORMATS`.

    *quotes*: texts may hold commas and quotes, and CSV has all of them in quotes.
    """
    return FORMATS[path.suffix.removeprefix(".")].create(path, schema, quotes=quotes)

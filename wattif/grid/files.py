"""The tables of a grid data set as files, part by part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from wattif.errors import InvalidValue, choose_from
from wattif.tables.arrow import table_ndjson


class TableFile(Protocol):
    """A file that rows are appended to."""

    def write(self, table: pa.Table) -> None:
        """Append *table*."""

    def close(self) -> None:
        """End the file."""


class _Csv:
    """RFC 4180 with a header; times in RFC 3339."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")
        self._file.write((",".join(schema.names) + "\n").encode())
        options = csv.WriteOptions(include_header=False, quoting_style="none")  # fails where a text would need quotes
        self._writer = csv.CSVWriter(self._file, _in_text(schema.empty_table()).schema, write_options=options)

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(_in_text(table))

    def close(self) -> None:
        self._writer.close()
        self._file.close()


def _in_text(table: pa.Table) -> pa.Table:
    """Times as texts."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            seconds = table[field.name].cast(pa.timestamp("s", "UTC"))
            table = table.set_column(place, field.name, pc.strftime(seconds, "%Y-%m-%dT%H:%M:%SZ"))
    return table


class _NdJson:
    """A line per row."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")

    def write(self, table: pa.Table) -> None:
        self._file.write(table_ndjson(table))

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """Row groups as they come."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


@dataclass(frozen=True, kw_only=True)
class Format:
    """How tables are written, and how DuckDB scans them: types are those of the columns, not guessed."""

    create: Callable[[Path, pa.Schema], TableFile]
    scan: str  # of the file at {path}


FORMATS = {
    "csv": Format(create=_Csv, scan="read_csv({path}, header=true, all_varchar=true)"),
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


def open_table(path: Path, schema: pa.Schema) -> TableFile:
    """A new file for rows of *schema*; the ending of its name is one of `FORMATS`."""
    return FORMATS[path.suffix.removeprefix(".")].create(path, schema)

"""Where differences go for machines: one JSON document, or a Parquet file. Neither holds them all in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

import orjson

from wattif.answers.reconcile.differences import Difference
from wattif.errors import WattIfError
from wattif.tables.column import Column

_SPOOLED_BYTES = 16 << 20  # differences that wait in memory; more wait in a temporary file
_ROWS_PER_GROUP = 50_000
COLUMNS = (
    Column("place", "text", "name of the object in the lake, or of the table"),
    Column("mac", "mac", "MAC address of the meter; null where none is known", nullable=True),
    Column("hour", "timestamp", "the hour; null where none is known", nullable=True),
    Column("column", "text", "the field that differs; null: the whole row or object", nullable=True),
    Column("verdict", "text", "missing, extra, doubled, altered or disordered"),
    Column("readings", "number", "rows concerned; of an object not looked into, all it should hold"),
    Column("expected", "text", "what must be there, of the first row concerned", nullable=True),
    Column("found", "text", "what is there, of the first row concerned", nullable=True),
    Column("cause", "text", "the intended fault that explains it; null: none does", nullable=True),
)


class Output(Protocol):
    """Something that receives every difference."""

    def add(self, difference: Difference) -> None:
        """Take one more."""


class JsonOutput:
    """Keeps differences until the summary, which the document begins with, is known. Use it in a ``with`` block."""

    def __init__(self) -> None:
        self._spool = tempfile.SpooledTemporaryFile(_SPOOLED_BYTES)  # noqa: SIM115  # closed with the block

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def add(self, difference: Difference) -> None:
        """Take one more."""
        self._spool.write(orjson.dumps(asdict(difference), option=orjson.OPT_UTC_Z) + b"\n")

    def print(self, summary: Mapping[str, Any], out: TextIO) -> None:
        """Write the document ``{"summary": …, "differences": [ … ]}`` to *out*; a difference a line."""
        out.write(f'{{"summary":{orjson.dumps(summary).decode()},"differences":[')
        self._spool.seek(0)
        for number, line in enumerate(self._spool):
            out.write((",\n" if number else "\n") + line.decode().rstrip("\n"))
        out.write("]}\n")


class ParquetOutput:
    """A file of differences, in its place when all of them are written. Use it in a ``with`` block.

    `WattIfError` when the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        from wattif.tables.arrow import arrow_schema

        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._schema = arrow_schema(COLUMNS)
        self._waiting: list[dict[str, Any]] = []
        try:
            self._writer = pq.ParquetWriter(self._part, self._schema, compression="zstd")
        except OSError as error:
            raise self._explain(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._flush()
            self._writer.close()
            if error is None:
                self._part.replace(self._path)
        except OSError as problem:
            raise self._explain(problem) from None

    def add(self, difference: Difference) -> None:
        """Take one more."""
        self._waiting.append(asdict(difference))
        if len(self._waiting) >= _ROWS_PER_GROUP:
            try:
                self._flush()
            except OSError as error:
                raise self._explain(error) from None

    def _flush(self) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.Table.from_pylist(self._waiting, schema=self._schema))
        self._waiting.clear()

    def _explain(self, error: OSError) -> WattIfError:
        return WattIfError(
            f"`differences` {self._path}: cannot be written: {error.strerror or error}; name another file"
        )

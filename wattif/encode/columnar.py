"""What formats without lines have in common: their objects are read as Arrow's batches of rows, whoever wrote them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from wattif.encode.encoder import Bytes, Encoder
from wattif.encode.ndjson.reading import field_in, fields_in

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 2_000_000  # that are compared row by row: they take a hundred times as much memory as in the object


class ColumnarEncoder(Encoder):
    """Writes objects that tell names and types of their columns."""

    is_text = False

    @staticmethod
    def batches(content: Bytes) -> Iterator[pa.RecordBatch]:
        """The rows of the object *content*, whoever wrote it; `ValueError` where it is no whole object of the format.

        Numbers are exact, times are UTC.
        """
        raise NotImplementedError

    def lines_of(self, content: bytes) -> bytes:
        """See `Encoder.lines_of`: a line of JSON for each row; `ValueError` also for an object of too many rows."""
        lines: list[bytes] = []
        rows = 0
        for batch in self.batches(content):
            rows += batch.num_rows
            if rows > MOST_ROWS:
                raise ValueError(f"more than {MOST_ROWS:,} rows are too many to compare one by one")
            lines += _lines(batch)
        return b"".join(lines)

    def field_in(self, row: bytes, column: str) -> bytes | None:
        """See `Encoder.field_in`; *row*: of `lines_of`."""
        return field_in(row, column)

    def fields_in(self, row: bytes) -> dict[str, bytes] | None:
        """See `Encoder.fields_in`; *row*: of `lines_of`."""
        return fields_in(row)


def _lines(batch: pa.RecordBatch) -> Iterator[bytes]:
    names = [orjson.dumps(name).decode() for name in batch.schema.names]
    columns = [map(_text, column.to_pylist()) for column in batch.columns]
    for row in zip(*columns, strict=True):
        fields = ",".join(f"{name}:{value}" for name, value in zip(names, row, strict=True))
        yield f"{{{fields}}}\n".encode()


def _text(value: Any) -> str:
    """*value* as JSON; numbers with all of their digits."""
    if isinstance(value, Decimal | int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime):
        return f'"{value.isoformat().replace("+00:00", "Z")}"'
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    return json.dumps(value, default=str)

"""Rows of a Parquet object as lines of JSON, whoever wrote it: for those who compare row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

MOST_ROWS = 2_000_000  # that are compared row by row: they take a hundred times as much memory as in the object
_BATCH_ROWS = 10_000


def lines_of(content: bytes) -> bytes:
    """A line for each row, with exact numbers; `ValueError` where *content* is not Parquet or holds too many rows."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        if file.metadata.num_rows > MOST_ROWS:
            raise ValueError(f"{file.metadata.num_rows:,} rows are too many to compare one by one")
        return b"".join(_lines(file))
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"no Parquet file: {(str(error).splitlines() or [''])[0]}") from None


def _lines(file: pq.ParquetFile) -> Iterator[bytes]:
    for batch in file.iter_batches(_BATCH_ROWS):
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

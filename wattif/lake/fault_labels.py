"""Labels of what went wrong on the way: one table a kind of fault, one row a fault.

`FaultLabel` is the declaration of its columns; NDJSON, Parquet and docs/faults.md follow from it.
"""

from __future__ import annotations

import io
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, get_args, get_type_hints

import orjson

from wattif.lake import layout

if TYPE_CHECKING:
    import pyarrow as pa


class FaultKind(StrEnum):
    """What went wrong; the names are those of `--faults` and of the tables."""

    DUPLICATE = "duplicate"
    LATE = "late"
    DROP = "drop"
    OUT_OF_ORDER = "out_of_order"
    CORRUPT = "corrupt"
    PARTIAL_LINE = "partial_line"
    FILE_MISSING = "file_missing"
    BATCH_TWICE = "batch_twice"
    SCHEMA_DRIFT = "schema_drift"


def _about(description: str) -> dict[str, str]:
    return {"description": description}


@dataclass(frozen=True, slots=True)
class FaultLabel:
    """One fault. What does not apply to its kind is None; rows and lines count from 0."""

    file: str = field(metadata=_about("the file of the clean dataset that it happened to"))
    kind: FaultKind = field(metadata=_about("what went wrong, as `--faults` names it"))
    action: str = field(metadata=_about("what was done, in words"))
    row: int | None = field(
        default=None, metadata=_about("number of the row in the clean file; null when it happened to the whole file")
    )
    mac: str | None = field(default=None, metadata=_about("the meter of that row"))
    timestamp: datetime | None = field(
        default=None, metadata=_about("the time in that row; in rows without one, the start of the interval")
    )
    delivered_in: str | None = field(
        default=None, metadata=_about("the object in which it arrived; null when it arrived nowhere")
    )
    delivered_row: int | None = field(
        default=None, metadata=_about("number of its line there; of a duplicate, the second one")
    )
    delay_s: int | None = field(default=None, metadata=_about("how late it was, in seconds"))
    original: str | None = field(
        default=None, metadata=_about("the row as the clean file has it, without its line feed")
    )
    delivered: str | None = field(
        default=None, metadata=_about("what arrived of it, without a line feed; null when nothing did")
    )


@dataclass(frozen=True)
class LabelColumn:
    """A column of the tables of labels."""

    name: str
    kind: type
    nullable: bool
    description: str


def label_columns() -> tuple[LabelColumn, ...]:
    """The columns, in order, as `FaultLabel` declares them."""
    hints = get_type_hints(FaultLabel)
    columns = []
    for each in fields(FaultLabel):
        hint = hints[each.name]
        kinds = [kind for kind in get_args(hint) if kind is not types.NoneType] or [hint]
        columns.append(LabelColumn(each.name, kinds[0], bool(get_args(hint)), each.metadata["description"]))
    return tuple(columns)


def labels_ndjson(labels: Sequence[FaultLabel]) -> bytes:
    """One line a label."""
    return b"".join(orjson.dumps(label, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE) for label in labels)


def arrow_schema() -> pa.Schema:
    """The Arrow and Parquet schema, with each column's description."""
    import pyarrow as pa

    kinds = {str: pa.string(), FaultKind: pa.string(), int: pa.int64(), datetime: pa.timestamp("us", "UTC")}
    return pa.schema(
        [
            pa.field(column.name, kinds[column.kind], column.nullable, {"description": column.description})
            for column in label_columns()
        ]
    )


def labels_parquet(labels: Sequence[FaultLabel]) -> bytes:
    """The same as a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = arrow_schema()
    columns = {name: [getattr(label, name) for label in labels] for name in schema.names}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, schema=schema), sink, compression="zstd")
    return sink.getvalue()


LABEL_FORMATS = {"ndjson": labels_ndjson, "parquet": labels_parquet}  # by the ending of the object's name


def label_objects(day: date, batch: int, labels: Sequence[FaultLabel]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the objects that hold the *labels* of a batch: a table for each kind that there is."""
    for kind in FaultKind:
        own = [label for label in labels if label.kind == kind]
        for ending, write in LABEL_FORMATS.items() if own else ():
            yield layout.fault_labels_name(kind, day, batch, ending), write(own)

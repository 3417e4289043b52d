"""Labels of what went wrong on the way as objects of the lake: NDJSON and Parquet."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wattif.tables.arrow import arrow_schema
from wattif.tables.fault_kinds import FaultKind
from wattif.tables.fault_labels import TABLE, partition_of

_ROWS_AT_ONCE = 50_000  # their text has less than 2 GB
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_CONTROLS = "".join(map(chr, range(32)))


def labels_ndjson(labels: pa.Table) -> bytes:
    """One line per label."""
    return b"".join(_lines(batch) for batch in labels.combine_chunks().to_batches(max_chunksize=_ROWS_AT_ONCE))


def labels_parquet(labels: pa.Table) -> bytes:
    """The same as a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(labels.combine_chunks(), sink, compression="zstd")
    return sink.getvalue()


LABEL_FORMATS: dict[str, Callable[[pa.Table], bytes]] = {  # by the ending of the object's name
    "ndjson": labels_ndjson,
    "parquet": labels_parquet,
}


def label_tables(day: date, batch: int, labels: Sequence[pa.Table]) -> Iterator[tuple[str, str, pa.Table]]:
    """The objects that hold the *labels* of a batch, a table for each kind that there is: name, ending, and content."""
    if not labels:
        return
    table = pa.concat_tables(labels)
    for kind in FaultKind:
        own = table.filter(pc.equal(table["kind"], str(kind))).combine_chunks()
        names = TABLE.object_names(partition_of(kind, day, batch))
        for ending, name in zip(TABLE.endings, names, strict=True) if len(own) else ():
            yield name, ending, own


def label_objects(day: date, batch: int, labels: Sequence[pa.Table]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the objects that hold the *labels* of a batch."""
    for name, ending, own in label_tables(day, batch, labels):
        yield name, LABEL_FORMATS[ending](own)


def _lines(rows: pa.RecordBatch) -> bytes:
    """Column by column, so that a label costs no call."""
    parts: list[pa.Array | str] = []
    before, before_json = rows.column(0), ""
    for number, field in enumerate(arrow_schema(TABLE.columns)):
        column = rows.column(number)
        if number == 0 or not column.equals(before):  # most rows arrive as they are
            before, before_json = column, _json(column)
        parts += [f'{"," if number else "{"}"{field.name}":', before_json]
    lines = pc.binary_join_element_wise(*parts, "}\n", "")
    _, offsets, data = lines.buffers()
    first, last = (int.from_bytes(offsets[4 * n : 4 * n + 4].to_pybytes(), "little") for n in (0, len(lines)))
    return bytes(data[first:last])


def _json(values: pa.Array) -> pa.Array:
    """Each value as JSON."""
    if pa.types.is_timestamp(values.type):
        values = pc.replace_substring(values.cast(pa.timestamp("s")).cast(pa.string()), " ", "T")
        texts = pc.binary_join_element_wise('"', values, 'Z"', "")
    elif pa.types.is_string(values.type):
        texts = pc.binary_join_element_wise('"', _escaped(values), '"', "")
    else:
        texts = values.cast(pa.string())
    return pc.coalesce(texts, "null")


def _escaped(texts: pa.Array) -> pa.Array:
    """Texts as they stand between the quotes of JSON."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"')):
        texts = pc.replace_substring(texts, plain, escaped)
    *_, data = texts.buffers()
    if data is not None and (np.frombuffer(data, np.uint8) < ord(" ")).any():
        for control in _CONTROLS:
            texts = pc.replace_substring(texts, control, _SHORT.get(control, f"\\u{ord(control):04x}"))
    return texts

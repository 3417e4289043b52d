"""Labels without the rows that they are of: each lies in the lake twice, as NDJSON and as Parquet, with the same rows.

That finds what was lost or changed in one of the two; only the rows of the lake tell whether both are right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.whole_tables import read_object
from wattif.lake import layout
from wattif.spec import Spec
from wattif.tables import anomaly_labels, fault_labels
from wattif.tables.arrow import arrow_schema, table_ndjson
from wattif.tables.column import Column
from wattif.tables.fault_kinds import FaultKind
from wattif.tables.label_objects import labels_ndjson
from wattif.uploader.store import Store

_NDJSON, _PARQUET = ".ndjson", ".parquet"
_OF_FILES = (FaultKind.FILE_MISSING, FaultKind.BATCH_TWICE, FaultKind.SCHEMA_DRIFT)  # expected by name without rows


def unequal_labels(store: Store, spec: Spec) -> Iterator[Difference]:
    """Labels of the days of *spec*, and those of anomalies, of which one form is not there, or says something else."""
    of_meters = set(store.list(anomaly_labels.TABLE.prefix))
    for stem in sorted({name.rpartition(".")[0] for name in of_meters}):
        if (pair := {f"{stem}{ending}" for ending in (_NDJSON, _PARQUET)}) <= of_meters:
            told = _of_pair(store, pair, anomaly_labels.TABLE.columns, table_ndjson)
            yield from (each for each in told if each.place.endswith(_NDJSON))  # of the Parquet file, its rows are told
    names = [name for name in store.list(layout.FAULT_LABELS) if _is_of(name, spec)]
    for stem in sorted({name.rpartition(".")[0] for name in names}):
        pair = {f"{stem}{ending}" for ending in (_NDJSON, _PARQUET)}
        lost = pair.difference(names)
        if not lost:
            yield from _of_pair(store, pair, fault_labels.TABLE.columns, labels_ndjson)
        elif _kind_of(stem) not in _OF_FILES:
            for name in lost:
                yield Difference(name, None, None, None, "missing", 0, f"the labels of {(pair - lost).pop()}", None)


def _of_pair(
    store: Store, pair: Iterable[str], columns: tuple[Column, ...], ndjson: Callable[[pa.Table], bytes]
) -> Iterator[Difference]:
    text_name, table_name = sorted(pair)
    try:
        table = pq.ParquetFile(pa.BufferReader(read_object(store, table_name) or b"")).read()
    except (pa.ArrowException, OSError):
        yield Difference(table_name, None, None, "bytes", "altered", 0, "a Parquet file", "no Parquet file")
        return
    if table.schema != arrow_schema(columns):
        yield Difference(table_name, None, None, "columns", "altered", 0, "those of labels", "others")
        return
    text = read_object(store, text_name) or b""
    if text != ndjson(table):
        lines, rows = text.count(b"\n"), table.num_rows
        told = ("the rows of the Parquet file", "others") if lines == rows else (f"{rows} rows", f"{lines} lines")
        yield Difference(text_name, None, None, "labels", "altered", 0, *told)


def _kind_of(name: str) -> str:
    return name.removeprefix(layout.FAULT_LABELS).partition("/")[0]


def _is_of(name: str, spec: Spec) -> bool:
    """Whether they are labels of a day of *spec*."""
    folder = name.rpartition("/")[0].rpartition("/")[2]
    try:
        day = date.fromisoformat(folder.removeprefix(layout.PARTITIONS))
    except ValueError:
        return False
    return spec.start <= day < spec.end + timedelta(days=1) and name.endswith((_NDJSON, _PARQUET))

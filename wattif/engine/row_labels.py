"""The labels of what happened to the rows of a unit, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.encode.encoded_rows import EncodedRows
from wattif.faults.arrange import MOST_STEPS, PARTIAL
from wattif.faults.plan import RowFault
from wattif.faults.rows import RowEvents
from wattif.model.fleet import mac_text
from wattif.tables.arrow import arrow_schema
from wattif.tables.block import TakenRows
from wattif.tables.fault_kinds import FaultKind
from wattif.tables.fault_labels import TABLE

_KINDS = [str(kind) for kind in sorted(FaultKind, key=lambda kind: kind.row_code) if kind.row_code]
_ACTIONS = {
    RowFault.DROP: "dropped",
    RowFault.DUPLICATE: "sent twice",
    RowFault.LATE: "delivered late",
    PARTIAL: "cut, and the file ends",
}
_MOVED = PARTIAL + 1  # the first of the actions of rows that moved
_ALL_ACTIONS = [_ACTIONS.get(fault, "") for fault in range(_MOVED)]
_ALL_ACTIONS += [f"moved {steps} rows later" for steps in range(MOST_STEPS + 1)]
_ROWS_AT_ONCE = 10_000  # so many labels at least become one chunk of the table


@dataclass(frozen=True, kw_only=True)
class Damage:
    """What became of a line."""

    line: bytes
    action: str  # in words


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The lines of rows without their line feeds; None where the format is no text."""

    original: EncodedRows  # in the clean object
    delivered: EncodedRows


@dataclass(frozen=True, kw_only=True)
class HappenedRows:
    """What happened to rows of a block, for their labels."""

    events: RowEvents
    first_row: int  # of the block, in the clean object
    first_line: int  # of the block, in the main object
    macs: NDArray[np.uint64] | None
    times: NDArray[np.datetime64] | None
    damages: dict[int, Damage]  # by the number of the event
    texts: Texts | None
    late: EncodedRows | TakenRows | None  # the rows that come late


def label_chunks(
    happened: Sequence[HappenedRows], late_lines: NDArray[np.int64], names: tuple[str, str]
) -> Iterator[pa.RecordBatch]:
    """The labels of the rows of a unit, in the rows' order.

    *late_lines*: the lines of the late rows in their object, in the rows' order; *names*: of the main object, and of
    the one with late rows.
    """
    group: list[HappenedRows] = []
    labels = lates = 0
    for position, each in enumerate(happened):
        group.append(each)
        labels += len(each.events.rows)
        if labels >= _ROWS_AT_ONCE or position == len(happened) - 1:
            late = sum(len(each.events.late) for each in group)
            yield _chunk(group, late_lines[lates : lates + late], names)
            group, labels, lates = [], 0, lates + late


def _chunk(group: Sequence[HappenedRows], late_lines: NDArray[np.int64], names: tuple[str, str]) -> pa.RecordBatch:
    schema = arrow_schema(TABLE.columns)
    faults = np.concatenate([each.events.faults for each in group])
    late = faults == RowFault.LATE
    lines = np.concatenate([each.events.lines + np.where(each.events.lines < 0, 0, each.first_line) for each in group])
    arrives_in = np.where(late, 1, np.where(lines < 0, -1, 0))
    lines[late] = late_lines
    delays_s = np.concatenate([each.events.delays_s for each in group])
    columns = {
        "file": pa.repeat(names[0], len(faults)),
        "kind": pa.array(_KINDS).take(pa.array(faults - 1)),
        "action": _actions(group, faults),
        "row": pa.array(np.concatenate([each.first_row + each.events.rows for each in group])),
        "mac": _column(pa.string(), [_mac_texts(each) for each in group], len(faults)),
        "timestamp": _column(schema.field("timestamp").type, [each.times for each in group], len(faults)),
        "delivered_in": pa.array(names).take(pa.array(arrives_in, mask=arrives_in < 0)),
        "delivered_row": pa.array(lines, mask=lines < 0),
        "delay_s": pa.array(delays_s, mask=~late),
        "original": _lines([each.texts.original if each.texts else None for each in group], np.ones_like(late)),
        "delivered": _lines([each.texts.delivered if each.texts else None for each in group], faults != RowFault.DROP),
    }
    return pa.record_batch([columns[name] for name in schema.names], schema=schema)


def _actions(group: Sequence[HappenedRows], faults: NDArray[np.uint8]) -> pa.Array:
    steps = np.concatenate([each.events.steps for each in group])
    actions = np.where(faults == RowFault.OUT_OF_ORDER, _MOVED + steps, faults.astype(np.int64))
    texts, first = list(_ALL_ACTIONS), 0
    for each in group:
        for number, damage in each.damages.items():
            if faults[first + number] != PARTIAL:
                actions[first + number] = len(texts)
                texts.append(damage.action)
        first += len(each.events.rows)
    return pa.array(texts).take(pa.array(actions))


def _mac_texts(happened: HappenedRows) -> NDArray[np.bytes_] | None:
    return None if happened.macs is None else mac_text(happened.macs)


def _column(kind: pa.DataType, parts: Sequence[NDArray[Any] | None], count: int) -> pa.Array:
    known = [part for part in parts if part is not None]
    return pa.array(np.concatenate(known)).cast(kind) if known else pa.nulls(count, kind)


def _lines(parts: Sequence[EncodedRows | None], valid: NDArray[np.bool_]) -> pa.Array:
    """Lines as texts, null where they are not *valid*; an error of Arrow when they are not UTF-8."""
    known = [part for part in parts if part is not None]
    if not known:
        return pa.nulls(len(valid), pa.string())
    rows = EncodedRows.joined(known)
    bitmap = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    offsets = pa.py_buffer(rows.bounds.astype(np.int32))
    texts = pa.StringArray.from_buffers(len(rows), offsets, pa.py_buffer(rows.data), bitmap)
    texts.validate(full=True)
    return texts

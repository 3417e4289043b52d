"""Rows of the tables of incidents in memory: all of them, or those of any range of incidents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from wattif.errors import InvalidValue, choose_from
from wattif.incidents.block import Block
from wattif.incidents.rows import Rows, RowsOfSetting, all_rows
from wattif.incidents.setting import Setting
from wattif.incidents.spec import IncidentSpec
from wattif.incidents.write import BLOCK_INCIDENTS
from wattif.tables.arrow import arrow_schema


def read_incidents(
    spec: IncidentSpec,
    table: str = "incidents",
    *,
    columns: Sequence[str] | None = None,
    first: int = 0,
    count: int | None = None,
) -> pa.RecordBatchReader:
    """Make the rows of a table of incidents; nothing is stored.

    Parameters
    ----------
    spec
        The incidents.
    table
        ``incidents``, ``incident_events``, ``incident_units``, ``stations``, …
    columns
        Names, in the order wanted; None: all.
    first
        Begin with this incident, from 0; the rows of a range are the same as those of the whole.
    count
        So many incidents, or as many as there are; None: all that follow. Small tables are always whole.

    Returns
    -------
    pyarrow.RecordBatchReader
        Rows are made when the next batch is asked for.

    Raises
    ------
    wattif.errors.InvalidValue
        There is no such table, column, incident or city.

    Examples
    --------
    >>> import wattif
    >>> from wattif.incidents.read import read_incidents
    >>> spec = wattif.IncidentSpec(incident_count=1_000, seed=7, window_end="2024-07-01")
    >>> whole = read_incidents(spec).read_all()
    >>> some = read_incidents(spec, first=300, count=200).read_all()
    >>> some.equals(whole.slice(300, 200))
    True
    """
    known = all_rows()
    if table not in known:
        raise InvalidValue("table", table, f"is none of incidents{choose_from(table, known)}")
    rows = known[table]
    names = rows.table.column_names
    for name in columns or ():
        if name not in names:
            raise InvalidValue("columns", name, f"{table} has no such column{choose_from(name, names)}")
    last = spec.incident_count if count is None else min(first + count, spec.incident_count)
    if not 0 <= first <= last:
        raise InvalidValue("first", first, f"there are incidents from 0 to {spec.incident_count - 1} only")
    setting = Setting.of(spec)
    setting.prepare()
    chosen = list(columns or names)
    schema = arrow_schema(rows.table.columns)
    own = pa.schema([schema.field(name) for name in chosen])
    return pa.RecordBatchReader.from_batches(own, batches(setting, rows, chosen, range(first, last)))


def batches(setting: Setting, rows: Rows, columns: Sequence[str], numbers: range) -> Iterator[pa.RecordBatch]:
    """The *columns* of the *rows* that follow from the incidents *numbers*; small tables are always whole."""
    if isinstance(rows, RowsOfSetting):
        yield from rows.make(setting).select(list(columns)).to_batches()
        return
    for first in range(numbers.start, numbers.stop, BLOCK_INCIDENTS):
        block = Block(setting=setting, first=first, count=min(BLOCK_INCIDENTS, numbers.stop - first))
        yield from rows.make(block).select(list(columns)).to_batches()

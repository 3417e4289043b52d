"""`wattif.read`: the rows of any table of a dataset as Arrow, made while they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa

from wattif.errors import InvalidValue, choose_from
from wattif.face.columns import Numbers, schema_of
from wattif.face.rows import Rows, batches, expected_batches, is_by_meter
from wattif.incidents.read import read_incidents
from wattif.incidents.spec import IncidentSpec
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.tables.column import Column
from wattif.tables.expected import VIEWS, ExpectedTable
from wattif.tables.readings import READINGS, select_fields
from wattif.tables.table import LakeTable

View = Literal["measured", "delivered", "deduplicated"]


def read(
    spec: Spec | IncidentSpec,
    table: str = READINGS,
    *,
    meters: Sequence[int] | None = None,
    days: int | None = None,
    first_day: date | str | None = None,
    columns: Sequence[str] | None = None,
    numbers: Numbers = "float",
    view: View = "measured",
) -> pa.RecordBatchReader:
    """Make the rows of a table, without any lake.

    Parameters
    ----------
    spec
        The dataset, or incidents.
    table
        A table of the catalog: ``readings``, ``meters``, ``weather``, ``anomaly_labels``, ``expected_hourly``, …; of
        incidents ``incidents``, ``stations``, …
    meters
        Numbers of meters, from 0 on; None: all. For tables that are made by the meter.
    days
        So many days only, UTC. For tables with a partition per day.
    first_day
        Begin with this day, UTC, not with the first one of *spec*. For tables with a partition per day.
    columns
        Names, in the order wanted; None: those of *spec* for readings, all for other tables.
    numbers
        Numbers with a fixed point as ``float``; as ``decimal``, exact; or as ``scaled`` whole numbers, exact, in units
        of the last digit: ``scale`` in the field's metadata says how many digits stand after the point.
    view
        Of expected tables: what meters ``measured``, what was ``delivered``, or that ``deduplicated``. Those by local
        day and month follow each city's own clock.

    Returns
    -------
    pyarrow.RecordBatchReader
        Partition by partition, meter by meter, in order of time. Rows are made when the next batch is asked for: memory
        does not grow with the days, and with the meters that are asked for by some 200 bytes each. Timestamps are
        ``timestamp[s, UTC]``; the unit of a column stands in the field's metadata. ``.read_pandas()`` gives a
        DataFrame.

    Raises
    ------
    wattif.errors.InvalidValue
        There is no such table, meter, day or column, or the table cannot be narrowed like that.

    Notes
    -----
    Readings are what the meters report, anomalies included. What `Spec.faults` do on the way to a lake is not in them:
    the objects in the lake show it, and the expected tables with ``view="delivered"`` count it.

    Examples
    --------
    A week of one meter, a row every ten seconds:

    >>> spec = wattif.Spec(start="2024-01-01", end="2024-01-31", meters=1_000, city="london")
    >>> week = wattif.read(spec, "readings", meters=[12], days=7, numbers="scaled").read_all()
    >>> week.num_rows, 7 * 86_400 // 10
    (60480, 60480)

    The register moves by what is consumed. Both in thousandths of a watt-hour; the register shows whole watt-hours:

    >>> used = sum(week["consumption_wh"].to_pylist()[1:])
    >>> shown = week["register_kwh"].to_pylist()
    >>> abs((shown[-1] - shown[0]) * 1_000 - used) < 1_000
    True

    DuckDB queries a reader as it is; nothing is stored:

    >>> import duckdb
    >>> fleet = wattif.read(spec, "meters", columns=["mac", "class"])
    >>> duckdb.sql("SELECT count(*), count(DISTINCT mac) FROM fleet").fetchall()
    [(1000, 1000)]
    """
    if isinstance(spec, IncidentSpec):
        if meters is not None or days is not None or first_day is not None:
            given = next(
                name for name, value in {"meters": meters, "days": days, "first_day": first_day}.items() if value
            )
            raise InvalidValue(given, table, "incidents are made by number; see `wattif.incidents.read.read_incidents`")
        return read_incidents(spec, table, columns=columns)
    rows = rows_of(
        spec, table, meters=meters, days=days, first_day=first_day, columns=columns, numbers=numbers, view=view
    )
    return pa.RecordBatchReader.from_batches(schema_of(rows.columns, numbers), batches(rows))


def rows_of(
    spec: Spec,
    table: str,
    *,
    meters: Sequence[int] | None = None,
    days: int | None = None,
    first_day: date | str | None = None,
    columns: Sequence[str] | None = None,
    numbers: Numbers,
    view: str,
) -> Rows:
    """Which rows that is; see `read`."""
    tables = {each.name: each for each in catalog.lake_tables_of(spec)}
    if table not in tables:
        raise InvalidValue("table", table, f"the dataset has none{choose_from(table, tables)}")
    found = tables[table]
    for name, value, known in (("numbers", numbers, get_args(Numbers)), ("view", view, VIEWS)):
        if value not in known:
            raise InvalidValue(name, value, f"choose from {', '.join(known)}")
    return Rows(
        spec=spec,
        table=found,
        partitions=_partitions(found, spec, first_day, days),
        ranges=_ranges(found, spec, meters),
        columns=_chosen(found, spec, columns),
        numbers=numbers,
        view=view,
    )


def _chosen(table: LakeTable, spec: Spec, columns: Sequence[str] | None) -> tuple[Column, ...]:
    there = table.columns_in(spec)
    if columns is None:
        return there
    if table.name == READINGS:
        return select_fields(list(columns), spec.interval)
    by_name = {column.name: column for column in there}
    for name in columns:
        if name not in by_name:
            raise InvalidValue("columns", name, f"{table.name} has no such column{choose_from(name, by_name)}")
    return tuple(by_name[name] for name in columns)


def _partitions(table: LakeTable, spec: Spec, first_day: date | str | None, days: int | None) -> list[str]:
    names = list(table.partitions(spec))
    if first_day is None and days is None:
        return names
    if not {(spec.start + timedelta(days=n)).isoformat() for n in range((spec.end - spec.start).days + 1)} <= set(
        names
    ):
        raise InvalidValue("days", days, f"{table.name} has no partition per day; leave out `days` and `first_day`")
    first = spec.start if first_day is None else date.fromisoformat(str(first_day))
    if not spec.start <= first <= spec.end:
        raise InvalidValue("first_day", first, f"must lie between `start` {spec.start} and `end` {spec.end}")
    left = (spec.end - first).days + 1
    if days is not None and not 1 <= days <= left:
        raise InvalidValue("days", days, f"must lie between 1 and {left}: the dataset ends on {spec.end}")
    begin = names.index(first.isoformat())
    return names[begin : begin + (days or left)]


def _ranges(table: LakeTable, spec: Spec, meters: Sequence[int] | None) -> list[range] | None:
    if meters is None:
        return None
    if not is_by_meter(table):
        raise InvalidValue("meters", list(meters), f"{table.name} is not made by the meter; leave out `meters`")
    ranges: list[range] = []
    for meter in sorted(set(meters)):
        if not 0 <= meter < spec.meters:
            raise InvalidValue("meters", meter, f"must lie between 0 and {spec.meters - 1}")
        if ranges and ranges[-1].stop == meter:
            ranges[-1] = range(ranges[-1].start, meter + 1)
        else:
            ranges.append(range(meter, meter + 1))
    if not ranges:
        raise InvalidValue("meters", [], "name at least one, or leave it out")
    return ranges


def expected_tables(folder: Path, spec: Spec, view: View, numbers: Numbers) -> dict[str, pa.Table]:
    """The expected tables that lie in *folder*, by the end of their names."""
    tables = {}
    for table in catalog.lake_tables_of(spec, "expect", "request"):
        if isinstance(table, ExpectedTable):
            rows = Rows(
                spec=spec,
                table=table,
                partitions=(),
                ranges=None,
                columns=table.columns_in(spec),
                numbers=numbers,
                view=view,
            )
            found = pa.Table.from_batches(expected_batches(rows, folder), schema_of(rows.columns, numbers))
            if found.num_rows or table.made == "expect":
                tables[table.name.removeprefix("expected_")] = found
    return tables

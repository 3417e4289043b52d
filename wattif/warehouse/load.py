"""`wattif load`: the committed days of a lake, each whole or not at all, and the network that it describes."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from wattif.encode import encoder_type
from wattif.errors import InvalidValue, LakeError, WarehouseError
from wattif.extras import needs
from wattif.lake import layout
from wattif.lake.days import CommittedDay, StoredDataset, committed_days, stored_dataset
from wattif.lake.open import opened
from wattif.uploader.retrying import RetryPolicy
from wattif.uploader.store import Store
from wattif.warehouse.open import check_format, open_warehouse
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.statements import literal, names, read_sql
from wattif.warehouse.tables import BAD_RECORDS, LOADS, READINGS, Table, readings_table
from wattif.warehouse.warehouse import BadRecord, Staged, Warehouse, temporary_tables
from wattif.warehouse.whole_tables import load_whole, network_of, told_tables

NEEDED = ("mac", "timestamp", "consumption_wh")
_SHOWN = 5  # bad records that the summary names


@dataclass(frozen=True)
class LoadReport:
    """What a load did."""

    place: str
    days_loaded: int = 0
    days_skipped: int = 0  # loaded before, and unchanged since
    files: int = 0
    rows: int = 0
    bad_record_count: int = 0
    bad_records: tuple[BadRecord, ...] = ()  # the first ones
    unknown_fields: Counter[str] = field(default_factory=Counter)  # rows by field that no column takes
    missing_fields: Counter[str] = field(default_factory=Counter)  # rows by field that was not there
    tables: Mapping[str, int] = field(default_factory=dict)  # rows by table of the network that was loaded
    notes: Sequence[str] = ()  # on how the warehouse keeps them

    @property
    def summary(self) -> str:
        """What was done, for people."""
        skipped = f" ({self.days_skipped:,} days were already loaded)" if self.days_skipped else ""
        lines = [
            f"{self.rows:,} readings of {self.days_loaded:,} days, {self.files:,} files, into"
            f" {self.place}: {READINGS}{skipped}"
        ]
        if self.tables:
            lines.append(f"tables: {told_tables(self.tables)}")
        if self.bad_record_count:
            lines.append(f"{self.bad_record_count:,} bad records, all listed in {BAD_RECORDS.name}; the first:")
            lines += [f"  {bad.file} line {bad.line or '?'}: {bad.error}" for bad in self.bad_records]
        for counts, what in ((self.unknown_fields, "not loaded"), (self.missing_fields, "missing, NULL")):
            lines += [f"field {name}: {what} in {rows:,} rows" for name, rows in sorted(counts.items())]
        return "\n".join([*lines, *self.notes])


def load(
    lake: Store | str | Path,
    place: WarehousePlace,
    *,
    start: date | None = None,
    end: date | None = None,
    external: bool = False,
    retry: RetryPolicy | None = None,
) -> LoadReport:
    """Load the committed days of *lake* from *start* to *end* into the warehouse at *place*.

    With *external*, BigQuery reads them where they are; *retry*: how to retry what does not answer.
    `LakeError` when there is nothing to load, `InvalidValue` when the warehouse does not take the lake's format,
    `WarehouseError` when it cannot be loaded.
    """
    store = opened(lake, retry=retry)
    dataset = stored_dataset(store)
    lacking = [name for name in NEEDED if name not in {each.name for each in dataset.fields}]
    if lacking:
        raise LakeError(
            f"{store.place}: the readings have no {' and no '.join(lacking)}, which hours are made of;"
            f" generate them with `columns` {','.join(NEEDED)} and more"
        )
    check_format(place, dataset.format, dataset.compression)
    days = committed_days(store, start, end)
    if not days:
        span = f" from {start or 'the first day'} to {end or 'the last'}"
        raise LakeError(
            f"{store.place} holds no committed day{span if start or end else ''};"
            " generate it first, or choose other days"
        )
    warehouse = open_warehouse(place, create=True, retry=retry)
    try:
        return load_days(
            store, dataset, days, warehouse, _external_table(store, dataset, warehouse) if external else None
        )
    finally:
        warehouse.close()


def _external_table(store: Store, dataset: StoredDataset, warehouse: Warehouse) -> Callable[[Table], None]:
    """How the readings' table is laid over the bucket."""
    with needs("bigquery"):
        from wattif.warehouse.bigquery_warehouse import BigQueryWarehouse

    if not isinstance(warehouse, BigQueryWarehouse) or not store.place.startswith("gs://"):
        raise InvalidValue("external", True, "needs BigQuery and a bucket; leave it out")
    return lambda table: warehouse.create_external_table(
        table, store.place, encoder_type(dataset.format), dataset.compression
    )


def load_days(
    store: Store,
    dataset: StoredDataset,
    days: Sequence[CommittedDay],
    warehouse: Warehouse,
    create_external: Callable[[Table], None] | None = None,
) -> LoadReport:
    """Load *days*; those whose manifests are the same as when they were loaded are skipped.

    With *create_external* the readings stay where they are; only the record of what is there is written.
    """
    readings = readings_table(dataset.fields)
    for table in (LOADS, BAD_RECORDS):
        warehouse.create_table(table)
    loaded = _loaded(warehouse, dataset)
    (create_external or warehouse.create_table)(readings)
    absent = warehouse.absent_days
    report = LoadReport(warehouse.place, tables=load_whole(warehouse, network_of(store)), notes=warehouse.notes)
    for day in days:
        if loaded.get(day.day) == day.fingerprint:
            report = replace(report, days_skipped=report.days_skipped + 1)
        elif day.day in absent:
            raise WarehouseError(
                f"{warehouse.place}: {day.day} has changed in the lake, but its readings are archived in"
                f" {absent[day.day]}; run 'python -m wattif restore --day {day.day}', then the same command again"
            )
        else:
            report = _load_day(store, dataset, day, warehouse, report, external=create_external is not None)
    if not _any_reading(warehouse, days):
        raise WarehouseError(
            f"{warehouse.place}: the {len(days)} days of {store.place} hold no readings;"
            f" check {BAD_RECORDS.name}, or generate them again"
        )
    return report


def _loaded(warehouse: Warehouse, dataset: StoredDataset) -> dict[date, str]:
    """The fingerprints of the days that are loaded; `WarehouseError` when they are another dataset's."""
    there = warehouse.query("SELECT dt, dataset, fingerprint FROM wattif_loads").to_pylist()
    if any(row["dataset"] != dataset.fingerprint for row in there):
        raise WarehouseError(
            f"{warehouse.place} holds the readings of another dataset; name another `database`, `dataset` or"
            " `database_url`, or remove its tables"
        )
    return {row["dt"]: row["fingerprint"] for row in there}


def _load_day(
    store: Store, dataset: StoredDataset, day: CommittedDay, warehouse: Warehouse, report: LoadReport, *, external: bool
) -> LoadReport:
    load_id = uuid.uuid4().hex
    staged_table = Table(
        name=f"wattif_staged_{load_id}",
        description="temporary",
        columns=readings_table(dataset.fields).columns[:-1],
    )
    bad_table = replace(BAD_RECORDS, name=f"wattif_bad_{load_id}", columns=BAD_RECORDS.columns[1:])
    staged, missing, script = Staged(), Counter[str](), ""
    with temporary_tables(warehouse, staged_table, bad_table):
        if not external:
            if not encoder_type(dataset.format).is_text:
                _check_bytes(store, day)
            staged = warehouse.stage(store, day, staged_table)
            missing = _missing_fields(warehouse, staged_table)
            columns = names(list(staged_table.column_names))
            script = read_sql("replace_day.sql", day=literal(day.day), columns=columns, staged=f"`{staged_table.name}`")
        warehouse.put_table(bad_table, _arrow(staged.bad_records).to_reader())
        warehouse.execute(
            script
            + read_sql(
                "record_load.sql",
                day=literal(day.day),
                load_id=literal(load_id),
                bad_records=f"`{bad_table.name}`",
                dataset=literal(dataset.fingerprint),
                fingerprint=literal(day.fingerprint),
                files=literal(len(day.files)),
                bad_record_count=literal(staged.bad_record_count),
            )
        )
    rows = warehouse.query(f"SELECT `rows` FROM wattif_loads WHERE load_id = {literal(load_id)}").to_pylist()[0]["rows"]
    return replace(
        report,
        days_loaded=report.days_loaded + 1,
        files=report.files + len(day.files),
        rows=report.rows + rows,
        bad_record_count=report.bad_record_count + staged.bad_record_count,
        bad_records=(*report.bad_records, *staged.bad_records)[:_SHOWN],
        unknown_fields=report.unknown_fields + Counter(staged.unknown_fields),
        missing_fields=report.missing_fields + missing,
    )


def _check_bytes(store: Store, day: CommittedDay) -> None:
    """`LakeError` where a file is not the one that was committed.

    A line that is damaged is a bad record; a page or a block that is may still read as values, though other ones.
    """
    there = {each.name: each for each in store.list_objects(f"{layout.partition(day.day)}/")}
    for file in day.files:
        found = there.get(file.name)
        if found is not None and found.crc32c >= 0 and (found.size, found.crc32c) != (file.bytes, int(file.crc32c, 16)):
            raise LakeError(
                f"{store.place}/{file.name} is no longer what was committed: {found.size} bytes with CRC32C"
                f" {found.crc32c:08x}, not {file.bytes} with {file.crc32c}; 'reconcile --deep' tells what differs."
                " Remove it and its manifest, and generate again"
            )


def _missing_fields(warehouse: Warehouse, staged: Table) -> Counter[str]:
    counts = ", ".join(f"COUNT(*) - COUNT(`{column.name}`) AS `{column.name}`" for column in staged.columns)
    sql = f"SELECT {counts} FROM `{staged.name}` WHERE mac IS NOT NULL AND `timestamp` IS NOT NULL"
    return +Counter(warehouse.query(sql).to_pylist()[0])


def _any_reading(warehouse: Warehouse, days: Sequence[CommittedDay]) -> bool:
    wanted = ", ".join(literal(day.day) for day in days)
    rows = warehouse.query(f"SELECT SUM(`rows`) AS total FROM wattif_loads WHERE dt IN ({wanted})").to_pylist()
    return bool(rows[0]["total"])


def _arrow(bad_records: Sequence[BadRecord]) -> Any:
    import pyarrow as pa

    from wattif.tables.arrow import arrow_schema

    columns = BAD_RECORDS.columns[1:]
    values = {column.name: [getattr(bad, column.name) for bad in bad_records] for column in columns}
    return pa.table(values, schema=arrow_schema(columns))

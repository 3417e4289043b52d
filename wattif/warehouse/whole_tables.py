"""Tables that are loaded whole: those of the network in a lake, those of a data set that is a folder."""

from __future__ import annotations

import contextlib
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wattif.errors import LakeError
from wattif.tables import catalog
from wattif.uploader.store import Store, StoredObject
from wattif.warehouse.statements import literal, names, read_sql
from wattif.warehouse.tables import LOADED_TABLES, Table
from wattif.warehouse.warehouse import Warehouse, temporary_tables


@dataclass(frozen=True, kw_only=True)
class WholeTable:
    """A table, and the file that holds it."""

    table: Table
    fingerprint: str  # of the file; changes with its content
    read: Callable[[], contextlib.AbstractContextManager[pa.RecordBatchReader]]  # rows with some of its columns


@dataclass(frozen=True, kw_only=True)
class WholeLoadReport:
    """What a load of a data set did."""

    place: str
    tables: dict[str, int]  # rows by table that was loaded
    tables_skipped: int  # loaded before, and unchanged since

    @property
    def summary(self) -> str:
        """What was done, for people."""
        skipped = f" ({self.tables_skipped} tables were already loaded)" if self.tables_skipped else ""
        return f"into {self.place}: {told_tables(self.tables) or 'nothing'}{skipped}"


def load_whole(warehouse: Warehouse, tables: Sequence[WholeTable]) -> dict[str, int]:
    """Load *tables*, all of them or none; those that are as they were loaded before are skipped.

    The rows of each that was loaded. `WarehouseError` when one is there with other columns.
    """
    if not tables:
        return {}
    for table in (LOADED_TABLES, *(each.table for each in tables)):
        warehouse.create_table(table)
    loaded = {str(row["name"]): row["fingerprint"] for row in _records(warehouse)}
    pending = _pending(tables, loaded)
    load_id = uuid.uuid4().hex
    staged = [replace(each.table, name=f"wattif_staged_{load_id}_{each.table.name}") for each in pending]
    with temporary_tables(warehouse, *staged):
        scripts = []
        for each, temporary in zip(pending, staged, strict=True):
            with each.read() as rows:
                present = set(rows.schema.names)
                warehouse.put_table(temporary, rows)
            kept = [warehouse.kept_as(column) for column in each.table.columns if column.name in present]
            scripts.append(
                read_sql(
                    "replace_table.sql",
                    table_name=literal(each.table.name),
                    table=names([each.table.name]),
                    staged=names([temporary.name]),
                    columns=names([name for name, _ in kept]),
                    selected=", ".join(value for _, value in kept),
                    fingerprint=literal(each.fingerprint),
                )
            )
        if scripts:
            warehouse.execute("\n".join(scripts))
    counts = {str(row["name"]): int(row["rows"]) for row in _records(warehouse)}
    return {each.table.name: counts[each.table.name] for each in pending}


def _pending(tables: Sequence[WholeTable], loaded: Mapping[str, object]) -> list[WholeTable]:
    """Those of *tables* that have changed, and those that refer to them, after what they refer to."""
    references = {each.table.name: each.table.references for each in tables}
    changed = {each.table.name for each in tables if loaded.get(each.table.name) != each.fingerprint}
    while more := {name for name, others in references.items() if others & changed} - changed:
        changed |= more

    def depth(name: str) -> int:
        return 1 + max((depth(other) for other in references.get(name, ())), default=0)

    pending = [each for each in tables if each.table.name in changed]
    return sorted(pending, key=lambda each: depth(each.table.name))


def fingerprint(size: int, crc32c: int) -> str:
    """That of a file with *size* bytes."""
    return f"{size}-{crc32c:08x}"


def told_tables(rows: Mapping[str, int]) -> str:
    """The *rows* of each table, for people."""
    return ", ".join(f"{name} ({count:,} rows)" for name, count in rows.items())


def _records(warehouse: Warehouse) -> list[dict[str, str | int]]:
    records: list[dict[str, str | int]] = warehouse.query(
        f"SELECT name, fingerprint, `rows` FROM {LOADED_TABLES.name}"
    ).to_pylist()
    return records


def network_of(store: Store) -> list[WholeTable]:
    """The tables of the lake in *store* that one object each holds: the fleet, and the network that feeds it.

    Lakes of earlier versions have some of them, or none.
    """
    found = []
    for table in catalog.lake_tables():
        if table.made == "whole" and "{" not in table.path:
            name = table.object_name(ending="parquet")
            found += [_in_lake(store, table, each) for each in store.list_objects(name) if each.name == name]
    return found


def _in_lake(store: Store, table: Table, stored: StoredObject) -> WholeTable:
    @contextlib.contextmanager
    def read() -> Iterator[pa.RecordBatchReader]:
        with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
            try:
                with pq.ParquetFile(store.fetch(stored.name, Path(folder))) as file:
                    known = [name for name in file.schema_arrow.names if name in table.column_names]
                    schema = pa.schema([file.schema_arrow.field(name) for name in known])
                    yield pa.RecordBatchReader.from_batches(schema, file.iter_batches(columns=known))
            except pa.ArrowException as error:
                raise LakeError(
                    f"{store.place}/{stored.name}: cannot be read ({error}); to see what else is wrong,"
                    " run 'python -m wattif reconcile'; generate it again, then run the same command"
                ) from error

    return WholeTable(table=table, fingerprint=fingerprint(stored.size, stored.crc32c), read=read)

"""`wattif restore`: an archived day of readings back into PostgreSQL.

The rows come back and the record goes in one transaction, then the file is removed. A run that is killed between the
two leaves a file that no record names.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from wattif.archive.archive import moving, partition_of
from wattif.archive.evidence import evidence_in_file, evidence_in_partition
from wattif.archive.open import open_database
from wattif.errors import InvalidValue, LakeError, WarehouseError
from wattif.lake.open import open_store
from wattif.tables.archives import TABLE as ARCHIVES
from wattif.tables.loaded_readings import DAY
from wattif.tables.loaded_readings import TABLE as READINGS
from wattif.uploader.local import file_crc32c
from wattif.uploader.retrying import RetryPolicy
from wattif.uploader.store import Missing, Store
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.postgres.postgres_warehouse import PostgresWarehouse
from wattif.warehouse.statements import literal
from wattif.wording import days_text


@dataclass(frozen=True, kw_only=True)
class RestoreReport:
    """What was brought back."""

    place: str
    archive: str
    day: date
    rows: int

    @property
    def summary(self) -> str:
        """What was done, for people."""
        return f"{self.rows:,} readings of {self.day}, from {self.archive} into {self.place}"


def restore(place: WarehousePlace, day: date, *, retry: RetryPolicy | None = None) -> RestoreReport:
    """Bring an archived *day* back into the database at *place*, and remove it from its archive.

    `InvalidValue` when it is not archived, `LakeError` when its file is missing or another one.
    """
    warehouse = open_database(place)
    try:
        with moving(warehouse):
            return _restore(warehouse, day, retry)
    finally:
        warehouse.close()


def _restore(warehouse: PostgresWarehouse, day: date, retry: RetryPolicy | None) -> RestoreReport:
    where = f"WHERE {DAY.name} = {literal(day)}"
    record = next(iter(warehouse.query(f"SELECT * FROM {ARCHIVES.name} {where}").to_pylist()), None)
    if record is None:
        raise InvalidValue("day", day, f"is not archived; {_told(warehouse)}")
    store = open_store(record["place"], retry=retry)
    where_archived = f"{store.place}/{record['object']}"
    with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
        try:
            path = store.fetch(record["object"], Path(folder))
        except Missing:
            raise LakeError(f"{where_archived} is missing; {_way_out(warehouse)}") from None
        if (path.stat().st_size, file_crc32c(path)) != (record["bytes"], record["crc32c"]):
            raise LakeError(f"{where_archived} is not the file that was archived; {_way_out(warehouse)}")
        with warehouse.changing():
            _fill(warehouse, store, path, day)
            warehouse.run_statement(f"DELETE FROM {ARCHIVES.name} {where}")
    store.delete([record["object"]])
    return RestoreReport(place=warehouse.place, archive=store.place, day=day, rows=record["rows"])


def _way_out(warehouse: PostgresWarehouse) -> str:
    return (
        "put that file back there, from a backup or another version of the object, then run the same command again;"
        f" {warehouse.place} is unchanged"
    )


def _fill(warehouse: PostgresWarehouse, store: Store, path: Path, day: date) -> None:
    """The partition of *day* with the rows in the file *path*, compared with it afterwards."""
    partition = partition_of(day)
    warehouse.make_day(day)
    with pq.ParquetFile(path) as file:
        warehouse.copy_in(READINGS, file.schema_arrow.names, file.iter_batches(), into=partition)
    if evidence_in_file(path, store.place) != evidence_in_partition(warehouse, partition):
        raise WarehouseError(f"{warehouse.place}: {partition} does not hold what {store.place} holds; nothing changed")


def _told(warehouse: PostgresWarehouse) -> str:
    days = sorted(warehouse.absent_days)
    return f"{days_text(days)}{', is' if len(days) == 1 else ' are'}" if days else "no day is"

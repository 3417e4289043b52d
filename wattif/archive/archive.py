"""`wattif archive`: days of readings out of PostgreSQL into Parquet files.

The rows of a day are written to a file, the file goes to the archive, and is read back from there. Nobody waits
meanwhile. If it holds what the partition holds, and no row has changed since it was begun, one transaction drops the
partition and records the day. The record decides where the day lies: a file without one is what a killed run left, and
the next run writes over it.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from wattif.archive.evidence import evidence_in_file, evidence_in_partition
from wattif.archive.open import open_database
from wattif.errors import InvalidValue, LakeError, WarehouseError
from wattif.lake import layout
from wattif.lake.open import FOLDER, open_store, path_address, split_address
from wattif.tables.archives import TABLE as ARCHIVES
from wattif.tables.loaded_readings import DAY
from wattif.tables.loaded_readings import TABLE as READINGS
from wattif.tables.sql_text import duckdb_path, sql_text
from wattif.uploader.local import file_crc32c
from wattif.uploader.retrying import RetryPolicy
from wattif.uploader.store import SealedFile, Store
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.postgres.postgres_warehouse import PostgresWarehouse
from wattif.warehouse.statements import literal
from wattif.warehouse.tables import LOADS
from wattif.wording import days_text


@dataclass(frozen=True, kw_only=True)
class ArchiveReport:
    """What was archived."""

    place: str
    archive: str
    days: Sequence[date]
    rows: int
    bytes: int
    days_skipped: int  # that were archived before

    @property
    def summary(self) -> str:
        """What was done, for people."""
        skipped = f" ({self.days_skipped:,} were already archived)" if self.days_skipped else ""
        return (
            f"{self.rows:,} readings of {days_text(self.days)}, from {self.place} into {self.archive}:"
            f" {self.bytes:,} bytes{skipped}"
        )


def archive(place: WarehousePlace, to: str, before: date, *, retry: RetryPolicy | None = None) -> ArchiveReport:
    """Move the loaded days *before* a day from the database at *place* to the lake address *to*.

    `InvalidValue` when a dataset lies at *to*, `LakeError` when the archive does not take a file, `WarehouseError` when
    what it took is not what the database holds; the day then stays where it was.
    """
    scheme, rest = split_address(to)
    if scheme == FOLDER:
        to = path_address(Path(rest).absolute())  # as it is recorded, for commands in other folders
    store = open_store(to, overwrite=True, retry=retry)
    if store.get_bytes(layout.DATASET, 1) is not None:
        raise InvalidValue("to", to, "a dataset lies there; name another place")
    warehouse = open_database(place)
    try:
        absent = warehouse.absent_days
        loaded = warehouse.query(
            f"SELECT {DAY.name}, load_id FROM {LOADS.name} WHERE {DAY.name} < {literal(before)} ORDER BY {DAY.name}"
        ).to_pylist()
        pending = [row for row in loaded if row[DAY.name] not in absent]
        if pending and scheme == FOLDER:
            _make_folder(Path(rest).absolute())
        moved = [_move(warehouse, store, to, row[DAY.name]) for row in pending]
    finally:
        warehouse.close()
    return ArchiveReport(
        place=warehouse.place,
        archive=store.place,
        days=[row[DAY.name] for row in pending],
        rows=sum(rows for rows, _ in moved),
        bytes=sum(size for _, size in moved),
        days_skipped=len(loaded) - len(pending),
    )


def _make_folder(folder: Path) -> None:
    """`InvalidValue` when there can be no *folder*, or none that takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = f"takes no files ({error.strerror}); name a folder that can be made and written, or change permissions"
        raise InvalidValue("to", folder, reason) from None


def partition_of(day: date) -> str:
    """The name of the partition of a day of the readings."""
    return f"{READINGS.name}_{day:%Y%m%d}"


@contextlib.contextmanager
def moving(warehouse: PostgresWarehouse) -> Iterator[None]:
    """While no other command moves a day to or from an archive; one that is killed or cut off moves none any more."""
    lock = "(hashtext('wattif.archive'))"
    warehouse.run_native(f"SELECT pg_advisory_lock{lock}")
    try:
        yield
    finally:
        with contextlib.suppress(WarehouseError):  # then the session has ended, and the lock with it
            warehouse.run_native(f"SELECT pg_advisory_unlock{lock}")


def _move(warehouse: PostgresWarehouse, store: Store, to: str, day: date) -> tuple[int, int]:
    """The rows and bytes that were moved."""
    partition = partition_of(day)
    with tempfile.TemporaryDirectory(prefix="wattif-") as folder, moving(warehouse):
        before = _state(warehouse, day)
        # of its load, too: another database, or another content of the day, has another file
        name = f"{READINGS.name}/{day}-{before.load_id}.parquet"
        sealed = _write(warehouse, partition, Path(folder), name)
        (result,) = store.put_files([sealed])
        if isinstance(result, LakeError):
            raise result
        (Path(folder) / "back").mkdir()
        _check(warehouse, store, partition, sealed, Path(folder) / "back")
        record = {
            DAY.name: literal(day),
            "place": sql_text(to),
            "object": sql_text(name),
            "bytes": literal(sealed.size),
            "crc32c": literal(sealed.crc32c),
            "rows": literal(before.rows),
            "archived_at": "now()",
        }
        listed = ", ".join(f'"{column}"' for column in record)
        with warehouse.changing():
            warehouse.run_native(f"LOCK TABLE ONLY {READINGS.name}, ONLY {partition} IN SHARE ROW EXCLUSIVE MODE")
            if _state(warehouse, day) != before:
                raise WarehouseError(
                    f"{warehouse.place}: {day} was changed while it was copied, and stays; run the same command again"
                )
            warehouse.run_native(f"INSERT INTO {ARCHIVES.name} ({listed}) VALUES ({', '.join(record.values())})")
            warehouse.run_native(f"ALTER TABLE {READINGS.name} DETACH PARTITION {partition}")
            warehouse.run_native(f"DROP TABLE {partition}")
    return before.rows, sealed.size


@dataclass(frozen=True, kw_only=True)
class _State:
    """What lies in the partition of a day, and of which load; any change of any row is another one."""

    load_id: str
    rows: int  # that were loaded
    versions: tuple[int, int]  # of rows: how many, and the sum of a hash of the place and the transaction of each


def _state(warehouse: PostgresWarehouse, day: date) -> _State:
    """`WarehouseError` when the day is not there any more."""
    loads = warehouse.query(f"SELECT load_id, `rows` FROM {LOADS.name} WHERE {DAY.name} = {literal(day)}").to_pylist()
    if day in warehouse.absent_days or not loads:
        raise WarehouseError(f"{warehouse.place}: another run has just moved {day}; run the same command again")
    (found,) = warehouse.query_native(
        "SELECT COUNT(*) AS count, COALESCE(SUM(hashtextextended(ctid::text || ' ' || xmin::text, 0)), 0) AS sum"
        f" FROM ONLY {partition_of(day)}"
    ).to_pylist()
    return _State(load_id=loads[0]["load_id"], rows=loads[0]["rows"], versions=(found["count"], int(found["sum"])))


def _write(warehouse: PostgresWarehouse, partition: str, folder: Path, name: str) -> SealedFile:
    """The rows of a *partition* as a file in *folder*."""
    lines, path = folder / "day.csv", folder / "day.parquet"
    listed = ", ".join(f'"{column.name}"' for column in READINGS.columns)
    warehouse.copy_out(f'SELECT {listed} FROM ONLY {partition} ORDER BY mac, "timestamp"', lines)
    types = ", ".join(f"'{column.name}': '{column.duckdb_type}'" for column in READINGS.columns)
    reader = f"read_csv({duckdb_path(str(lines))}, header = true, columns = {{{types}}}, allow_quoted_nulls = false)"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY (FROM {reader}) TO {sql_text(str(path))} (FORMAT parquet, COMPRESSION zstd)")
    return SealedFile(path, name, path.stat().st_size, file_crc32c(path))


def _check(warehouse: PostgresWarehouse, store: Store, partition: str, sealed: SealedFile, folder: Path) -> None:
    """`WarehouseError` unless the object in the archive holds what the *partition* holds."""
    path = store.fetch(sealed.name, folder)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # in a folder it is the object itself, which must outlive a loss of power
    finally:
        os.close(descriptor)
    is_whole = (path.stat().st_size, file_crc32c(path)) == (sealed.size, sealed.crc32c)
    if not is_whole or evidence_in_file(path, store.place) != evidence_in_partition(warehouse, partition):
        raise WarehouseError(
            f"{store.place}/{sealed.name} does not hold what {partition} holds; the day stays in {warehouse.place}:"
            " run the same command again"
        )

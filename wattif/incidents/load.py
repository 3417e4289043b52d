"""A data set of incidents into a warehouse: its tables, by their names in the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from wattif.data_set.stored import check_folder, open_all_rows, table_file, table_files
from wattif.incidents.rows import RowsOfBlock, all_rows
from wattif.incidents.shards import folders_of
from wattif.tables.incidents import TABLES, IncidentTable
from wattif.uploader.local import file_crc32c
from wattif.uploader.retrying import RetryPolicy
from wattif.warehouse.open import open_warehouse
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.whole_tables import WholeLoadReport, WholeTable, fingerprint, load_whole

_WHAT = "a whole data set of incidents"


def load_incidents(folder: Path, place: WarehousePlace, *, retry: RetryPolicy | None = None) -> WholeLoadReport:
    """Load the incidents in *folder*, or of all shards in it, into the warehouse at *place*, all tables or none.

    What is there is replaced. `UsageError` when the folder cannot be read, or lacks a shard.
    """
    check_folder(folder, "incidents", "incidents")
    folders = folders_of(folder)
    tables = [_whole(table, folders) for table in TABLES if _is_there(table, folders[0])]
    warehouse = open_warehouse(place, create=True, retry=retry)
    try:
        loaded = load_whole(warehouse, tables)
    finally:
        warehouse.close()
    return WholeLoadReport(place=warehouse.place, tables=loaded, tables_skipped=len(tables) - len(loaded))


def _is_there(table: IncidentTable, folder: Path) -> bool:
    """Whether a table that may be left out was not."""
    return all_rows()[table.name].option is None or bool(table_files(folder, table.name))


def _whole(table: IncidentTable, folders: Sequence[Path]) -> WholeTable:
    is_parted = isinstance(all_rows()[table.name], RowsOfBlock)  # others are whole in each
    files = [table_file(folder, table.name, _WHAT) for folder in (folders if is_parted else folders[:1])]
    checksum = 0
    for file in files:
        checksum = file_crc32c(file, checksum)
    return WholeTable(
        table=table,
        fingerprint=fingerprint(sum(file.stat().st_size for file in files), checksum),
        read=partial(open_all_rows, files, table.columns),
    )

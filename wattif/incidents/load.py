"""A data set of incidents into a warehouse: its tables, by their names in the catalog."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from wattif.data_set.stored import check_folder, open_rows, table_file, table_files
from wattif.incidents.rows import all_rows
from wattif.tables.incidents import TABLES, IncidentTable
from wattif.uploader.local import file_crc32c
from wattif.uploader.retrying import RetryPolicy
from wattif.warehouse.open import open_warehouse
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.whole_tables import WholeLoadReport, WholeTable, fingerprint, load_whole

_WHAT = "a whole data set of incidents"


def load_incidents(folder: Path, place: WarehousePlace, *, retry: RetryPolicy | None = None) -> WholeLoadReport:
    """Load the incidents in *folder* into the warehouse at *place*, all tables or none.

    What is there is replaced. `UsageError` when the folder cannot be read.
    """
    check_folder(folder, "incidents", "incidents")
    tables = [_whole(table, folder) for table in TABLES if _is_there(table, folder)]
    warehouse = open_warehouse(place, create=True, retry=retry)
    try:
        loaded = load_whole(warehouse, tables)
    finally:
        warehouse.close()
    return WholeLoadReport(place=warehouse.place, tables=loaded, tables_skipped=len(tables) - len(loaded))


def _is_there(table: IncidentTable, folder: Path) -> bool:
    """Whether a table that may be left out was not."""
    return all_rows()[table.name].option is None or bool(table_files(folder, table.name))


def _whole(table: IncidentTable, folder: Path) -> WholeTable:
    file = table_file(folder, table.name, _WHAT)
    return WholeTable(
        table=table,
        fingerprint=fingerprint(file.stat().st_size, file_crc32c(file)),
        read=partial(open_rows, file, table.columns),
    )

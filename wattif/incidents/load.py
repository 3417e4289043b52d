"""A data set of incidents into a warehouse: its tables, by their names in the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from wattif.data_set.report import read_report
from wattif.data_set.stored import check_folder, open_all_rows, table_file, table_files
from wattif.incidents.rows import RowsOfBlock, all_rows
from wattif.incidents.shards import folders_of
from wattif.tables.arrow import arrow_schema
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
    reports = {each: read_report(each) for each in folders_of(folder)}
    folders = {each: report.rows if report is not None else {} for each, report in reports.items()}
    tables = [_whole(table, folders) for table in TABLES]
    warehouse = open_warehouse(place, create=True, retry=retry)
    try:
        loaded = load_whole(warehouse, tables)
    finally:
        warehouse.close()
    return WholeLoadReport(place=warehouse.place, tables=loaded, tables_skipped=len(tables) - len(loaded))


def _whole(table: IncidentTable, folders: Mapping[Path, Mapping[str, int]]) -> WholeTable:
    """A table of the *folders*, of whose tables the rows are told; one that was left out has none."""
    rows = all_rows()[table.name]
    first = next(iter(folders))
    if rows.option is not None and table.name not in folders[first] and not table_files(first, table.name):
        empty = arrow_schema(table.columns).empty_table()
        return WholeTable(table=table, fingerprint=fingerprint(0, 0), read=lambda: nullcontext(empty.to_reader()))
    among = folders if isinstance(rows, RowsOfBlock) else [first]  # others are whole in each
    files = {table_file(each, table.name, _WHAT): folders[each].get(table.name) for each in among}
    checksum = 0
    for file in files:
        checksum = file_crc32c(file, checksum)
    return WholeTable(
        table=table,
        fingerprint=fingerprint(sum(file.stat().st_size for file in files), checksum),
        read=partial(open_all_rows, files, table.columns),
    )

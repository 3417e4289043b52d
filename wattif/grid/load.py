"""A grid data set into a warehouse: its three tables, by their names in the catalog."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa

from wattif.grid.stored import grid_files, read_grid
from wattif.tables.grid import LABELS, METERS, TRANSFORMERS, GridTable
from wattif.uploader.local import file_crc32c
from wattif.uploader.retrying import RetryPolicy
from wattif.warehouse.open import open_warehouse
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.whole_tables import WholeLoadReport, WholeTable, fingerprint, load_whole


def load_grid(folder: Path, place: WarehousePlace, *, retry: RetryPolicy | None = None) -> WholeLoadReport:
    """Load the grid data set in *folder* into the warehouse at *place*, all tables or none.

    What is there of the same months is replaced. `UsageError` when the folder cannot be read, `WarehouseError` when
    the warehouse holds other months.
    """
    grid = read_grid(folder)
    months, files = METERS.months_in(grid.meters.column_names), grid_files(folder)
    tables = [
        _whole(table, months, files[table.file], content)
        for table, content in ((TRANSFORMERS, grid.transformers), (METERS, grid.meters), (LABELS, grid.anomaly_labels))
    ]
    warehouse = open_warehouse(place, create=True, retry=retry)
    try:
        loaded = load_whole(warehouse, tables)
    finally:
        warehouse.close()
    return WholeLoadReport(place=warehouse.place, tables=loaded, tables_skipped=len(tables) - len(loaded))


def _whole(table: GridTable, months: Sequence[date], file: Path, content: pa.Table) -> WholeTable:
    return WholeTable(
        table=replace(table, columns=table.columns_in_months(months), monthly=()),
        fingerprint=fingerprint(file.stat().st_size, file_crc32c(file)),
        read=lambda: contextlib.nullcontext(content.to_reader()),
    )

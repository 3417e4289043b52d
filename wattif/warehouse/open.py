"""Open the warehouse that the options name. Its library is imported only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wattif.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from wattif.warehouse.settings import WarehouseSettings


def open_warehouse(settings: WarehouseSettings, *, create: bool = False) -> Warehouse:
    """The warehouse that *settings* name; *create* its database when there is none."""
    if settings.warehouse == "duckdb":
        from wattif.warehouse.duckdb_warehouse import DuckDBWarehouse

        return DuckDBWarehouse(settings.database_file, create=create)
    from wattif.warehouse.bigquery_warehouse import BigQueryWarehouse

    assert settings.project is not None
    assert settings.dataset is not None
    return BigQueryWarehouse(settings.project, settings.dataset, settings.location)

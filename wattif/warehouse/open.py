"""Open a warehouse. Its library is imported only then."""

from __future__ import annotations

from wattif.errors import InvalidValue
from wattif.extras import needs
from wattif.uploader.retrying import RetryPolicy
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.warehouse import Warehouse


def open_warehouse(place: WarehousePlace, *, create: bool = False, retry: RetryPolicy | None = None) -> Warehouse:
    """The warehouse at *place*; *create* its database when there is none.

    *retry*: how long to retry a warehouse in the cloud that does not answer.
    """
    if place.warehouse == "duckdb":
        from wattif.warehouse.duckdb_warehouse import DuckDBWarehouse

        return DuckDBWarehouse(place.database_file, create=create)
    with needs("bigquery"):
        from wattif.warehouse.bigquery_warehouse import BigQueryWarehouse

    if place.project is None or place.dataset is None:  # a place that was validated has both
        raise InvalidValue("warehouse", "bigquery", "needs `project` and `dataset`")
    retry_s = (retry or RetryPolicy()).retry_for_s
    return BigQueryWarehouse(place.project, place.dataset, place.location, retry_s=retry_s)

"""Open a warehouse. Its library is imported only then."""

from __future__ import annotations

from wattif.compress import NONE, file_compression, joined_name
from wattif.encode import encoder_type, format_names
from wattif.errors import InvalidValue
from wattif.extras import needs
from wattif.uploader.retrying import RetryPolicy
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.warehouse import Warehouse


def check_format(place: WarehousePlace, format_name: str, compression: str) -> None:
    """`InvalidValue` when the warehouse at *place* loads no files of the format that are compressed so."""
    warehouse = _warehouse_type(place)

    def loads(name: str, packed: str) -> bool:
        encoder = encoder_type(name)
        return warehouse.loads(encoder, file_compression(encoder, packed))

    if not loads(format_name, compression):
        known = ", ".join(name for name in format_names() if loads(name, NONE))
        raise InvalidValue(
            "warehouse",
            place.warehouse,
            f"loads no files that are {joined_name(format_name, compression)}; generate it in a `format` out of"
            f" {known}, or choose another `warehouse`",
        )


def _warehouse_type(place: WarehousePlace) -> type[Warehouse]:
    if place.warehouse == "duckdb":
        from wattif.warehouse.duckdb_warehouse import DuckDBWarehouse

        return DuckDBWarehouse
    if place.warehouse == "postgres":
        with needs("postgres"):
            from wattif.warehouse.postgres.postgres_warehouse import PostgresWarehouse

        return PostgresWarehouse
    with needs("bigquery"):
        from wattif.warehouse.bigquery_warehouse import BigQueryWarehouse

    return BigQueryWarehouse


def open_warehouse(place: WarehousePlace, *, create: bool = False, retry: RetryPolicy | None = None) -> Warehouse:
    """The warehouse at *place*; *create* its database when there is none.

    *retry*: how long to retry a warehouse in the cloud that does not answer.
    """
    if place.warehouse == "duckdb":
        from wattif.warehouse.duckdb_warehouse import DuckDBWarehouse

        return DuckDBWarehouse(place.database_file, create=create)
    if place.database_url is not None:
        with needs("postgres"):
            from wattif.warehouse.postgres.postgres_warehouse import PostgresWarehouse

        return PostgresWarehouse(place.database_url.get_secret_value(), place.shown_url, create=create)
    with needs("bigquery"):
        from wattif.warehouse.bigquery_warehouse import BigQueryWarehouse

    if place.project is None or place.dataset is None:  # a place that was validated has both
        raise InvalidValue("warehouse", "bigquery", "needs `project` and `dataset`")
    retry_s = (retry or RetryPolicy()).retry_for_s
    return BigQueryWarehouse(place.project, place.dataset, place.location, retry_s=retry_s)

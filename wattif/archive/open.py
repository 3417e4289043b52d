"""The database that days are archived from."""

from __future__ import annotations

from wattif.errors import InvalidValue
from wattif.warehouse.open import open_warehouse
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.postgres.postgres_warehouse import PostgresWarehouse


def open_database(place: WarehousePlace) -> PostgresWarehouse:
    """The warehouse at *place*; `InvalidValue` when it is none of PostgreSQL."""
    warehouse = open_warehouse(place)
    if not isinstance(warehouse, PostgresWarehouse):
        warehouse.close()
        raise InvalidValue("warehouse", place.warehouse, "has no archive; days are archived from PostgreSQL")
    return warehouse

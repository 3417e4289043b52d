"""Where the days of a database's readings lie: in the database, or in which archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from wattif.archive.open import open_database
from wattif.lake.open import open_store
from wattif.tables.archives import TABLE as ARCHIVES
from wattif.tables.loaded_readings import DAY
from wattif.uploader.retrying import RetryPolicy
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.tables import LOADS
from wattif.wording import days_text


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Days that lie in one place."""

    place: str
    days: list[date]
    rows: int

    @property
    def summary(self) -> str:
        """For people."""
        return f"{days_text(self.days)}, with {self.rows:,} readings, in {self.place}"


@dataclass(frozen=True, kw_only=True)
class WhereDaysLie:
    """The database first, then its archives."""

    shelves: list[Shelf]
    missing: list[str]  # archived files that are not there, or have another size

    @property
    def summary(self) -> str:
        """For people."""
        lines = [shelf.summary for shelf in self.shelves]
        return "\n".join([*lines, *(f"missing: {name}; put the file back from a backup" for name in self.missing)])


def where_days_lie(place: WarehousePlace, *, retry: RetryPolicy | None = None) -> WhereDaysLie:
    """Look into the database at *place*, and whether the files are there that it names; read none of them."""
    warehouse = open_database(place)
    try:
        loaded = warehouse.query(f"SELECT {DAY.name}, `rows` FROM {LOADS.name} ORDER BY {DAY.name}").to_pylist()
        archived = warehouse.query(f"SELECT * FROM {ARCHIVES.name} ORDER BY {DAY.name}").to_pylist()
    finally:
        warehouse.close()
    absent = {row[DAY.name] for row in archived}
    shelves = [_shelf(warehouse.place, [row for row in loaded if row[DAY.name] not in absent])]
    missing: list[str] = []
    for address in dict.fromkeys(row["place"] for row in archived):
        rows = [row for row in archived if row["place"] == address]
        shelves.append(_shelf(address, rows))
        missing += _missing(address, rows, retry)
    return WhereDaysLie(shelves=shelves, missing=missing)


def _shelf(place: str, rows: list[dict[str, Any]]) -> Shelf:
    return Shelf(place=place, days=[row[DAY.name] for row in rows], rows=sum(row["rows"] for row in rows))


def _missing(address: str, rows: list[dict[str, Any]], retry: RetryPolicy | None) -> Iterator[str]:
    prefix = rows[0]["object"].rpartition("/")[0]
    store = open_store(address, retry=retry)
    there = {each.name: each.size for each in store.list_objects(f"{prefix}/", checksums=False)}
    for row in rows:
        if there.get(row["object"]) != row["bytes"]:
            yield f"{address}/{row['object']}"

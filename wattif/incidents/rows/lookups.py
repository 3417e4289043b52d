"""Rows of the look-up tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa

from wattif.incidents import kinds
from wattif.incidents.columns import table_of
from wattif.incidents.rows import RowsOfSetting
from wattif.incidents.setting import Setting
from wattif.incidents.sphere import wkt_points
from wattif.model.geography import Geography
from wattif.tables import incidents as tables
from wattif.tables import network_ids
from wattif.tables.table import Table


def _codes(table: Table, setting: Setting) -> pa.Table:
    rows = kinds.lookups()[table.name]
    return table_of(
        table,
        {
            "code": pa.array(rows),
            "name": pa.array([each.name for each in rows.values()]),
            "description": pa.array([each.meaning for each in rows.values()]),
            "rank": _ranks(len(rows)),
        },
    )


def _types(table: Table, setting: Setting) -> pa.Table:
    types = kinds.incident_types()
    return table_of(
        table,
        {
            "code": pa.array([each.code for each in types]),
            "name": pa.array([each.name for each in types]),
            "description": pa.array([f"median {each.handling_min:g} min from arrival to resolution" for each in types]),
            "rank": _ranks(len(types)),
            "category": pa.array([each.category for each in types]),
            "anomaly_kind": pa.array([each.label for each in types]),
        },
    )


def _zones(table: Table, setting: Setting) -> pa.Table:
    numbers = np.arange(setting.city.zones)
    latitude, longitude = Geography(network=setting.world.network, city=setting.city).of_zones(numbers)
    customers = np.bincount(setting.places.zone, setting.places.customers, len(numbers)).astype(np.int64)
    return table_of(
        table,
        {
            "code": pa.array(network_ids.zone_ids(setting.city.key, numbers)),
            "name": pa.array([f"{setting.city.name}, zone {number + 1}" for number in numbers.tolist()]),
            "description": pa.array([f"{count} meters" for count in customers.tolist()]),
            "rank": _ranks(len(numbers)),
            "customers": pa.array(customers),
            "location_lat": pa.array(latitude),
            "location_lng": pa.array(longitude),
            "location_wkt": wkt_points(longitude, latitude),
        },
    )


def _ranks(count: int) -> pa.Array:
    return pa.array(np.arange(1, count + 1))


_OTHERS: dict[str, Callable[[Table, Setting], pa.Table]] = {"incident_types": _types, "response_zones": _zones}
ROWS = tuple(RowsOfSetting(table=each, make=partial(_OTHERS.get(each.name, _codes), each)) for each in tables.LOOKUPS)

"""Rows of `stations`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wattif.incidents.columns import moments, table_of, where
from wattif.incidents.rows import RowsOfSetting
from wattif.incidents.setting import NEVER, Setting
from wattif.incidents.sphere import wkt_points
from wattif.incidents.texts import joined, numbered, picked
from wattif.numeric.calendar import DAY_S
from wattif.numeric.streams import Stream, uniforms_of
from wattif.tables import incidents as tables

_STATIONS_A_BATTALION = 5


def station_rows(setting: Setting) -> pa.Table:
    """All of them, by number."""
    stations, places, count = setting.stations, setting.places, setting.spec.station_count
    gone = stations.until_day < NEVER
    house, number = uniforms_of(setting.spec.seed, Stream.STATION, np.arange(count), 2, first=6)
    numbers = np.arange(count)
    return table_of(
        tables.STATIONS,
        {
            "station_code": pa.array(setting.station_codes),
            "name": joined(
                [pa.array(setting.station_names), picked(setting.locale.streets, places.street[stations.place])], ", "
            ),
            "battalion": numbered("B", numbers // _STATIONS_A_BATTALION + 1, 2),
            **setting.addresses(stations.place, 1 + (house * 299).astype(np.int64), np.ones(count)),
            "phone": pa.array([setting.locale.phone_number(n + int(number[0] * 10**6)) for n in range(count)]),
            "is_active": pa.array(~gone),
            "commissioned_on": pa.array(stations.from_day.astype("datetime64[D]")),
            "decommissioned_on": where(gone, pa.array(np.where(gone, stations.until_day, 0).astype("datetime64[D]"))),
            "response_zone_code": picked(places.zone_id, stations.place),
            "location_lat": pa.array(stations.latitude),
            "location_lng": pa.array(stations.longitude),
            "location_wkt": wkt_points(stations.longitude, stations.latitude),
            "coverage_radius_meters": pa.array(stations.coverage_m),
            "created_at": moments(np.maximum(stations.from_day, 0) * DAY_S),
            "updated_at": moments(stations.updated_s),
        },
    )


ROWS = (RowsOfSetting(table=tables.STATIONS, make=station_rows),)

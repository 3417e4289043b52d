"""The weather of a city as a dimension table, `_wattif/weather/<city>-<month>.parquet`: one row an hour."""

from __future__ import annotations

import io
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wattif.model.cities import City
from wattif.model.weather import hourly_temperature

SCHEMA = pa.schema(
    [
        pa.field("city_id", pa.string(), nullable=False, metadata={"description": "the city"}),
        pa.field("time", pa.timestamp("us", "UTC"), nullable=False, metadata={"description": "full hour, UTC"}),
        pa.field(
            "temperature_c", pa.float64(), nullable=False, metadata={"description": "at that time, degrees Celsius"}
        ),
        pa.field(
            "daily_mean_c",
            pa.float64(),
            nullable=False,
            metadata={"description": "mean of the local day, degrees Celsius"},
        ),
    ]
)


def weather_parquet(city: City, seed: int, start: date, end: date) -> bytes:
    """`weather_table` as the content of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(weather_table(city, seed, start, end), sink, compression="zstd")
    return sink.getvalue()


def weather_table(city: City, seed: int, start: date, end: date) -> pa.Table:
    """The hours of the UTC days from *start* to *end*, both included; temperatures with two decimals."""
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    hours = [hourly_temperature(seed, city, day) for day in days]
    times = np.arange(np.datetime64(start, "h"), np.datetime64(end, "h") + 24).astype("datetime64[us]")
    columns = [
        pa.array([city.id]).take(pa.array(np.zeros(len(times), np.int32))),
        pa.array(times, pa.timestamp("us", "UTC")),
        pa.array(np.concatenate([day.temperature_c for day in hours]).round(2)),
        pa.array(np.concatenate([day.daily_mean_c for day in hours]).round(2)),
    ]
    return pa.table(columns, schema=SCHEMA)

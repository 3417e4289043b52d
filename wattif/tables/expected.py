"""The expected tables, `_wattif/expected/`: their columns, and how they are made of hours and totals.

Energies are exact: integers in mWh on the way, DECIMAL(18, 3) in Wh in the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.model.fleet import mac_text
from wattif.tables.hour_kernels import LARGEST, METERS, READINGS, ROWS, SUMS, TOTALS
from wattif.tables.meters import described
from wattif.tables.readings import Field

_ENERGY = pa.decimal128(18, 3)
_TOTAL_DIGITS = 28  # of a partition's sums: with three decimals, what a warehouse's NUMERIC has room for
_EPOCH = date(1970, 1, 1)
_HOUR_US = 3_600_000_000

HOURLY = pa.schema(
    [
        described("mac", pa.string(), "the meter's MAC address"),
        described("time_hour_rolled", pa.timestamp("us", "UTC"), "the hour, by the meter's own clock, UTC"),
        described("consumption_hour_rolled", _ENERGY, "sum of consumption_wh, Wh"),
        described("consumption_avg", pa.float64(), "mean consumption_wh of the hour's readings, Wh"),
        described("consumption_max", _ENERGY, "largest consumption_wh, Wh"),
        described("readings", pa.int64(), "how many readings the hour has; hours without any have no row"),
    ]
)
DAILY = pa.schema(
    [
        described("mac", pa.string(), "the meter's MAC address"),
        described("day", pa.date32(), "the day, by the meter's own clock, UTC"),
        described("consumption_wh", _ENERGY, "sum of consumption_wh, Wh"),
        described("readings", pa.int64(), "how many readings the day has"),
    ]
)
MONTHLY = pa.schema(
    [
        described("mac", pa.string(), "the meter's MAC address"),
        described("month", pa.date32(), "first day of the month, by the meter's own clock, UTC"),
        described("consumption_wh", _ENERGY, "sum of consumption_wh, Wh"),
        described("readings", pa.int64(), "how many readings the month has"),
    ]
)


def partitions_schema(fields: Sequence[Field]) -> pa.Schema:
    """The columns of `partitions.parquet` for readings of *fields*."""
    return pa.schema(
        [
            described("dt", pa.date32(), "the partition: the day in the objects' path"),
            described("rows", pa.int64(), "rows in it"),
            described("meters", pa.int64(), "meters that have any"),
            *(
                described(
                    each.name,
                    pa.decimal128(_TOTAL_DIGITS, each.decimals),
                    f"exact sum of {each.name}{each.unit and ', ' + each.unit}",
                )
                for each in fields
            ),
        ]
    )


def decimals(values: NDArray[np.int64], kind: pa.DataType) -> pa.Array:
    """Integers in units of the last digit as decimals of *kind*."""
    words = np.empty((len(values), 2), np.int64)  # little-endian halves of 128 bits
    words[:, 0], words[:, 1] = values, values >> 63
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(words)])


@dataclass(frozen=True)
class PartTables:
    """The rows of some meters in a month."""

    hourly: pa.Table
    daily: pa.Table
    monthly: pa.Table


def part_tables(macs: NDArray[np.uint64], month: date, cells: NDArray[np.int64]) -> PartTables:
    """The tables of *cells* (meters, hours of *month*, width), energy being their first sum."""
    names = pa.array(mac_text(macs).astype("U17"))
    readings, energy = cells[..., READINGS], cells[..., SUMS]
    meter, hour = np.nonzero(readings)
    counts, sums = readings[meter, hour], energy[meter, hour]
    since_us = (month - _EPOCH).days * 24 * _HOUR_US
    hourly = [
        names.take(pa.array(meter)),
        pa.array(since_us + hour * _HOUR_US).cast(HOURLY.field("time_hour_rolled").type),
        decimals(sums, _ENERGY),
        pa.array(sums / 1000.0 / counts),
        decimals(cells[meter, hour, LARGEST], _ENERGY),
        pa.array(counts),
    ]
    by_day = (len(macs), -1, 24)
    day_readings, day_energy = readings.reshape(by_day).sum(axis=2), energy.reshape(by_day).sum(axis=2)
    meter, day = np.nonzero(day_readings)
    daily = [
        names.take(pa.array(meter)),
        pa.array((day + (month - _EPOCH).days).astype(np.int32)).cast(pa.date32()),
        decimals(day_energy[meter, day], _ENERGY),
        pa.array(day_readings[meter, day]),
    ]
    (meter,) = np.nonzero(readings.sum(axis=1))
    monthly = [
        names.take(pa.array(meter)),
        pa.array([month] * len(meter), pa.date32()),
        decimals(energy.sum(axis=1)[meter], _ENERGY),
        pa.array(readings.sum(axis=1)[meter]),
    ]
    return PartTables(pa.table(hourly, schema=HOURLY), pa.table(daily, schema=DAILY), pa.table(monthly, schema=MONTHLY))


def partitions_table(first: date, totals: Sequence[Sequence[int]], fields: Sequence[Field]) -> pa.Table:
    """The partitions from *first* on; *totals*: for each day rows, meters, and the sums of *fields*."""
    schema = partitions_schema(fields)
    there = [n for n, day in enumerate(totals) if day[ROWS] > 0]

    def sums(field: Field, place: int) -> pa.Array:
        kind = schema.field(field.name).type
        whole = pa.array([totals[n][TOTALS + place] for n in there], pa.decimal128(_TOTAL_DIGITS, 0))
        return _rescaled(whole, kind)

    columns = [
        pa.array([first + timedelta(days=n) for n in there], pa.date32()),
        pa.array([totals[n][ROWS] for n in there], pa.int64()),
        pa.array([totals[n][METERS] for n in there], pa.int64()),
        *(sums(field, place) for place, field in enumerate(fields)),
    ]
    return pa.table(columns, schema=schema)


def _rescaled(whole: pa.Array, kind: pa.DataType) -> pa.Array:
    """The same digits with the point elsewhere."""
    return pa.Array.from_buffers(kind, len(whole), whole.buffers())

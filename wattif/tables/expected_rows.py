"""The expected tables as Arrow, from hours and totals: exact integers become decimals without rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.model.fleet import mac_text
from wattif.numeric.calendar import day_number
from wattif.tables.arrow import arrow_schema, decimals
from wattif.tables.column import Column
from wattif.tables.expected import DAILY, HOURLY, MONTHLY, TOTAL_DIGITS, ExpectedTable, partition_columns
from wattif.tables.expected_local import LOCAL_DAILY, LOCAL_MONTHLY
from wattif.tables.hour_kernels import LARGEST, METERS, READINGS, ROWS, SUMS, TOTALS
from wattif.tables.hours import HOUR, HOUR_ENERGY

PartTables = dict[ExpectedTable, pa.Table]  # the rows of some meters in a month, by table
_HOUR_US = 3_600_000_000
_HOURLY, _DAILY, _MONTHLY = (arrow_schema(each.columns) for each in (HOURLY, DAILY, MONTHLY))
_LOCAL_DAILY, _LOCAL_MONTHLY = (arrow_schema(each.columns) for each in (LOCAL_DAILY, LOCAL_MONTHLY))
_WH = HOUR_ENERGY.arrow_type
_WHOLE = pa.decimal128(TOTAL_DIGITS, 0)


def part_tables(macs: NDArray[np.uint64], month: date, cells: NDArray[np.int64]) -> PartTables:
    """The tables of *cells* (meters, hours of *month*, width), energy being their first sum."""
    names = pa.array(mac_text(macs).astype("U17"))
    readings, energy = cells[..., READINGS], cells[..., SUMS]
    meter, hour = np.nonzero(readings)
    counts, sums = readings[meter, hour], energy[meter, hour]
    since_us = day_number(month) * 24 * _HOUR_US
    hourly = [
        names.take(pa.array(meter)),
        pa.array(since_us + hour * _HOUR_US).cast(_HOURLY.field(HOUR.name).type),
        decimals(sums, _WH),
        pa.array(sums / 1000.0 / counts),
        decimals(cells[meter, hour, LARGEST], _WH),
        pa.array(counts),
    ]
    by_day = (len(macs), -1, 24)
    day_readings, day_energy = readings.reshape(by_day).sum(axis=2), energy.reshape(by_day).sum(axis=2)
    meter, day = np.nonzero(day_readings)
    daily = [
        names.take(pa.array(meter)),
        pa.array((day + day_number(month)).astype(np.int32)).cast(pa.date32()),
        decimals(day_energy[meter, day], _WH),
        pa.array(day_readings[meter, day]),
    ]
    (meter,) = np.nonzero(readings.sum(axis=1))
    monthly = [
        names.take(pa.array(meter)),
        pa.array([month] * len(meter), pa.date32()),
        decimals(energy.sum(axis=1)[meter], _WH),
        pa.array(readings.sum(axis=1)[meter]),
    ]
    return {
        HOURLY: pa.table(hourly, schema=_HOURLY),
        DAILY: pa.table(daily, schema=_DAILY),
        MONTHLY: pa.table(monthly, schema=_MONTHLY),
    }


def local_tables(
    macs: NDArray[np.uint64],
    month: date,
    zones: Sequence[tuple[str, Mapping[int, int]]],
    cells: NDArray[np.int64],
) -> PartTables:
    """The local days and months of *cells* (meters, days of *month*, 2).

    *zones*: for each meter the name of its time zone, and the lengths of the days there by their number since 1970.
    """
    names, zone_names = pa.array(mac_text(macs).astype("U17")), pa.array([name for name, _ in zones])
    first = day_number(month)
    meter, day = np.nonzero(cells[..., 0])
    lengths = [zones[m][1][first + d] for m, d in zip(meter.tolist(), day.tolist(), strict=True)]
    daily = [
        names.take(pa.array(meter)),
        zone_names.take(pa.array(meter)),
        pa.array((day + first).astype(np.int32)).cast(pa.date32()),
        pa.array(lengths, pa.int64()),
        decimals(cells[meter, day, 1], _WH),
        pa.array(cells[meter, day, 0]),
    ]
    sums = cells.sum(axis=1)
    (meter,) = np.nonzero(sums[:, 0])
    monthly = [
        names.take(pa.array(meter)),
        zone_names.take(pa.array(meter)),
        pa.array([month] * len(meter), pa.date32()),
        decimals(sums[meter, 1], _WH),
        pa.array(sums[meter, 0]),
    ]
    return {
        LOCAL_DAILY: pa.table(daily, schema=_LOCAL_DAILY),
        LOCAL_MONTHLY: pa.table(monthly, schema=_LOCAL_MONTHLY),
    }


def partitions_table(first: date, totals: Sequence[Sequence[int]], fields: Sequence[Column]) -> pa.Table:
    """The partitions from *first* on; *totals*: for each day rows, meters, and the sums of *fields*."""
    schema = arrow_schema(partition_columns(fields))
    there = [n for n, day in enumerate(totals) if day[ROWS] > 0]

    def sums(field: Column, place: int) -> pa.Array:
        kind = schema.field(field.name).type
        whole = pa.array([totals[n][TOTALS + place] for n in there], _WHOLE)
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

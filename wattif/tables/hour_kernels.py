"""Readings summed by hour: the loops behind the expected tables.

A cell holds what is known of one meter's hour: `READINGS`, `LARGEST` (of the first quantity), from `SUMS` on the sum of
each quantity, and after these, where they are asked for, its moment: the sum of value * k, where k counts the
intervals of the hour from 1. Two values that change places keep the sum and change the moment. Last of all, with the
moments, comes the hour's checksum, see `wattif.tables.hour_checksum`. All are integers, in units of the last digit; an
hour's moment stays below 2^62 for every field of a reading, delivered four times over.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.calendar import HOUR_S
from wattif.numeric.jit import kernel
from wattif.tables.hour_checksum import checksum_of

READINGS, LARGEST, SUMS = 0, 1, 2
ROWS, METERS, TOTALS = 0, 1, 2  # of a partition: rows, meters that sent any, from `TOTALS` on the sum of each quantity
_HOURS = 24


def cell_width(quantities: int, moments: bool) -> int:
    """Numbers in a cell."""
    return SUMS + (2 * quantities + 1 if moments else quantities)


@kernel
def add_days(
    columns: NDArray[np.int64],
    plain: NDArray[np.bool_],
    quantities: NDArray[np.int64],
    checked: NDArray[np.int64],
    moments: bool,
    cells: NDArray[np.int64],
    total: NDArray[np.int64],
) -> None:
    """Add the days of those meters that are *plain*: every reading sent once, by a right clock.

    Shapes: *columns* (meters, quantities of a block, readings), *plain* (meters,), *checked* (values in the checksum,),
    *cells* (meters, 24, width), *total* (2 + quantities,): the partition's.
    """
    an_hour = columns.shape[2] // _HOURS
    interval_s = HOUR_S // an_hour
    count = quantities.shape[0]
    for place in range(columns.shape[0]):
        if not plain[place]:
            continue
        total[ROWS] += columns.shape[2]
        total[METERS] += 1
        for c in range(count):
            own = columns[place, quantities[c]]
            for hour in range(_HOURS):
                cell = cells[place, hour]
                sum_ = 0
                for i in range(hour * an_hour, (hour + 1) * an_hour):
                    sum_ += own[i]
                cell[SUMS + c] += sum_
                total[TOTALS + c] += sum_
                if moments:
                    moment = 0
                    for i in range(an_hour):
                        moment += own[hour * an_hour + i] * (i + 1)
                    cell[SUMS + count + c] += moment
                if c == 0:
                    cell[READINGS] += an_hour
                    largest = cell[LARGEST]
                    for i in range(hour * an_hour, (hour + 1) * an_hour):
                        largest = max(largest, own[i])
                    cell[LARGEST] = largest
        if moments:
            for hour in range(_HOURS):
                checksum = 0
                for i in range(an_hour):
                    checksum += checksum_of(columns[place], hour * an_hour + i, i * interval_s, checked)
                cells[place, hour, SUMS + 2 * count] += checksum


@kernel
def add_rows(
    own: NDArray[np.int64],
    times_s: NDArray[np.int64],
    weights: NDArray[np.int64],
    quantities: NDArray[np.int64],
    checked: NDArray[np.int64],
    moments: bool,
    interval_s: int,
    cells: NDArray[np.int64],
    total: NDArray[np.int64],
) -> None:
    """Add each row of a meter's day as often as *weights* says, which may be negative, to the hour of its timestamp.

    Shapes: *own* (quantities of a block, readings), *times_s* (readings,) in seconds since the first hour of *cells*
    (hours, width), *checked* as in `add_days`. Rows outside these hours count in *total* alone. `LARGEST` stays as it
    is.
    """
    hours, count = cells.shape[0], quantities.shape[0]
    for i in range(weights.shape[0]):
        weight = weights[i]
        if weight == 0:
            continue
        total[ROWS] += weight
        hour = times_s[i] // HOUR_S
        k = times_s[i] % HOUR_S // interval_s + 1
        within = 0 <= hour < hours
        if within:
            cells[hour, READINGS] += weight
        for c in range(count):
            value = own[quantities[c], i] * weight
            total[TOTALS + c] += value
            if within:
                cells[hour, SUMS + c] += value
                if moments:
                    cells[hour, SUMS + count + c] += value * k
        if within and moments:
            cells[hour, SUMS + 2 * count] += checksum_of(own, i, times_s[i] % HOUR_S, checked) * weight


@kernel
def raise_largest(
    own: NDArray[np.int64], times_s: NDArray[np.int64], arrives: NDArray[np.bool_], cells: NDArray[np.int64]
) -> None:
    """Raise `LARGEST` to the values *own* (readings,) of the rows that arrive; otherwise as `add_rows`."""
    for i in range(own.shape[0]):
        hour = times_s[i] // HOUR_S
        if arrives[i] and 0 <= hour < cells.shape[0]:
            cells[hour, LARGEST] = max(cells[hour, LARGEST], own[i])


@kernel
def add_local_days(
    energies: NDArray[np.int64],
    plain: NDArray[np.bool_],
    start_s: int,
    interval_s: int,
    starts_s: NDArray[np.int64],
    place_of_day: NDArray[np.int64],
    cells: NDArray[np.int64],
) -> None:
    """Add the energies of a UTC day that begins at *start_s* to local days, of those meters that are *plain*.

    Shapes: *energies* (meters, readings), *plain* (meters,), *starts_s* and *place_of_day* (stretches,): since when
    the local day is the one at that place of *cells* (meters, days, 2); a place below 0 is none.
    """
    for meter in range(energies.shape[0]):
        if plain[meter]:
            stretch = 0
            for i in range(energies.shape[1]):
                moment_s = start_s + i * interval_s
                while stretch + 1 < starts_s.shape[0] and starts_s[stretch + 1] <= moment_s:
                    stretch += 1
                place = place_of_day[stretch]
                if place >= 0:
                    cells[meter, place, 0] += 1
                    cells[meter, place, 1] += energies[meter, i]


@kernel
def add_local_rows(
    energies: NDArray[np.int64],
    times_s: NDArray[np.int64],
    weights: NDArray[np.int64],
    starts_s: NDArray[np.int64],
    place_of_day: NDArray[np.int64],
    cells: NDArray[np.int64],
) -> None:
    """Add each row of a meter's day as often as *weights* says, which may be negative, to its local day.

    Shapes: *energies*, *times_s* and *weights* (readings,), *cells* (days, 2); otherwise as `add_local_days`.
    """
    for i in range(weights.shape[0]):
        if weights[i] != 0:
            place = place_of_day[np.searchsorted(starts_s, times_s[i], side="right") - 1]
            if place >= 0:
                cells[place, 0] += weights[i]
                cells[place, 1] += weights[i] * energies[i]

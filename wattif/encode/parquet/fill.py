"""From a block of readings straight into pages: no array in between, and nothing that is an object."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.jit import kernel


@kernel
def fill_numbers(columns: NDArray[np.int64], first: int, page: NDArray[np.int64]) -> None:
    """Fill *page* (int32 or int64) with rows from *first* on of *columns*, (meters, readings)."""
    slots = columns.shape[1]
    meter, slot = first // slots, first % slots
    at, count = 0, page.shape[0]
    while at < count:
        size = min(slots - slot, count - at)
        own, target = columns[meter, slot : slot + size], page[at : at + size]
        for i in range(size):
            target[i] = own[i]
        at += size
        meter, slot = meter + 1, 0


@kernel
def fill_times(slots: int, start_ms: int, step_ms: int, first: int, page: NDArray[np.int64]) -> None:
    """Fill *page* with the times of rows from *first* on, of meters that have *slots* of them."""
    slot = first % slots
    for i in range(page.shape[0]):
        page[i] = start_ms + slot * step_ms
        slot += 1
        if slot == slots:
            slot = 0


@kernel
def fill_repeated(values: NDArray[np.int32], slots: int, first: int, page: NDArray[np.int32]) -> None:
    """Fill *page* with rows from *first* on; *values*: one for all *slots* rows of a meter, from the first row's on."""
    at, count = 0, page.shape[0]
    meter = 0
    while at < count:
        size = min(slots - first % slots, count - at)
        page[at : at + size] = values[meter]
        at += size
        first += size
        meter += 1

"""Columns of rows: as Arrow has them, and as a table declares them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.incidents.draws import Numbers
from wattif.tables.arrow import arrow_schema
from wattif.tables.table import Table

Mask = NDArray[np.bool_]


def table_of(table: Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """The columns as they are declared."""
    schema = arrow_schema(table.columns)
    arrays = (columns[field.name] for field in schema)
    cast = [
        each if each.type == field.type else each.cast(field.type) for each, field in zip(arrays, schema, strict=True)
    ]
    return pa.table(cast, schema=schema)


def moments(seconds: Numbers) -> pa.Array:
    """Seconds since 1970 as timestamps; null where they are negative."""
    return pa.array(seconds.astype("datetime64[s]"), mask=seconds < 0).cast(pa.timestamp("s", "UTC"))


def where(those: Mask, values: pa.Array) -> pa.Array:
    """*values* of *those*, else null."""
    return values.take(pa.array(np.arange(len(values)), mask=~those))


def repeated(times: Numbers) -> tuple[Numbers, Numbers]:
    """Each place so many times, and the number of each among its own, from 0."""
    place = np.repeat(np.arange(len(times)), times)
    return place, np.arange(len(place)) - np.repeat(np.cumsum(times) - times, times)

"""The data of the page: integers of what it shows, deflated; page/unpack.js reads them.

The length of a header in four bytes, the header in JSON, then planes of bytes; all of it deflated together. A number
is rounded once, to the decimals that the page shows. An array is stored as differences of neighbors, zigzagged so that
small ones stay small, the lowest bytes of all of them first: planes that hold next to nothing deflate to nothing. Texts
are numbers of entries in a list, and MAC addresses those that they are.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wattif.errors import UsageError
from wattif.tables.grid import LABELS, METERS, TRANSFORMERS, GridTable, month_column

_LARGEST = 2**50  # differences of such integers, times two, are exact in JavaScript
_TEXTS = {
    "transformers": ("transformer_id", "zone_id", "city_id"),
    "meters": ("meter_id", "mac", "customer_class"),
    "labels": ("kind", "risk_band"),
}
_FARTHEST = {"latitude": 85.0, "longitude": 180.0}  # degrees of the map's projection (Web Mercator)
_MAC = "^([0-9A-F]{2}:){5}[0-9A-F]{2}$"
_DECIMALS = {
    "latitude": 5,  # a meter
    "longitude": 5,
    "capacity_kva": 1,
    "phases": 0,
    "load_kwh": 1,
    "peak_load_kw": 1,
    "utilization": 3,  # a tenth of a percent
    "overloaded": 0,
    "monthly_load_kwh": 1,
    "monthly_peak_kw": 1,
    "monthly_utilization": 3,
    "monthly_consumption": 1,
    "energy_kwh": 1,
    "not_registered_kwh": 1,
}


def packed(transformers: pa.Table, meters: pa.Table, labels: pa.Table, more: Mapping[str, Any]) -> bytes:
    """The tables as the page reads them, with *more* in the header.

    Meters come in the order of their transformers and labels in that of their meters; ``first`` of the meters and of
    the labels says where those of each transformer, or meter, begin. `UsageError` names what cannot be shown.
    """
    of_meter = _rows(meters, "transformer_id", transformers, "meter_consumption", "transformers")
    meters = meters.take(np.argsort(of_meter, kind="stable"))
    of_label = _rows(labels, "meter_id", meters, "anomaly_labels", "meter_consumption")
    labels = labels.take(np.argsort(of_label, kind="stable"))
    months = METERS.months_in(meters.column_names)

    arrays = _Arrays()
    _add_columns(arrays, "transformers", TRANSFORMERS, transformers, months)
    _add_columns(arrays, "meters", METERS, meters, months)
    _add_columns(arrays, "labels", LABELS, labels, [])
    arrays.add("meters", "first", _firsts(of_meter, transformers.num_rows))
    arrays.add("labels", "first", _firsts(of_label, meters.num_rows))
    header = orjson.dumps({**more, "months": [f"{month:%Y-%m}" for month in months], "arrays": arrays.header})
    return zlib.compress(b"".join([len(header).to_bytes(4, "little"), header, *arrays.planes]), 9)


class _Arrays:
    """Arrays of integers, one after the other."""

    def __init__(self) -> None:
        self.header: list[dict[str, Any]] = []
        self.planes: list[bytes] = []

    def add(self, table: str, name: str, values: NDArray[Any], decimals: int = 0, **more: Any) -> None:
        """*values* of any shape, rounded to so many *decimals*; `UsageError` when one is no number, or too large."""
        scaled = values.astype(np.float64).ravel() * 10.0**decimals
        limit = min(_LARGEST, _FARTHEST.get(name, _LARGEST) * 10.0**decimals)
        wrong = np.flatnonzero(~(np.abs(scaled) <= limit))
        if len(wrong):
            value = values.ravel()[wrong[0]]
            raise UsageError(f"{table}: {name} is {value} somewhere, which a map cannot show; correct the data set")
        whole = np.rint(scaled).astype(np.int64)
        steps = whole.copy()
        steps[1:] -= whole[:-1]
        zigzag = ((steps << 1) ^ (steps >> 63)).astype("<u8")
        planes = max(1, (int(zigzag.max(initial=0)).bit_length() + 7) // 8)
        self.planes.append(zigzag.view(np.uint8).reshape(-1, 8)[:, :planes].T.tobytes())
        about = {"table": table, "name": name, "length": len(steps), "planes": planes, "decimals": decimals}
        self.header.append({**about, **more})


def _add_columns(arrays: _Arrays, name: str, described: GridTable, table: pa.Table, months: Sequence[date]) -> None:
    """Add what is shown of a *table*; the figures of a row's months stand together."""
    for column in described.columns:
        if column.name not in _TEXTS[name] and column.is_text:
            continue
        if column.kind == "mac" and pc.all(pc.match_substring_regex(table[column.name], _MAC)).as_py():
            arrays.add(name, column.name, _mac_numbers(table[column.name]), form="mac")
        elif column.is_text:
            texts = pc.dictionary_encode(table[column.name]).combine_chunks()
            arrays.add(name, column.name, texts.indices.to_numpy(), texts=texts.dictionary.to_pylist())
        elif column.kind == "timestamp":
            microseconds = table[column.name].cast(pa.int64()).to_numpy()
            arrays.add(name, column.name, microseconds // 60_000_000)  # to the minute
        elif column.name in _DECIMALS:
            arrays.add(name, column.name, table[column.name].to_numpy(), _DECIMALS[column.name])
    for column in described.monthly:
        by_month = [table[month_column(column.name, month)].to_numpy() for month in months]
        arrays.add(name, column.name, np.stack(by_month, axis=1), _DECIMALS[column.name])


def _mac_numbers(macs: pa.ChunkedArray) -> NDArray[np.int64]:
    """Addresses as numbers: half the size of their digits, which are at random."""
    digits = pc.replace_substring(macs, ":", "").to_pylist()
    return np.array([int(each, 16) for each in digits], np.int64)


def _rows(table: pa.Table, key: str, of: pa.Table, name: str, name_of: str) -> NDArray[np.int64]:
    """The row of *of* with the same *key*, for each row of *table*; `UsageError` when there is none, or more."""
    counts = pc.value_counts(of[key])
    twice = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(twice):
        raise UsageError(f"{name_of}: {key} {twice[0]['values']} has more than one row; leave one of them")
    rows = pc.index_in(table[key], of[key])
    if rows.null_count:
        missing = table[key].filter(rows.is_null())[0]
        raise UsageError(f"{name}: {key} {missing} is not in {name_of}; add it there, or leave its rows out here")
    found: NDArray[np.int64] = rows.to_numpy()
    return found


def _firsts(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Where those of each of *count* rows begin when they are in order, and where the last ones end."""
    return np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count))))

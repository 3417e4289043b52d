"""Columns as a reader of Python wants them: floats by default, or exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wattif.tables.arrow import decimals, texts_in_runs
from wattif.tables.column import Column

Numbers = Literal["float", "decimal", "scaled"]


def schema_of(columns: Sequence[Column], numbers: Numbers) -> pa.Schema:
    """The schema of rows with *columns*."""
    return pa.schema([_field(column, numbers) for column in columns])


def _field(column: Column, numbers: Numbers) -> pa.Field:
    about = {"description": column.description, "unit": column.unit or ""}
    if column.is_decimal and numbers == "scaled":
        about["scale"] = str(column.decimals)
    return pa.field(column.name, _type(column, numbers), column.nullable, about)


def _type(column: Column, numbers: Numbers) -> pa.DataType:
    if column.kind == "timestamp":
        return pa.timestamp("s", "UTC")
    if column.is_decimal and numbers != "decimal":
        return pa.float64() if numbers == "float" else pa.int64()
    return column.arrow_type


def batch_of(columns: Sequence[Column], values: Mapping[str, NDArray[Any]], numbers: Numbers) -> pa.RecordBatch:
    """Rows as `LakeTable.columns_of` and `Block.values` give them."""
    arrays = [_array(column, values[column.name], numbers) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(columns, numbers))


def _array(column: Column, values: NDArray[Any], numbers: Numbers) -> pa.Array:
    wanted = _type(column, numbers)
    if column.is_text and values.dtype != object:
        return texts_in_runs(values)
    if column.kind == "timestamp" and values.dtype != object:
        return pa.array(values.astype("datetime64[s]")).cast(wanted)
    if not column.is_decimal:
        return pa.array(values).cast(wanted)
    if values.dtype == object:  # some may be missing
        exact = [None if each is None else Decimal(each).scaleb(-column.decimals) for each in values.tolist()]
        return _from_decimals(pa.array(exact, column.arrow_type), column, numbers)
    if numbers == "decimal":
        return decimals(values.astype(np.int64), wanted)
    return pa.array(values.astype(np.int64) if numbers == "scaled" else values / 10.0**column.decimals)


def _from_decimals(values: pa.Array, column: Column, numbers: Numbers) -> pa.Array:
    if numbers == "scaled":
        values = pc.multiply(values, pa.scalar(Decimal(10**column.decimals)))
    return values.cast(_type(column, numbers))


def converted(batch: pa.RecordBatch, columns: Sequence[Column], numbers: Numbers) -> pa.RecordBatch:
    """Rows with exact decimals, as the Parquet files of a lake have them."""
    arrays = [
        _from_decimals(batch.column(column.name), column, numbers)
        if column.is_decimal
        else batch.column(column.name).cast(_type(column, numbers))
        for column in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(columns, numbers))

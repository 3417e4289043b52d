"""The fleet as a dimension table, `_wattif/meters.parquet`: one row a meter."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wattif.formats.ndjson import mac_text
from wattif.world.classes import MeterClass
from wattif.world.fleet import Fleet
from wattif.world.grid import transformer_of

SCHEMA = pa.schema(
    [
        pa.field("meter", pa.int32(), nullable=False, metadata={"description": "number of the meter, from 0"}),
        pa.field("mac", pa.string(), nullable=False, metadata={"description": "its MAC address, as in the readings"}),
        pa.field("class", pa.string(), nullable=False, metadata={"description": "class of customers"}),
        pa.field("transformer", pa.int32(), nullable=False, metadata={"description": "the transformer that feeds it"}),
        pa.field("mean_kwh", pa.float64(), nullable=False, metadata={"description": "mean energy a month, kWh"}),
    ]
)
_ROWS_A_GROUP = 100_000


def meters_parquet(fleet: Fleet, meter_class: MeterClass) -> bytes:
    """The content of `_wattif/meters.parquet`; a group of rows at a time, so that a million meters stay small."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, SCHEMA, compression="zstd") as writer:
        for first in range(0, len(fleet.macs), _ROWS_A_GROUP):
            macs = fleet.macs[first : first + _ROWS_A_GROUP]
            meters = np.arange(first, first + len(macs), dtype=np.int32)
            columns = [
                pa.array(meters),
                pa.array(mac_text(macs).astype("U17")),
                pa.array([meter_class.id]).take(pa.array(np.zeros(len(macs), np.int32))),
                pa.array(np.array([transformer_of(int(meter)) for meter in meters], np.int32)),
                pa.array(fleet.base_mwh[first : first + len(macs)] / 1e6),
            ]
            writer.write_table(pa.table(columns, schema=SCHEMA))
    return sink.getvalue()

"""The labels of what went wrong at the meters, `_wattif/labels/anomalies/`: one row a meter and event."""

from __future__ import annotations

import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from wattif.model.anomaly_kinds import KINDS
from wattif.model.fleet import Fleet, mac_text
from wattif.model.grid import transformer_of
from wattif.model.reported import MeasuredEvent
from wattif.model.world import World
from wattif.tables.meters import described

HIGH, MEDIUM = 0.10, 0.01  # of a mean month's energy: from there on the risk is high, or medium
_TIME, _ENERGY = pa.timestamp("us", "UTC"), pa.decimal128(18, 3)

SCHEMA = pa.schema(
    [
        described("event_id", pa.string(), "the event; the meters of a transformer share one"),
        described("meter", pa.int32(), "number of the meter"),
        described("mac", pa.string(), "its MAC address"),
        described("transformer", pa.int32(), "the transformer that feeds it"),
        described("city_id", pa.string(), "the city it is in"),
        described("kind", pa.string(), "what goes wrong, see docs/anomalies.md"),
        described("start", _TIME, "start of the first reading that it touches"),
        described("end", _TIME, "end of the last one"),
        described("parameters", pa.string(), "how large it is, JSON: energies in mWh, moments in seconds since 1970"),
        described("energy_wh", _ENERGY, "energy truly imported from start to end, Wh"),
        described("not_registered_wh", _ENERGY, "of it, what the register did not count; negative: too much, Wh"),
        described("severity", pa.float64(), "what was not registered, relative to the meter's mean month"),
        described("risk_band", pa.string(), "High from a severity of 0.10 on, Medium from 0.01 on, else Low"),
        described("visible_in", pa.string(), "where it shows: consumption, rows, voltage, timestamp, register, …"),
        described(
            "expected_auc", pa.float64(),
            "area under the ROC curve of an isolation forest on the days of real homes; null where none is known",
            nullable=True,
        ),
    ]
)  # fmt: skip


def labels_table(events: Iterable[MeasuredEvent], fleet: Fleet, world: World) -> pa.Table:
    """The labels of *events*, by meter."""
    return pa.Table.from_pylist([_label(each, fleet, world) for each in events], schema=SCHEMA)


def labels_parquet(labels: pa.Table) -> bytes:
    """`labels_table` as the content of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(labels, sink, compression="zstd")
    return sink.getvalue()


def labels_ndjson(labels: pa.Table) -> bytes:
    """`labels_table` as NDJSON; energies with three decimals, times in RFC 3339."""

    def plain(value: object) -> object:
        return float(value) if isinstance(value, Decimal) else value

    return b"".join(
        orjson.dumps({name: plain(value) for name, value in row.items()}, option=_NDJSON) for row in labels.to_pylist()
    )


_NDJSON = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


def _label(measured: MeasuredEvent, fleet: Fleet, world: World) -> dict[str, Any]:
    event = measured.event
    lost_mwh = int(measured.lost_mwh[-1])
    severity = abs(lost_mwh) / max(int(fleet.base_mwh[event.meter]), 1)
    kind = KINDS[event.kind]
    return {
        "event_id": event.id,
        "meter": event.meter,
        "mac": mac_text(fleet.macs[event.meter : event.meter + 1])[0].decode(),
        "transformer": transformer_of(event.meter),
        "city_id": world.city_of(event.meter).id,
        "kind": event.kind,
        "start": np.datetime64(event.start_s, "s").item(),
        "end": np.datetime64(event.end_s, "s").item(),
        "parameters": orjson.dumps(dict(event.sizes)).decode(),
        "energy_wh": Decimal(measured.energy_mwh) / 1000,
        "not_registered_wh": Decimal(lost_mwh) / 1000,
        "severity": severity,
        "risk_band": "High" if severity >= HIGH else "Medium" if severity >= MEDIUM else "Low",
        "visible_in": kind.visible_in,
        "expected_auc": kind.expected_auc,
    }

"""`generation_report.txt`: what was asked for, what came of it, what was checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wattif.data_set.report import report_text
from wattif.grid.checks import Check
from wattif.grid.data import GridData, Loads
from wattif.spec.values import CLASS_IDS


def report_of(
    settings: Mapping[str, object],
    data: GridData,
    loads: Loads,
    transformers: pa.Table,
    *,
    checks: Sequence[Check],
    warnings: Sequence[str],
) -> str:
    """The report; the same data set has the same."""
    parts = {
        "Figures": list(_figures(data, loads, transformers)),
        "Warnings": list(warnings),
        "Checks": [f"{'FAILED' if each.fault else 'ok'}: {each.name}" for each in checks],
    }
    return report_text("a grid data set", settings, parts)


def _figures(data: GridData, loads: Loads, transformers: pa.Table) -> Iterator[str]:
    months = data.months
    yield f"meters: {data.scenario.meters:,}"
    for number, name in enumerate(CLASS_IDS):
        yield f"  {name}: {int((data.scenario.fleet.meter_class == number).sum()):,}"
    yield f"transformers: {len(transformers):,}, in {len(pc.unique(transformers['zone_id'])):,} zones"
    yield f"months: {months[0]:%Y-%m} to {months[-1]:%Y-%m}, {len(months)}"
    yield f"energy: {loads.kwh.sum():,.3f} kWh"
    by_month = loads.kwh.sum(axis=(0, 1)) / data.scenario.meters
    yield f"mean month of a meter: {by_month.mean():,.1f} kWh, from {by_month.min():,.1f} to {by_month.max():,.1f}"
    used = np.array(transformers["utilization"])
    yield f"utilization at the peak: median {np.median(used):.2f}, highest {used.max():.2f}"
    yield f"overloaded transformers: {int(np.array(transformers['overloaded']).sum()):,}"
    labels, meters, events = len(data.labels), pc.unique(data.labels["meter_id"]), pc.unique(data.labels["event_id"])
    yield f"labels: {labels:,}, of {len(meters):,} meters and {len(events):,} events"
    for column in ("kind", "risk_band"):
        counts = sorted((each["values"], each["counts"]) for each in pc.value_counts(data.labels[column]).to_pylist())
        yield from (f"  {name}: {count:,}" for name, count in counts)

"""The labels of what went wrong at the meters, `_wattif/labels/anomalies/`: one row per meter and event.

One object has them all where a share of the meters was asked for. With a rate in calendar time there is one for each
day on which an event begins, from the dataset's epoch on: it is written once, however far the dataset grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from wattif.model.anomaly_kinds import KINDS
from wattif.numeric.calendar import day_number, day_of, month_after
from wattif.tables.column import Column
from wattif.tables.table import WHOLE, LakeTable, RowCount, is_asked_for
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    from wattif.model.anomalies import Event
    from wattif.model.measuring import MeasuredEvent
    from wattif.model.scenario import Scenario
    from wattif.spec import Spec

_ALL = "anomalies"  # the object that has all labels
HIGH, MEDIUM = 0.10, 0.01  # of a mean month's energy: from there on the risk is high, or medium


@dataclass(frozen=True, kw_only=True)
class AnomalyLabels(LakeTable):
    """The table of the labels: its units are ranges of meters, of which few have a row."""

    def is_in(self, spec: Spec) -> bool:
        """When anomalies are asked for."""
        return spec.rate.value > 0 and is_asked_for(spec.anomalies)

    def partitions(self, spec: Spec) -> Iterator[str]:
        """The days from the epoch on, or the only one; most days have no row."""
        if spec.rate.per is None:
            yield WHOLE
        else:
            days = (spec.end - spec.epoch).days + 1
            yield from ((spec.epoch + timedelta(days=number)).isoformat() for number in range(days))

    def object_names(self, partition: str = WHOLE, first: int = 0, count: int = 1) -> tuple[str, ...]:
        """See `LakeTable.object_names`."""
        return super().object_names(_ALL if partition == WHOLE else partition)

    def entities(self, spec: Spec, partition: str) -> int:
        """The meters."""
        return spec.meters

    def rows(self, spec: Spec, partition: str) -> RowCount:
        """The share that was asked for, or that of a day; a few more where a whole transformer is hit."""
        rate = spec.rate
        if rate.per is None:
            return RowCount(rows=round(spec.meters * rate.value), exact=False)
        month = date.fromisoformat(partition).replace(day=1)
        days = (month_after(month) - month).days
        return RowCount(rows=round(spec.meters * rate.in_month(month) / days), exact=False)

    def columns_of(self, scenario: Scenario, unit: Unit) -> Mapping[str, NDArray[Any]]:
        """See `LakeTable.columns_of`, by meter; the scenario's events must have been measured."""
        day = 0 if unit.partition == WHOLE else day_number(unit.day)
        measured = [
            each for each in scenario.events_by_label.get(day, ()) if unit.first <= each.event.meter <= unit.last
        ]
        return label_columns(scenario, measured)


def label_columns(scenario: Scenario, measured: Sequence[MeasuredEvent]) -> dict[str, NDArray[Any]]:
    """All columns, a row for each event."""
    severity = [_severity(each, scenario) for each in measured]
    return {
        **drawn_columns(scenario, [each.event for each in measured]),
        "parameters": _texts(orjson.dumps(dict(each.event.sizes)).decode() for each in measured),
        "energy_wh": np.array([each.energy_mwh for each in measured], np.int64),
        "not_registered_wh": np.array([each.not_registered_mwh for each in measured], np.int64),
        "severity": np.array(severity),
        "risk_band": risk_bands(np.array(severity)),
    }


def risk_bands(severity: NDArray[np.float64]) -> NDArray[Any]:
    """High, Medium or Low."""
    return _texts("High" if one >= HIGH else "Medium" if one >= MEDIUM else "Low" for one in severity.tolist())


def partition_of(event: Event) -> str:
    """The partition with the label of *event*."""
    return day_of(event.label_day).isoformat() if event.label_day else WHOLE


def drawn_columns(scenario: Scenario, events: Sequence[Event]) -> dict[str, NDArray[Any]]:
    """The columns that are known before the *events* are measured, a row for each of these."""
    meters = np.array([each.meter for each in events], np.int64)
    return {
        "event_id": _texts(each.id for each in events),
        "meter": meters,
        "mac": np.array([scenario.fleet.part(meter, 1).macs[0] for meter in meters.tolist()], np.uint64),
        "transformer": np.array([scenario.world.network.transformer_of(each.meter) for each in events], np.int64),
        "city_id": _texts(scenario.world.city_of(each.meter).id for each in events),
        "kind": _texts(each.kind for each in events),
        "start": np.array([each.start_s for each in events], "datetime64[s]"),
        "end": np.array([each.end_s for each in events], "datetime64[s]"),
        "visible_in": _texts(KINDS[each.kind].visible_in for each in events),
        "expected_auc": np.array([KINDS[each.kind].expected_auc for each in events], object),
    }


def _texts(values: Any) -> NDArray[Any]:
    return np.array(list(values), object)


def _severity(measured: MeasuredEvent, scenario: Scenario) -> float:
    base_mwh = int(scenario.fleet.part(measured.event.meter, 1).base_mwh[0])
    return abs(measured.not_registered_mwh) / max(base_mwh, 1)


TABLE = AnomalyLabels(
    name="anomaly_labels",
    description="what went wrong at the meters: one row per meter and event",
    columns=(
        Column("event_id", "text", "the event; the meters of a transformer share one"),
        Column("meter", "number", "number of the meter", bits=32),
        Column("mac", "mac", "its MAC address"),
        Column("transformer", "number", "the transformer that feeds it", bits=32),
        Column("city_id", "city", "the city it is in"),
        Column("kind", "text", "what goes wrong, see docs/anomalies.md"),
        Column("start", "timestamp", "start of the first reading that it touches"),
        Column("end", "timestamp", "end of the last one"),
        Column("parameters", "text", "how large it is, JSON: energies in mWh, moments in seconds since 1970"),
        Column("energy_wh", "number", "energy truly imported from start to end", unit="Wh", decimals=3),
        Column(
            "not_registered_wh",
            "number",
            "of it, what the register did not count; negative: too much",
            unit="Wh",
            decimals=3,
        ),
        Column("severity", "float", "what was not registered, relative to the meter's mean month"),
        Column("risk_band", "text", "High from a severity of 0.10 on, Medium from 0.01 on, else Low"),
        Column("visible_in", "text", "where it shows: consumption, rows, voltage, timestamp, register, …"),
        Column(
            "expected_auc",
            "float",
            "area under the ROC curve of an isolation forest on the days of real homes; null where none is known",
            nullable=True,
        ),
    ),
    key=("meter", "event_id"),
    partition="the whole dataset; with a rate in calendar time, the UTC day of its start",
    path="_wattif/labels/anomalies/{partition}",
    endings=("ndjson", "parquet"),
    absent_when_empty=True,
)

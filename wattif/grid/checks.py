"""What must hold of a grid data set before any of it is kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from wattif.errors import WattIfError
from wattif.grid.data import GridData, Loads, Part, Share
from wattif.model.geography import DECIMALS
from wattif.tables.grid import LABELS, METERS, TRANSFORMERS, GridTable

_HALF_DEG = 0.5000001 * 10.0**-DECIMALS  # a place on the border of a lake's city may be rounded over it
RATE_TOLERANCE = 0.02  # of the share of labelled meters, where the set is not so small that chance allows more


class CheckFailed(WattIfError):
    """A data set is not what was asked for; none of it is kept."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    fault: str  # empty: it holds


@dataclass(frozen=True, kw_only=True)
class PartChecks:
    """What is looked at in each part of the meters."""

    data: GridData
    fed: dict[str, int] = field(default_factory=dict)  # meters by transformer
    faults: dict[str, str] = field(default_factory=dict)  # the first one of each kind

    def add(self, part: Part) -> None:
        """Look at *part*."""
        for each in pc.value_counts(part.table["transformer_id"]).to_pylist():
            self.fed[each["values"]] = self.fed.get(each["values"], 0) + each["counts"]
        self._note("no nulls", _nulls(part.table))
        self._note("all months are there", _missing(METERS, part.table, self.data))
        self._note("places are within the bounds", _outside(part.table, self.data))
        self._note("no consumption is negative", _negative(part.table, METERS, self.data))

    def _note(self, name: str, fault: str) -> None:
        if not self.faults.get(name):
            self.faults[name] = fault


def checks_of(parts: PartChecks, transformers: pa.Table, loads: Loads) -> Iterator[Check]:
    """All but those of files and readings."""
    data = parts.data
    meters, counted = data.scenario.meters, sum(parts.fed.values())
    yield _check(f"{meters:,} meters", counted == meters, f"there are {counted:,}")
    yield _check(
        f"{len(loads.customers):,} transformers", len(transformers) == len(loads.customers), f"{len(transformers):,}"
    )
    known = dict(zip(transformers["transformer_id"].to_pylist(), transformers["num_meters"].to_pylist(), strict=True))
    stray = next((name for name in parts.fed if name not in known), "")
    yield _check("every meter's transformer exists", not stray, f"{stray} does not")
    wrong = next((name for name, count in known.items() if parts.fed.get(name) != count), "")
    yield _check(
        "each transformer feeds its meters", not wrong, f"{wrong} feeds {parts.fed.get(wrong)}, says {known.get(wrong)}"
    )
    total_kwh, by_transformer = float(loads.kwh.sum()), float(pc.sum(transformers["load_kwh"]).as_py())
    same = math.isclose(total_kwh, by_transformer, rel_tol=1e-9, abs_tol=1e-3)
    yield _check("loads of transformers sum to those of meters", same, f"{by_transformer:,.3f} of {total_kwh:,.3f} kWh")
    of_tables = {
        "no nulls": [_nulls(transformers), _nulls(data.labels)],
        "all months are there": [_missing(TRANSFORMERS, transformers, data), _missing(LABELS, data.labels, data)],
        "places are within the bounds": [_outside(transformers, data)],
    }
    for name, fault in parts.faults.items():
        yield Check(name=name, fault=next(filter(None, [fault, *of_tables.get(name, [])]), ""))
    if data.share is not None:
        yield _check_share(data, data.share)


def _check_share(data: GridData, wanted: Share) -> Check:
    """The share of meters with a label: within two points, or three standard deviations where chance allows more."""
    share = len(pc.unique(data.labels["meter_id"])) / data.scenario.meters
    bound = max(RATE_TOLERANCE, 3.0 * wanted.deviation)
    why = "" if bound == RATE_TOLERANCE else ", three standard deviations of so few"
    name = f"a share of {wanted.asked:g} of the meters has a label: {share:.4f} (±{bound:.4f}{why})"
    return _check(name, abs(share - wanted.asked) <= bound, f"{share:.4f}")


def check_geojson(path: Path, transformers: pa.Table) -> Check:
    """What was written is RFC 7946: positions are longitude and latitude, and each transformer has its feature."""
    read = orjson.loads(path.read_bytes())
    features = read["features"] if read.get("type") == "FeatureCollection" else []
    longitudes, latitudes = transformers["longitude"].to_pylist(), transformers["latitude"].to_pylist()
    expected = zip(transformers["transformer_id"].to_pylist(), longitudes, latitudes, strict=True)
    wrong = next(
        (name for each, (name, *place) in zip(features, expected, strict=False) if not _is_point(each, name, place)), ""
    )
    return _check(
        "transformers.geojson has a point for each transformer",
        len(features) == len(transformers) and not wrong,
        wrong or f"{len(features):,} features",
    )


def _is_point(feature: Any, name: str, place: list[float]) -> bool:
    geometry, properties = feature.get("geometry"), feature.get("properties")
    return (
        feature.get("type") == "Feature"
        and geometry == {"type": "Point", "coordinates": place}
        and abs(place[0]) <= 180.0
        and abs(place[1]) <= 90.0
        and properties["transformer_id"] == name
        and len(properties["meter_ids"]) == properties["num_meters"]
    )


def require(checks: Iterable[Check]) -> None:
    """`CheckFailed` names all that do not hold."""
    faults = [f"{each.name}: {each.fault}" for each in checks if each.fault]
    if faults:
        raise CheckFailed(
            "\n".join(f"the data set fails a check of its own and is not kept: {each}" for each in faults)
        )


def _check(name: str, holds: bool, fault: str) -> Check:
    return Check(name=name, fault="" if holds else fault)


def _nulls(table: pa.Table) -> str:
    return ", ".join(f"{name} has {table[name].null_count}" for name in table.column_names if table[name].null_count)


def _missing(table: GridTable, rows: pa.Table, data: GridData) -> str:
    names = [column.name for column in table.columns_in_months(data.months)]
    return ", ".join(name for name in names if name not in rows.column_names)


def _negative(rows: pa.Table, table: GridTable, data: GridData) -> str:
    names = [each.name for each in table.columns_in_months(data.months)[len(table.columns) :]]
    least = min((pc.min(rows[name]).as_py() for name in names), default=0.0)
    return "" if least >= 0.0 else f"{least}"


def _outside(rows: pa.Table, data: GridData) -> str:
    bounds = np.array([city.bounds_deg for city in data.scenario.world.cities])
    south, north, west, east = bounds[:, 0].min(), bounds[:, 1].max(), bounds[:, 2].min(), bounds[:, 3].max()
    for name, low, high in (("latitude", south, north), ("longitude", west, east)):
        least, most = pc.min_max(rows[name]).as_py().values()
        if least < low - _HALF_DEG or most > high + _HALF_DEG:
            return f"{name} from {least} to {most}"
    return ""

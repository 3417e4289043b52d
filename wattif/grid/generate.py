"""From a spec, or a lake's, to the grid data set that it describes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.errors import InvalidValue
from wattif.grid.data import MWH_PER_KWH, GridData, Kwh, Share, whole_months
from wattif.grid.ghostload import KIND, ghostload_kwh, ghosts
from wattif.grid.spec import GridSpec
from wattif.model.anomaly_kinds import KINDS, weights_of
from wattif.model.geography import DECIMALS
from wattif.model.measuring import MeterEvents
from wattif.model.month_sums import month_sums
from wattif.model.network import Layout
from wattif.model.scenario import Scenario, scenario_of, world_of
from wattif.numeric.calendar import day_number, months_later
from wattif.spec import Spec
from wattif.tables import anomaly_labels, meters
from wattif.tables.arrow import arrow_table
from wattif.tables.grid import LABELS


def grid_data(spec: GridSpec) -> GridData:
    """The data set that *spec* describes; `InvalidValue` names what no registry knows."""
    of_readings = Spec(
        start=spec.start_month,
        end=spec.end,
        meters=spec.num_meters,
        city=spec.city,
        cities=spec.cities,
        class_mix=spec.class_mix,
        seed=spec.seed,
        anomaly_rate=spec.anomaly_rate if spec.model == "readings" else 0.0,
        anomalies=spec.anomalies if spec.model == "readings" else "all",
    )
    layout = Layout(spec.num_meters, spec.num_transformers, spec.spatial_clustering_strength)
    world = world_of(of_readings)
    bounds = _inward(spec.box or world.cities[0].bounds_deg)
    city = replace(world.cities[0], zones=spec.num_zones, bounds=bounds)
    # few transformers, and large ones: what hits a whole one would move the share of the meters by points
    scenario = scenario_of(of_readings, replace(world, cities=(city,), layout=layout), evens_out=True)
    if spec.model == "ghostload":
        return _ghostload(spec, scenario)
    return _of_readings(scenario, spec.borders, _share(of_readings, scenario, evens_out=True))


def _inward(bounds_deg: Sequence[float]) -> tuple[float, ...]:
    """Bounds that no place leaves when it is rounded."""
    south, north, west, east = (each * 10**DECIMALS for each in bounds_deg)
    inner = (math.ceil(south - 1e-6), math.floor(north + 1e-6), math.ceil(west - 1e-6), math.floor(east + 1e-6))
    if inner[0] >= inner[1] or inner[2] >= inner[3]:
        raise InvalidValue("bounds", ",".join(map(str, bounds_deg)), "are narrower than a meter; widen them")
    return tuple(each / 10**DECIMALS for each in inner)


def grid_of_dataset(spec: Spec) -> GridData:
    """The network, months and labels of a dataset of readings; its first and last month may be parts."""
    borders = [spec.start]
    while (month := months_later(borders[-1], 1)) <= spec.end:
        borders.append(month)
    scenario = scenario_of(spec)
    return _of_readings(scenario, [*borders, spec.end + timedelta(days=1)], _share(spec, scenario, evens_out=False))


def _share(spec: Spec, scenario: Scenario, *, evens_out: bool) -> Share | None:
    """The share of meters with a label that was asked for; *evens_out*: see `draw_events`."""
    if spec.rate.per is not None:
        return None
    weights = weights_of(spec)
    asked = spec.rate.value if weights else 0.0
    variance = asked * (1.0 - asked) / scenario.meters
    of_transformers = math.fsum(weight for kind, weight in weights.items() if KINDS[kind].of_transformer)
    if of_transformers and not (evens_out and of_transformers < math.fsum(weights.values())):
        network = scenario.world.network
        sizes = [len(network.meters_of(n)) / scenario.meters for n in range(network.transformers(scenario.meters))]
        hit = asked * of_transformers / math.fsum(weights.values())
        variance += hit * (1.0 - hit) * math.fsum(size**2 for size in sizes)
    return Share(asked=asked, deviation=math.sqrt(variance))


def _of_readings(scenario: Scenario, borders: list[date], share: Share | None) -> GridData:
    def kwh(numbers: range) -> Kwh:
        mwh = month_sums(scenario.world, scenario.fleet, numbers, borders)
        for meter in numbers:
            if (events := scenario.events.get(meter)) is not None:
                mwh[meter - numbers.start] += _changes_mwh(events, borders)
        return mwh / MWH_PER_KWH

    return GridData(scenario=scenario, borders=borders, kwh=kwh, labels=_labels(scenario), share=share, is_summed=True)


def _changes_mwh(events: MeterEvents, borders: Sequence[date]) -> NDArray[np.int64]:
    """By how much the rows of each month sum to more than what was used: as their timestamps tell it.

    Clocks that are wrong may tell of days before the first one, or after the last one; and events may begin before the
    first day of a dataset, and end after its last one.
    """
    changes = np.zeros(len(borders) - 1, np.int64)
    edges = np.array(whole_months(borders))
    days = range(day_number(borders[0]), day_number(borders[-1]))
    for event in events.all:
        for (day, told), mwh in event.told_mwh.items():
            month = int(np.searchsorted(edges, told, side="right")) - 1
            if day in days and 0 <= month < len(changes):
                changes[month] += mwh
    return changes


def _labels(scenario: Scenario) -> pa.Table:
    measured = [
        each for meter, events in scenario.events.items() if meter < scenario.meters for each in events.all
    ]  # the partner of the last meter may be one more
    rows = anomaly_labels.label_columns(scenario, measured)
    energies = {
        "energy_kwh": rows["energy_wh"] / MWH_PER_KWH,
        "not_registered_kwh": rows["not_registered_wh"] / MWH_PER_KWH,
    }
    return arrow_table(LABELS.columns, {**rows, **_names_of(scenario, rows["meter"]), **energies})


def _names_of(scenario: Scenario, numbers: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """The keys of meters that need not be consecutive."""
    network = scenario.world.network
    transformers = np.array([network.transformer_of(number) for number in numbers.tolist()], np.int64)
    return meters.place_columns(scenario.world, numbers, transformers)


def _ghostload(spec: GridSpec, scenario: Scenario) -> GridData:
    first_month = spec.start_month.month - 1

    def made(numbers: range, share: float) -> Kwh:
        own = scenario.fleet.slice_of(numbers.start, len(numbers))
        return ghostload_kwh(spec.seed, numbers, scenario.fleet.meter_class[own], first_month, spec.num_months, share)

    whole = range(spec.num_meters)
    hit = np.flatnonzero(ghosts(spec.seed, whole, spec.anomaly_rate))
    true_kwh = np.array([made(range(n, n + 1), 0.0).sum() for n in hit.tolist()])
    lost_kwh = true_kwh - np.array([made(range(n, n + 1), spec.anomaly_rate).sum() for n in hit.tolist()])
    severity = lost_kwh / np.maximum(true_kwh / spec.num_months, 1e-9)
    moments = [np.datetime64(day, "s") for day in (spec.borders[0], spec.borders[-1])]
    labels = {
        **_names_of(scenario, hit),
        "mac": scenario.fleet.macs[hit],
        "kind": np.full(len(hit), KIND, object),
        "risk_band": anomaly_labels.risk_bands(severity),
        "start": np.full(len(hit), moments[0]),
        "end": np.full(len(hit), moments[1]),
        "energy_kwh": true_kwh.round(3),
        "not_registered_kwh": lost_kwh.round(3),
        "severity": severity,
        "event_id": np.array([f"meter-{n}" for n in hit.tolist()], object),
    }
    return GridData(
        scenario=scenario,
        borders=spec.borders,
        kwh=lambda numbers: made(numbers, spec.anomaly_rate),
        labels=arrow_table(LABELS.columns, labels),
        share=Share(
            asked=spec.anomaly_rate,
            deviation=math.sqrt(spec.anomaly_rate * (1.0 - spec.anomaly_rate) / spec.num_meters),
        ),
        is_summed=False,
    )

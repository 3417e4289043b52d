"""The grid data set: its months, its transformers, its distributions."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

import wattif
from wattif.grid import GridSpec, data, generate_grid, write_grid
from wattif.grid.generate import grid_data, grid_of_dataset
from wattif.model import quantities
from wattif.model.world import MeterDays


@pytest.mark.parametrize("kinds", ["clock_skew", "missing,clock_reset", "exchange,swapped,estimated,catch_up"])
def test_rows_that_clocks_tell_of_other_days_are_in_the_month_that_they_tell(kinds: str) -> None:
    """Two days in the middle of a month, or around its end: what the tables downstream expect, meter by meter."""
    for start, end in (("2024-01-10", "2024-01-11"), ("2024-01-30", "2024-02-01")):
        _compare(start, end, meters=300, interval=60, anomaly_rate=1.0, anomalies=kinds, ev_share=0.5)


@pytest.mark.parametrize("rate", ["0.8/month", "0.5/week"])
def test_events_that_reach_over_the_ends_of_a_dataset_count_within_it(rate: str) -> None:
    """Events of a rate in calendar time begin before the first day of a dataset, and go on after its last one."""
    for start, end in (("2024-01-20", "2024-03-05"), ("2024-01-01", "2024-02-10"), ("2024-01-20", "2024-01-21")):
        _compare(start, end, meters=40, interval=3600, anomaly_rate=rate, anomalies="all")


def _compare(start: str, end: str, **options: Any) -> None:
    """The months of each meter with the tables that are expected."""
    spec = wattif.Spec(start=start, end=end, **options)
    monthly = wattif.expect(spec)["monthly"].to_pylist()
    expected = {(row["mac"], f"{row['month']:%Y_%m}"): row["consumption_wh"] for row in monthly}
    data = grid_of_dataset(spec)
    for part in data.parts():
        for row in part.table.to_pylist():
            for month in data.months:
                name = f"{month:%Y_%m}"
                told_wh = round(Decimal(row[f"monthly_consumption_{name}"]) * 1000, 3)
                assert told_wh == expected.get((row["mac"], name), 0), (start, row["mac"], name)


def test_peaks_are_those_of_simulated_transformers() -> None:
    """The highest quarter of an hour of a month, from the readings of all meters: they scatter around what is told."""
    spec = GridSpec(num_meters=400, num_transformers=14, num_months=1, start_month="2024-05", anomaly_rate=0.0, seed=9)
    scenario = grid_data(spec).scenario
    world = replace(scenario.world, interval_s=900)
    model = MeterDays(world, scenario.fleet, electrical=False)
    made_kw = np.zeros(spec.num_transformers)
    for day in (date(2024, 5, 1) + timedelta(days=n) for n in range(31)):
        for number in range(spec.num_transformers):
            energies = [
                model.compute(day, meter, 1)[0, quantities.CONSUMPTION_MWH].copy()
                for meter in world.network.meters_of(number)
            ]
            made_kw[number] = max(made_kw[number], np.sum(energies, axis=0).max() * 4 / 1e6)
    told_kw = np.array(generate_grid(spec).transformers["peak_load_kw"])
    ratios = told_kw / made_kw
    assert 0.85 < np.median(ratios) < 1.15
    assert ((ratios > 0.6) & (ratios < 1.6)).all()


def test_utilization_is_the_peak_of_the_rating_and_overloads_are_flagged() -> None:
    grid = generate_grid(GridSpec(num_meters=4_000, num_transformers=200, num_months=2, anomaly_rate=0.0))
    transformers = grid.transformers.to_pandas()
    months = transformers.filter(like="monthly_peak_kw").to_numpy()
    assert (transformers["peak_load_kw"] == months.max(axis=1)).all()
    told = transformers["peak_load_kw"] / 0.95 / transformers["capacity_kva"]
    assert np.abs(told - transformers["utilization"]).max() < 1e-4
    assert (transformers["overloaded"] == (transformers["utilization"] > 1)).all()
    assert 0 < transformers["overloaded"].sum() < 40


def test_places_follow_the_bounds_and_the_strength_of_clustering() -> None:
    """The farther transformers may lie from the center of their zone, the more of the bounds they fill."""
    distances = []
    for strength in (0.0, 0.5, 1.0):
        grid = generate_grid(
            GridSpec(
                num_meters=3_000,
                num_transformers=300,
                num_zones=12,
                num_months=1,
                anomaly_rate=0.0,
                bounds="-10,-8,30,32",
                spatial_clustering_strength=strength,
            )
        ).transformers.to_pandas()
        assert grid["latitude"].between(-10, -8).all()
        assert grid["longitude"].between(30, 32).all()
        centers = grid.groupby("zone_id")[["latitude", "longitude"]].transform("mean")
        distances.append(np.hypot(*(grid[["latitude", "longitude"]] - centers).to_numpy().T).mean())
    assert distances[0] > 1.5 * distances[1] > 1.5 * 1.5 * distances[2]


def test_any_number_of_threads_and_parts_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = GridSpec(num_meters=500, num_transformers=20, num_months=3, anomaly_rate=0.3, city="london")
    once = generate_grid(spec)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    monkeypatch.setattr(data, "PART_METERS", 37)
    again = generate_grid(spec)
    assert (once.transformers, once.meters, once.anomaly_labels) == (
        again.transformers,
        again.meters.combine_chunks(),
        again.anomaly_labels,
    )


def test_a_rate_of_none_and_of_all() -> None:
    spec = GridSpec(num_meters=200, num_transformers=10, num_months=2, anomaly_rate=0.0)
    none, everyone = generate_grid(spec), generate_grid(spec.model_copy(update={"anomaly_rate": 1.0}))
    assert none.anomaly_labels.num_rows == 0
    assert none.anomaly_labels.schema == everyone.anomaly_labels.schema
    assert set(everyone.anomaly_labels["meter_id"].to_pylist()) == set(everyone.meters["meter_id"].to_pylist())


@pytest.mark.parametrize(("meters", "transformers"), [(2_000, 50), (2_001, 50), (600, 15)])
def test_the_share_holds_though_whole_transformers_are_hit(meters: int, transformers: int) -> None:
    """With one in fifty transformers, a power cut alone is two points of the meters."""
    for seed in range(6):
        spec = GridSpec(num_meters=meters, num_transformers=transformers, num_months=1, seed=seed)
        grid = generate_grid(spec)
        labelled = set(grid.anomaly_labels["meter_id"].to_pylist())
        assert labelled <= set(grid.meters["meter_id"].to_pylist())
        assert abs(len(labelled) / meters - 0.075) <= (0.02 if meters > 1000 else 0.04)


@pytest.mark.parametrize("city", ["london", "new-york", "sydney"])
def test_no_place_is_rounded_over_the_bounds(city: str, tmp_path: Path) -> None:
    for options in ({}, {"bounds": "14.5123456,14.6123456,121.0123456,121.1123456"}):
        spec = GridSpec(city=city, num_meters=400, num_transformers=20, num_months=1, anomaly_rate=0.0, **options)
        written = write_grid(spec, tmp_path / f"{city}-{len(options)}")
        meters = generate_grid(spec).meters.to_pandas()
        if options:
            assert meters["latitude"].between(14.5123456, 14.6123456).all()
            assert meters["longitude"].between(121.0123456, 121.1123456).all()
        assert written.checks > 5


def test_one_city_alone() -> None:
    with pytest.raises(ValidationError, match="name one city"):
        GridSpec(city="manila,london")

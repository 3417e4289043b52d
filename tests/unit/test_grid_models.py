"""What months scatter like, in both models: Kolmogorov-Smirnov tests against the formulas as docs/grid.md has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import wattif
from wattif.grid import GridSpec, generate_grid
from wattif.model.cities import load_cities

METERS, MONTHS = 6_000, 12
MIX = "residential=0.4,commercial=0.3,industrial=0.3"
CLASSES = ("residential", "commercial", "industrial")
LEAST_P = 0.01


def _months(model: str, anomaly_rate: float = 0.0) -> dict[str, NDArray[np.float64]]:
    """(meters, months) in kWh, by class; the first month is a March."""
    spec = GridSpec(
        num_meters=METERS,
        num_transformers=150,
        num_months=MONTHS,
        start_month="2024-03",
        class_mix=MIX,
        anomaly_rate=anomaly_rate,
        model=model,
    )
    table = generate_grid(spec).meters.to_pandas()
    months = [name for name in table.columns if name.startswith("monthly_")]
    assert len(months) == MONTHS
    return {name: table.loc[table["customer_class"] == name, months].to_numpy() for name in CLASSES}


@pytest.fixture(scope="module")
def ghostload() -> dict[str, NDArray[np.float64]]:
    return _months("ghostload")


@pytest.fixture(scope="module")
def readings() -> dict[str, NDArray[np.float64]]:
    return _months("readings")


@pytest.mark.parametrize("month", [0, 5, 11])
@pytest.mark.parametrize(
    ("name", "mean", "sigma", "low", "high"),
    [("residential", 300, 75, 150, 450), ("commercial", 800, 300, 0, np.inf), ("industrial", 2500, 800, 0, np.inf)],
)
def test_the_published_formula(
    ghostload: dict[str, Any], name: str, mean: float, sigma: float, low: float, high: float, *, month: int
) -> None:
    random = np.random.default_rng(1)
    base = np.clip(random.normal(mean, sigma, 200_000), low, high)
    season = 0.15 * np.sin(2 * np.pi * ((3 + month - 1) % 12 + 1 - 4) / 12)
    trend = random.uniform(-0.02, 0.05, len(base))
    drawn = np.maximum(base * (1 + season + trend * month) + random.normal(0, 0.3 * sigma, len(base)), 0)
    assert stats.ks_2samp(ghostload[name][:, month], drawn).pvalue > LEAST_P


def test_a_ghost_load_falls_from_three_tenths_to_about_one(ghostload: dict[str, Any]) -> None:
    for name, stolen in _months("ghostload", anomaly_rate=1.0).items():
        true = ghostload[name]
        expected = true * (0.3 - 0.2 * np.arange(MONTHS) / MONTHS)
        assert np.abs(stolen - expected).max() < 0.001 + 1e-9


def test_the_months_of_a_meter_scatter_independently(ghostload: dict[str, Any]) -> None:
    """What the noise of two months has in common shows in the differences of neighboring meters' months."""
    noise = np.diff(ghostload["industrial"], axis=1)
    noise -= noise.mean(axis=0)
    correlation = np.corrcoef(noise[:-1, 0], noise[1:, 0])[0, 1]
    assert abs(correlation) < 4 / np.sqrt(len(noise))


@pytest.mark.parametrize(("name", "spread"), [("residential", 0.55), ("commercial", 1.1), ("industrial", 1.2)])
def test_means_of_meters_are_lognormal(name: str, spread: float) -> None:
    spec = wattif.Spec(start="2024-01-01", end="2024-01-01", meters=METERS, class_mix=MIX)
    meters = wattif.read(spec, "meters").read_pandas()
    mean_kwh = load_cities()["manila"].mean_kwh[name]
    z = (np.log(meters.loc[meters["class"] == name, "mean_kwh"] / mean_kwh) + spread**2 / 2) / spread
    largest = {"residential": 6.0}.get(name, 15.0)
    cut = (np.log(largest) + spread**2 / 2) / spread
    assert stats.kstest(z[z < cut - 1e-3], stats.truncnorm(-np.inf, cut - 1e-3).cdf).pvalue > LEAST_P


@pytest.mark.parametrize("month", [0, 5, 11])
@pytest.mark.parametrize("name", ["commercial", "industrial"])
def test_months_of_readings_scatter_around_the_means_of_meters(readings: dict[str, Any], name: str, month: int) -> None:
    """Shops and factories; homes are away at times, and a month with that is lower."""
    spec = wattif.Spec(start="2024-03-01", end="2024-03-01", meters=METERS, class_mix=MIX)
    meters = wattif.read(spec, "meters").read_pandas()
    mean_kwh = meters.loc[meters["class"] == name, "mean_kwh"].to_numpy()
    season = load_cities()["manila"].season[(2 + month) % 12]
    random = np.random.default_rng(2)
    drawn = 1 + season + random.uniform(-0.02, 0.03, 200_000) * month + random.normal(0, 0.08, 200_000)
    assert stats.ks_2samp(readings[name][:, month] / mean_kwh, drawn).pvalue > LEAST_P


def test_homes_that_were_not_away_scatter_as_all_others_do(readings: dict[str, Any]) -> None:
    """An absence lowers a month: from the median on, the first months of homes are those of the formula."""
    spec = wattif.Spec(start="2024-03-01", end="2024-03-01", meters=METERS, class_mix=MIX)
    meters = wattif.read(spec, "meters").read_pandas()
    mean_kwh = meters.loc[meters["class"] == "residential", "mean_kwh"].to_numpy()
    relative = readings["residential"][:, 0] / mean_kwh - load_cities()["manila"].season[2]
    random = np.random.default_rng(3)
    drawn = 1 + random.normal(0, 0.08, 200_000)
    for quantile in (0.5, 0.75, 0.95):
        assert np.quantile(relative, quantile) == pytest.approx(np.quantile(drawn, quantile), abs=0.015)

"""Where do suspicious meters crowd? Hotspots on the map of a grid data set, by DBSCAN, held against chance.

    python -m wattif grid
    python examples/dbscan_hotspots.py generated_data --out hotspots
    python examples/dbscan_hotspots.py generated_data --scores forest/scores.csv --out hotspots

Suspicious are the meters that have a label; with ``--scores``, those that examples/isolation_forest.py flagged. Writes
``hotspots.csv``, ``hotspots.geojson`` and ``hotspots.png`` into the folder of ``--out``.

Meters stand close together wherever people live, so a cluster alone says little. Two figures tell more: the share of
suspicious meters among all that stand there, and how often a city in which the same number is suspicious at random has
a hotspot that stands out as far.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.cluster import DBSCAN
from sklearn.neighbors import BallTree

EARTH_RADIUS_M = 6_371_008.8  # the mean one
SHUFFLES = 100


def hotspots(
    meters: pd.DataFrame, suspicious: pd.Series, radius_m: float, least: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The hotspots of *suspicious* meters, a row each, and those of shuffled cities, a row a city.

    Suspicious meters within *radius_m* of each other belong together; a hotspot has *least* of them around one. All
    meters within the radius of one of its suspicious ones count as standing there. ``excess`` is how many more of
    these are suspicious than the city's share, in standard deviations of a random draw; the largest comes first.
    ``chance`` is the share of cities with a hotspot of that excess if as many meters are suspicious at random.
    """
    places, flags = np.radians(meters[["latitude", "longitude"]].to_numpy()), suspicious.to_numpy()
    tree, random = BallTree(places, metric="haversine"), np.random.default_rng(seed)
    found = _hotspots(places, flags, tree, radius_m, least)
    shuffled = [_hotspots(places, random.permutation(flags), tree, radius_m, least) for _ in range(SHUFFLES)]
    chance = pd.DataFrame(
        {
            "hotspots": [len(each) for each in shuffled],
            "excess": [each["excess"].max() if len(each) else -np.inf for each in shuffled],
        }
    )
    return found.assign(chance=[(chance["excess"] >= excess).mean() for excess in found["excess"]]), chance


def _hotspots(places: np.ndarray, suspicious: np.ndarray, tree: BallTree, radius_m: float, least: int) -> pd.DataFrame:
    share, rows = suspicious.mean(), []
    radius = radius_m / EARTH_RADIUS_M  # haversine distances are angles
    own = np.flatnonzero(suspicious)
    cluster = DBSCAN(eps=radius, min_samples=least, metric="haversine").fit_predict(places[own])
    for number in range(cluster.max() + 1):
        members = own[cluster == number]
        there = np.unique(np.concatenate(tree.query_radius(places[members], radius)))
        latitude, longitude = np.degrees(places[members].mean(axis=0))
        expected = share * len(there)
        rows.append(
            {
                "latitude": latitude.round(5),
                "longitude": longitude.round(5),
                "meters": len(there),
                "suspicious": int(suspicious[there].sum()),
                "share": suspicious[there].mean(),
                "times_city": suspicious[there].mean() / share,
                "excess": (suspicious[there].sum() - expected) / max(np.sqrt(expected * (1 - share)), 1e-9),
            }
        )
    names = ["latitude", "longitude", "meters", "suspicious", "share", "times_city", "excess"]
    return pd.DataFrame(rows, columns=names).sort_values("excess", ascending=False, ignore_index=True)


def feature_collection(found: pd.DataFrame) -> dict[str, Any]:
    """The hotspots as GeoJSON: a point each, with its figures."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.pop("longitude"), row.pop("latitude")]},
            "properties": row,
        }
        for row in found.to_dict("records")
    ]
    return {"type": "FeatureCollection", "features": features}


def draw(meters: pd.DataFrame, suspicious: pd.Series, found: pd.DataFrame) -> Figure:
    """All meters, the suspicious ones, and a ring round each hotspot: the wider, the more stands out."""
    figure, axes = plt.subplots(figsize=(8, 8), layout="constrained")
    axes.scatter(meters["longitude"], meters["latitude"], s=2, color="lightgrey", label="meters")
    wrong = meters[suspicious]
    axes.scatter(wrong["longitude"], wrong["latitude"], s=6, color="C1", label="suspicious")
    size = 80 * found["excess"].clip(lower=1)
    axes.scatter(found["longitude"], found["latitude"], s=size, facecolors="none", edgecolors="C3", label="hotspots")
    middle = np.radians(meters["latitude"].mean())
    axes.set(xlabel="longitude", ylabel="latitude", aspect=1 / np.cos(middle), title="hotspots of suspicious meters")
    figure.legend(loc="outside upper right")
    return figure


def report(found: pd.DataFrame, chance: pd.DataFrame, share: float) -> str:
    """The hotspots, and what chance makes of the same city, for people."""
    usual = f"{chance['hotspots'].mean():.1f} by chance, on average of {len(chance)} shuffles"
    if found.empty:
        return f"No hotspot; {usual}. Take a larger --radius-m, or fewer --least."
    table = found.to_string(
        float_format="{:.3f}".format, formatters={"latitude": "{:.5f}".format, "longitude": "{:.5f}".format}
    )
    rare = int((found["chance"] < 0.05).sum())
    return "\n".join(
        [
            table,
            "",
            f"{len(found)} hotspots; {usual}. In the city, {share:.1%} of the meters are suspicious.",
            f"{rare} of them would surprise in a city without local causes (chance below 0.05)."
            + ("" if rare else " So nothing here points to a place."),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Find the hotspots, and write them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("grid", type=Path, nargs="?", default=Path("generated_data"), help="folder of 'wattif grid'")
    parser.add_argument("--scores", type=Path, help="scores.csv of isolation_forest.py (default: the labels)")
    parser.add_argument("--radius-m", type=float, default=300.0, help="how far neighbors are apart at most, in meters")
    parser.add_argument("--least", type=int, default=4, help="suspicious meters that make a hotspot")
    parser.add_argument("--out", type=Path, default=Path("hotspots"), help="folder for what is written")
    parser.add_argument("--seed", type=int, default=42, help="of the shuffles")
    options = parser.parse_args(arguments)
    try:
        meters = pd.read_csv(options.grid / "meter_consumption.csv")
        labels = pd.read_csv(options.grid / "anomaly_labels.csv")
        scores = pd.read_csv(options.scores) if options.scores else None
    except FileNotFoundError as error:
        is_of_forest = options.scores is not None and str(options.scores) == str(error.filename)
        writer = "python examples/isolation_forest.py" if is_of_forest else "python -m wattif grid"
        parser.error(f"{error.filename}: no such file; write it with '{writer}'")
    ids = labels["meter_id"] if scores is None else scores.loc[scores["flagged"], "meter_id"]
    suspicious = meters["meter_id"].isin(ids)
    if not suspicious.any():
        parser.error(f"{options.scores or options.grid}: no meter is suspicious")
    found, chance = hotspots(meters, suspicious, options.radius_m, options.least, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    found.to_csv(options.out / "hotspots.csv", index=False)
    (options.out / "hotspots.geojson").write_text(json.dumps(feature_collection(found), indent=1), encoding="utf-8")
    draw(meters, suspicious, found).savefig(options.out / "hotspots.png", dpi=120)
    print(report(found, chance, suspicious.mean()))


if __name__ == "__main__":
    main()

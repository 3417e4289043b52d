"""Draw docs/images/incidents.png: a city's incidents, and one outage as its meters show it and its crew works on it.

python -m scripts.incident_picture
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import matplotlib as mpl
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import wattif
from wattif.incidents.block import Block
from wattif.incidents.kinds import incident_types
from wattif.incidents.of_lake import setting_of_dataset
from wattif.incidents.rows import RowsOfSetting, all_rows
from wattif.incidents.setting import Setting

mpl.use("Agg")
DPI = 100
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "incidents.png"
DATASET = wattif.Spec(
    start="2024-06-01", end="2024-06-14", meters=20_000, interval=60, anomaly_rate=0.04, anomalies="outage,sag,swell"
)
INCIDENTS, SEED = 2_500, 11
COLORS = (
    "#e6550d",
    "#c2185b",
    "#a9b8c6",
    "#31a354",
    "#8c6bb1",
    "#d6a419",
    "#3182bd",
    "#8c564b",
)  # of categories, by name
AROUND = timedelta(minutes=45)
ENDS = ("occurrence_at", "resolved_at")
MOMENTS = {
    "occurrence_at": "power is lost",
    "reported_at": "reported",
    "dispatch_at": "dispatched",
    "arrival_at": "on scene",
    "resolved_at": "power is back",
}


def draw(path: Path) -> None:
    """Both halves."""
    setting = setting_of_dataset(DATASET, {"incident_count": INCIDENTS, "seed": SEED})
    setting.prepare()
    incidents, stations = (_rows(setting, name) for name in ("incidents", "stations"))
    figure = Figure(figsize=(12.0, 6.0), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.4))
    outage = _outage(incidents)
    _map(left, setting, incidents, stations, outage)
    _curve(right, outage)
    figure.legend(fontsize=9, loc="outside lower center", ncols=9, frameon=False, handletextpad=0.2)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def _rows(setting: Setting, table: str) -> list[dict[str, Any]]:
    rows = all_rows()[table]
    if isinstance(rows, RowsOfSetting):
        made = rows.make(setting)
    else:
        made = rows.make(Block(setting=setting, first=0, count=INCIDENTS))
    found: list[dict[str, Any]] = made.to_pylist()
    return found


def _outage(incidents: list[dict[str, Any]]) -> dict[str, Any]:
    """One whose steps are far enough apart to be seen."""
    for row in incidents:
        facts = json.loads(row["metadata"])
        if "event_id" not in facts or row["status_code"] != "CLOSED":
            continue
        lasts = row["resolved_at"] - row["occurrence_at"]
        if timedelta(minutes=80) < lasts < timedelta(minutes=140) and facts["customers_without_power"] > 15:
            return {**row, **facts}
    raise LookupError("no outage is fit to be drawn; take another seed")


def _map(
    axes: Axes,
    setting: Setting,
    incidents: list[dict[str, Any]],
    stations: list[dict[str, Any]],
    outage: dict[str, Any],
) -> None:
    category = {each.code: each.category for each in incident_types()}
    for name, color in zip(sorted(set(category.values())), COLORS, strict=False):
        own = [row for row in incidents if category[row["type_code"]] == name]
        axes.scatter(
            [row["location_lng"] for row in own],
            [row["location_lat"] for row in own],
            s=26 if name == "grid" else 8,
            color=color,
            lw=0,
            label=f"{name} ({len(own):,})",
        )
    axes.scatter(
        [row["location_lng"] for row in stations],
        [row["location_lat"] for row in stations],
        s=42,
        marker="^",
        color="black",
        edgecolors="white",
        linewidths=0.6,
        label=f"stations ({len(stations)})",
    )
    axes.scatter(
        [outage["location_lng"]],
        [outage["location_lat"]],
        s=170,
        facecolors="none",
        edgecolors="black",
        linewidths=1.6,
        label="the outage shown",
    )
    axes.set_aspect(1.0 / 0.968)  # a degree of longitude against one of latitude, at 14.6 degrees north
    axes.set_title(f"{setting.city.name}: {len(incidents):,} incidents of two weeks")
    axes.set_xlabel("longitude")
    axes.set_ylabel("latitude")


def _curve(axes: Axes, outage: dict[str, Any]) -> None:
    """The sum of the transformer's meters, and the incident's moments."""
    times, power_kw, sent = _readings(outage)
    minutes = [_since(outage, each) for each in times]
    axes.step(minutes, power_kw, where="post", color="black", lw=1.2)
    axes.axvspan(0.0, _since(outage, outage["resolved_at"]), color="tab:red", alpha=0.08, lw=0)
    top = max(power_kw)
    axes.set_ylim(0, top * 1.45)
    for place, (column, words) in enumerate(MOMENTS.items()):
        axes.axvline(_since(outage, outage[column]), color="tab:red", lw=0.9, ls="-" if column in ENDS else "--")
        axes.annotate(
            f"{outage[column]:%H:%M:%S} {words}",
            (_since(outage, outage[column]), top * (1.40 - 0.075 * place)),
            xytext=(-4 if column == "resolved_at" else 4, 0),
            textcoords="offset points",
            ha="right" if column == "resolved_at" else "left",
            fontsize=8.5,
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6},
        )
    axes.set_xlim(minutes[0], minutes[-1])
    axes.set_xlabel(f"minutes since the power is lost, {outage['occurrence_at']:%d %B %Y}; times in UTC")
    axes.set_ylabel("power of all its meters, kW")
    axes.grid(alpha=0.25)
    axes.set_title(
        f"{outage['incident_number']}: transformer {outage['transformer_id']},"
        f" {outage['customers_without_power']} customers without power,\nwhose meters send {sent} meanwhile",
        fontsize=10,
    )


def _since(outage: dict[str, Any], moment: datetime) -> float:
    """Minutes since power is lost."""
    minutes: float = (moment - outage["occurrence_at"]).total_seconds() / 60.0
    return minutes


def _readings(outage: dict[str, Any]) -> tuple[list[datetime], list[float], str]:
    """Minutes, the sum of their power in kW, and what meters sent while power was gone."""
    meters = _meters(outage["transformer_id"])
    begin, end = outage["occurrence_at"] - AROUND, outage["resolved_at"] + AROUND
    days = (end.date() - begin.date()).days + 1
    rows = wattif.read(
        DATASET, meters=meters, first_day=begin.date(), days=days, columns=["timestamp", "power_w"]
    ).read_all()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("readings", rows)
        found = connection.execute(
            """SELECT minute, coalesce(sum(power_w), 0) / 1000, count(power_w)
            FROM generate_series(?::TIMESTAMPTZ, ?::TIMESTAMPTZ, INTERVAL 1 MINUTE) AS minutes(minute)
            LEFT JOIN readings ON timestamp = minute GROUP BY minute ORDER BY minute""",
            [begin, end],
        ).fetchall()
    dark = [count for minute, _, count in found if outage["occurrence_at"] <= minute < outage["resolved_at"]]
    return (
        [row[0] for row in found],
        [float(row[1]) for row in found],
        "no readings" if not any(dark) else "readings of 0 W",
    )


def _meters(transformer_id: str) -> list[int]:
    """The numbers of the meters that it feeds."""
    columns = ["meter", "transformer_id"]
    rows: pa.Table = wattif.read(DATASET, "meters", columns=columns).read_all()
    return [row["meter"] for row in rows.to_pylist() if row["transformer_id"] == transformer_id]


if __name__ == "__main__":
    draw(PICTURE)

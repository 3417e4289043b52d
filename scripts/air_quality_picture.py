"""The picture of docs/air_quality.md: a week of a city in which a heat wave begins.

python -m scripts.air_quality_picture
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

import wattif
from wattif.model.cities import load_cities

mpl.use("Agg")
DPI = 80
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "air_quality" / "week.png"
CITY, FIRST, HOURS, METERS = "los-angeles", "2024-08-01", 7 * 24, 400  # the first day and the hours are local
RUSH_HOURS = ((7, 9), (16, 18))
BANDS = ((0, 50, "#00e400"), (50, 100, "#ffff00"), (100, 150, "#ff7e00"))  # of the index, the colors of AirNow
CONCENTRATIONS = {"no2_ppb": "NO2, ppb", "o3_ppb": "O3, ppb", "pm2_5_ug_m3": "PM2.5, µg/m³", "us_aqi": "US AQI"}

Floats = NDArray[np.float64]


class Week:
    """The hours of the week, as DuckDB joins them."""

    def __init__(self) -> None:
        """Make the tables."""
        spec = wattif.Spec(
            start=FIRST, end="2024-08-08", city=CITY, meters=METERS, interval=3600, extra_tables="air_quality"
        )
        self._connection = duckdb.connect()
        self._connection.execute(f"SET TimeZone = '{load_cities()[CITY].time_zone}'")
        for table in ("readings", "meters", "weather", "air_quality"):
            self._connection.register(f"{table}_rows", wattif.read(spec, table).read_all())
            self._connection.execute(f"CREATE TABLE {table} AS FROM {table}_rows")

    def of(self, expression: str, source: str, time: str = "time") -> Floats:
        """An *expression* for each hour of the local week, in order."""
        rows = self._connection.execute(
            f"SELECT {expression} FROM {source} WHERE {time} >= TIMESTAMPTZ '{FIRST}'"
            f" GROUP BY {time} ORDER BY {time} LIMIT {HOURS}"
        ).fetchall()
        return np.array([row[0] for row in rows], float)


def draw(path: Path) -> None:
    """Lines are means of the zones, and bands reach from the lowest zone to the highest."""
    week, hours = Week(), np.arange(HOURS) / 24.0
    figure = Figure(figsize=(9.0, 9.0), layout="constrained")
    temperature, load, *others = figure.subplots(2 + len(CONCENTRATIONS), 1, sharex=True)
    temperature.plot(hours, week.of("avg(temperature_c)", "weather"), color="tab:red")
    temperature.set_ylabel("°C")
    homes = "readings JOIN meters USING (mac) WHERE class = 'residential'"
    load.plot(hours, week.of("avg(power_w) / 1000", f"(FROM {homes})", "timestamp"), color="black")
    load.set_ylabel("homes, kW each")
    for axes, (column, label) in zip(others, CONCENTRATIONS.items(), strict=True):
        lowest, highest = (week.of(f"{end}({column})", "air_quality") for end in ("min", "max"))
        axes.fill_between(hours, lowest, highest, color="tab:blue", alpha=0.25, lw=0)
        axes.plot(hours, week.of(f"avg({column})", "air_quality"), color="tab:blue")
        axes.set_ylabel(label)
    for low, high, color in BANDS:
        others[-1].axhspan(low, high, color=color, alpha=0.15, lw=0)
    for axes in others[:-1]:
        axes.set_ylim(bottom=0)
    heat = week.of("max(extreme = 'heat wave')::INTEGER", "weather").astype(bool)
    for axes in (temperature, load, *others):
        _mark(axes, hours[heat])
    temperature.set_title(
        f"{load_cities()[CITY].name}: shaded, a heat wave; stripes, 7 to 9 and 16 to 18 o'clock of weekdays"
    )
    others[-1].set_xticks(range(8), ["Thu 1 Aug", "Fri 2", "Sat 3", "Sun 4", "Mon 5", "Tue 6", "Wed 7", "Thu 8"])
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=DPI)


def _mark(axes: Axes, heat: Floats) -> None:
    axes.grid(alpha=0.3)
    axes.set_xlim(0, HOURS / 24)
    axes.axvspan(heat[0], heat[-1] + 1 / 24, color="tab:orange", alpha=0.12, lw=0)
    for day in (0, 1, 4, 5, 6):
        for begin, end in RUSH_HOURS:
            axes.axvspan(day + begin / 24, day + end / 24, color="gray", alpha=0.15, lw=0)


if __name__ == "__main__":
    draw(PICTURE)

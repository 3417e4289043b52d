"""The fit as a picture: mean days of each class by season and type of day, and how meters differ in size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wattif.calibrate.clock import SEASONS
from wattif.calibrate.figures import MONTH_H, ClassFigures
from wattif.calibrate.measured import Floats
from wattif.show.panels import BLUE, DARK, ORANGE

_DAYS = ("working days", "Saturdays", "Sundays and holidays")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A class: the data, the city alike, and the calibrated one; with the mean Wh an hour of each meter."""

    figures: tuple[ClassFigures, ClassFigures, ClassFigures]
    means_wh: tuple[Floats, Floats, Floats]


def draw(title: str, like: str, classes: Mapping[str, Drawn]) -> Figure:
    """A row a class and season: three mean days, and the sizes of the meters."""
    rows = [(name, season) for name, each in classes.items() for season in SEASONS if season in each.figures[0].weeks]
    figure = Figure(figsize=(14.0, 1.2 + 2.7 * max(len(rows), 1)), dpi=110, layout="constrained")
    grid = figure.subplots(max(len(rows), 1), 4, squeeze=False)
    labels = ("data", f"before ({like})", "after")
    for number, (name, season) in enumerate(rows):
        each = classes[name]
        weeks = [figures.weeks.get(season) for figures in each.figures]
        for kind, axes in enumerate(grid[number, :3]):
            _day(axes, [None if week is None else week[kind] for week in weeks], labels)
            axes.set_title(f"{name}, {season}, {_DAYS[kind]}", fontsize=9, loc="left")
        _sizes(grid[number, 3], each.means_wh, labels)
    for axes in [] if rows else grid[0]:
        axes.text(0.5, 0.5, "too few days of each type", ha="center", color=DARK, transform=axes.transAxes)
    grid[0, 0].legend(frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    return figure


def _day(axes: Axes, days: list[Floats | None], labels: tuple[str, str, str]) -> None:
    hours = np.arange(24) + 0.5
    for day, label, colour, line in zip(days, labels, (DARK, ORANGE, BLUE), ("-", ":", "--"), strict=True):
        if day is not None:
            axes.plot(hours, day, color=colour, linestyle=line, linewidth=1.5, label=label)
    axes.set(xlim=(0, 24), ylim=(0, None), xlabel="local time, h", ylabel="power / its week's mean")
    axes.set_xticks(range(0, 25, 6))
    axes.grid(color="#dddddd", linewidth=0.6)


def _sizes(axes: Axes, means_wh: tuple[Floats, Floats, Floats], labels: tuple[str, str, str]) -> None:
    for means, label, colour, line in zip(means_wh, labels, (DARK, ORANGE, BLUE), ("-", ":", "--"), strict=True):
        kwh = np.sort(means[means > 0]) * MONTH_H / 1000.0
        axes.plot(kwh, (np.arange(len(kwh)) + 0.5) / len(kwh) * 100, color=colour, linestyle=line, label=label)
    axes.set(xscale="log", ylim=(0, 100), xlabel="mean month of a meter, kWh", ylabel="meters below, %")
    axes.set_title("sizes of the meters", fontsize=9, loc="left")
    axes.grid(color="#dddddd", linewidth=0.6)

"""The two pictures: of a meter, and of a group of meters. Panels that both have are in `wattif.show.panels`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from wattif.show import panels
from wattif.show.data import QUARTER_S, GroupData, MeterData, load_duration
from wattif.show.panels import BLUE, DARK, GREEN, LIGHT_BLUE, ORANGE

_SIZE_INCHES, _DOTS_PER_INCH = (14.0, 10.0), 110
_STYLE: dict[Any, Any] = {
    "font.size": 10.0,
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    "svg.hashsalt": "wattif",  # the same picture is the same file
}


def draw_meter(data: MeterData) -> Figure:
    """A meter: power, voltage and register over the days, load duration curve, mean days against its profile."""
    with mpl.rc_context(_STYLE):
        figure = _new_figure()
        grid = figure.add_gridspec(4, 3, height_ratios=(3.0, 1.5, 1.3, 2.6))
        power = figure.add_subplot(grid[0, :])
        voltage = figure.add_subplot(grid[1, :], sharex=power)
        register = figure.add_subplot(grid[2, :], sharex=power)
        _power_of_meter(power, data)
        _voltage(voltage, data)
        _registers(register, data)
        panels.days_axis([power, voltage, register], data.axis)
        _duration_of_meter(figure.add_subplot(grid[3, 0]), data)
        name = f"profile {panels.profile_name(data.profile)}"
        panels.mean_days(figure, [grid[3, 1], grid[3, 2]], data.own_day, data.standard_day, ("meter", name))
        owns = [text for text, owned in (("solar panels", data.solar), ("electric car", data.car)) if owned]
        what = ["Meter " + str(data.number), data.mac, data.meter_class, name, data.city.name, *owns]
        used = float(data.quarter_w.sum()) * QUARTER_S / 3.6e6
        exported = float(data.export_w.sum()) * data.interval_s / 3.6e6
        _title(
            figure,
            " · ".join(what),
            f"{panels.period(data.first, data.days)}, a reading every {data.interval_s} s · imported {used:,.1f} kWh"
            + (f", exported {exported:,.1f} kWh" if data.solar else "")
            + f" · mean {data.quarter_w.mean() / 1000:,.2f} kW, highest reading {data.power_w.max() / 1000:,.2f} kW",
        )
    return figure


def draw_group(data: GroupData) -> Figure:
    """A class or the fleet: mean power and its band over the days, load duration curves, mean days, coincidence."""
    with mpl.rc_context(_STYLE):
        figure = _new_figure()
        grid = figure.add_gridspec(2, 3, height_ratios=(3.4, 2.6))
        power = figure.add_subplot(grid[0, :])
        _power_of_group(power, data)
        panels.days_axis([power], data.axis)
        _duration_of_group(figure.add_subplot(grid[1, 0]), data)
        name = "standard profile" if len(data.profiles) == 1 else "standard profiles by energy"
        panels.mean_days(figure, [grid[1, 1], grid[1, 2]], data.own_day, data.standard_day, ("all meters", name))
        who = "Whole fleet" if data.name == "fleet" else f"Class {data.name}"
        count = f"{data.meters:,} meter{'s' if data.meters > 1 else ''}"
        drawn = count if data.drawn == data.meters else f"{data.drawn} drawn evenly of {count}"
        energy = float(data.mean_w.sum()) * QUARTER_S / 3.6e6
        _title(
            figure,
            " · ".join([who, drawn, ", ".join(city.name for city in data.cities)]),
            f"{panels.period(data.first, data.days)}, quarter-hours · a meter on average: {energy:,.1f} kWh,"
            f" mean {data.mean_w.mean() / 1000:,.2f} kW · profiles: {', '.join(p.upper() for p in data.profiles)}",
        )
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write *figure* in the form that the ending of *path* names; `OSError` when it cannot be written."""
    with mpl.rc_context(_STYLE):
        figure.savefig(path, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)


def _new_figure() -> Figure:
    below_title = ConstrainedLayoutEngine(rect=(0.0, 0.0, 1.0, 0.925), h_pad=0.06, w_pad=0.08)
    figure = Figure(_SIZE_INCHES, dpi=_DOTS_PER_INCH, layout=below_title)
    FigureCanvasAgg(figure)
    return figure


def _title(figure: Figure, what: str, when: str) -> None:
    figure.text(0.012, 0.985, what, fontsize=14, fontweight="bold", va="top")
    figure.text(0.012, 0.955, when, fontsize=10.5, color=DARK, va="top")


def _power_of_meter(axes: Axes, data: MeterData) -> None:
    if data.interval_s < QUARTER_S or data.days > panels.LONG_DAYS:
        panels.range_over_days(axes, data.power_w / 1000, data.days, LIGHT_BLUE, "range of the readings")
    panels.means_over_days(axes, data.quarter_w / 1000, data.days, BLUE, "mean import")
    if data.solar:
        export = -data.export_w / 1000
        panels.range_over_days(axes, export, data.days, GREEN, "exported")
        axes.axhline(0, color=DARK, linewidth=0.8)
    else:
        axes.set_ylim(bottom=0)
    axes.set_title("Power")
    axes.set_ylabel("kW")
    panels.legend_above(axes)


def _voltage(axes: Axes, data: MeterData) -> None:
    panels.range_over_days(axes, data.voltage_v, data.days, "#8c6bb1", "range of the readings")
    axes.axhline(
        data.city.nominal_v, color=DARK, linewidth=1, linestyle="--", label=f"nominal {data.city.nominal_v:g} V"
    )
    axes.set_title("Voltage")
    axes.set_ylabel("V")
    panels.legend_above(axes)


def _registers(axes: Axes, data: MeterData) -> None:
    panels.steps_over_days(axes, data.register_kwh, data.days, colour=BLUE, label="import (1.8.0)")
    axes.set_title("Register")
    axes.set_ylabel("kWh")
    axes.yaxis.set_major_formatter(panels.thousands())
    if data.solar:
        right = axes.twinx()
        panels.steps_over_days(
            right, data.export_register_kwh, data.days, colour=GREEN, label="export (2.8.0), right scale", line="--"
        )
        right.spines["right"].set_visible(True)
        right.set_ylabel("kWh", color=GREEN)
        right.yaxis.set_major_formatter(panels.thousands())
        panels.legend_above(axes, right)
    else:
        panels.legend_above(axes)


def _duration_of_meter(axes: Axes, data: MeterData) -> None:
    if data.interval_s < QUARTER_S:
        panels.duration(
            axes,
            load_duration(data.power_w / 1000),
            colour="#6baed6",
            label=f"readings of {data.interval_s} s",
            line="-",
            unit="kW",
        )
    panels.duration(axes, load_duration(data.quarter_w / 1000), colour=BLUE, label="quarter-hours", line="-", unit="kW")
    axes.axhline(float(data.quarter_w.mean()) / 1000, color=DARK, linewidth=1, linestyle=":", label="mean")
    axes.set_title("Load duration")
    axes.set_ylabel("kW")
    axes.legend(frameon=False)


def _power_of_group(axes: Axes, data: GroupData) -> None:
    panels.band_over_days(
        axes,
        data.low_w / 1000,
        data.high_w / 1000,
        data.days,
        colour=LIGHT_BLUE,
        label="10 to 90 % of the meters' quarter-hours",
    )
    panels.means_over_days(axes, data.mean_w / 1000, data.days, BLUE, "mean of the meters")
    if np.any(data.export_w):
        panels.means_over_days(axes, -data.export_w / 1000, data.days, GREEN, "mean export")
        axes.axhline(0, color=DARK, linewidth=0.8)
    else:
        axes.set_ylim(bottom=0)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.14 * (high - low))  # room for the corner
    axes.set_title("Power of a meter")
    axes.set_ylabel("kW")
    axes.text(
        0.995,
        0.97,
        f"coincidence factor {data.coincidence:.2f}\n(peak of the sum over sum of the peaks)",
        transform=axes.transAxes,
        ha="right",
        va="top",
        bbox={"facecolor": "white", "edgecolor": "#bbbbbb"},
    )
    panels.legend_above(axes)


def _duration_of_group(axes: Axes, data: GroupData) -> None:
    for power, colour, label, line in (
        (data.typical_w, ORANGE, f"median meter ({data.typical})", "--"),
        (data.mean_w, BLUE, "sum of the meters", "-"),
    ):
        if power.mean() > 0:
            panels.duration(
                axes, load_duration(power / power.mean()), colour=colour, label=label, line=line, unit="times the mean"
            )
    axes.axhline(1, color=DARK, linewidth=1, linestyle=":")
    axes.set_title("Load duration")
    axes.set_ylabel("power / its own mean")
    axes.legend(frameon=False)

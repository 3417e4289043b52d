"""Parts of a picture: the axis of days in local time, lines and bands over it, duration curves, mean days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from wattif.numeric.calendar import day_of
from wattif.show.data import Floats, MeanDays, TimeAxis, envelope

# Okabe and Ito's colours: told apart by everyone, and in grey by their lightness and dashes
BLUE, LIGHT_BLUE, ORANGE, GREEN, DARK = "#0072b2", "#a6cde6", "#d55e00", "#009e73", "#444444"
_SHADE = "#eeeeee"
_PIECES = 3000  # of a line: about two a dot
_QUARTERS = 96
LONG_DAYS = 62  # from here on, lines show whole days
_PROFILES = {
    "h0": "household",
    "g0": "trade in general",
    "g1": "trade, weekdays 8-18 h",
    "g2": "trade, strong in the evening",
    "g3": "trade, round the clock",
    "g4": "shop, hairdresser",
    "g5": "bakery",
    "g6": "trade, weekends",
    "g25": "trade",
    "shift1": "one shift",
    "shift2": "two shifts",
    "shift3": "three shifts",
}


def profile_name(profile: str) -> str:
    """The profile for people: "H0 (household)"."""
    return f"{profile.upper()} ({_PROFILES[profile]})" if profile in _PROFILES else profile.upper()


def period(first: date, days: int) -> str:
    """The days of a picture, in words."""
    return str(first) + (f" to {first + timedelta(days=days - 1)}" if days > 1 else "") + " (UTC days)"


def thousands() -> FuncFormatter:
    """Labels such as 12,345 or 0.5."""
    return FuncFormatter(lambda value, _: f"{value:,.10g}")


def legend_above(axes: Axes, *others: Axes) -> None:
    """A legend in the line of the title, at the right, where it covers nothing."""
    handles, labels = axes.get_legend_handles_labels()
    for other in others:
        more = other.get_legend_handles_labels()
        handles, labels = handles + more[0], labels + more[1]
    axes.legend(
        handles, labels, frameon=False, ncols=len(labels), loc="lower right", bbox_to_anchor=(1.0, 0.98), borderpad=0.1
    )


def days_axis(stack: Sequence[Axes], axis: TimeAxis) -> None:
    """Local days along the shared axis of *stack*: a line at midnight, names in the middle, weekends shaded."""
    quarters = axis.local_quarter
    numbers = quarters // _QUARTERS
    begins = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))  # a day begins, or the picture does
    ends = np.append(begins[1:], len(quarters))
    for axes in stack:
        axes.set_xlim(0, len(quarters) / _QUARTERS)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(axis="x", which="both", length=0, labelbottom=axes is stack[-1])
        for begin, end in zip(begins, ends, strict=True):
            if axis.free[begin]:
                axes.axvspan(begin / _QUARTERS, end / _QUARTERS, color=_SHADE, zorder=0, linewidth=0)
            if len(begins) <= LONG_DAYS:
                axes.axvline(begin / _QUARTERS, color="#bbbbbb", linewidth=0.8, zorder=0.5)
    named: list[float] = []
    for centre in (begins + ends) / 2:  # a name needs room: beside the one before, and within the picture
        near_edge = min(centre, len(quarters) - centre) < len(quarters) / 45
        if not near_edge and (not named or centre - named[-1] >= len(quarters) / 16.8):
            named.append(float(centre))
    bottom = stack[-1]
    bottom.set_xticks(
        [centre / _QUARTERS for centre in named],
        [_day_name(int(numbers[int(centre)]), weekday=len(begins) <= LONG_DAYS) for centre in named],
    )
    if len(begins) <= 4:
        _hours(bottom, quarters)
    bottom.set_xlabel(
        f"local time, {axis.zone}; weekends and holidays shaded" if axis.zone != "UTC" else "UTC; weekends shaded"
    )


def _day_name(number: int, *, weekday: bool) -> str:
    day = day_of(number)
    return f"{day:%a} {day.day} {day:%b}" if weekday else f"{day.day} {day:%b}"


def _hours(axes: Axes, quarters: NDArray[np.int64]) -> None:
    """Every sixth hour above the names of the days."""
    places = np.flatnonzero(quarters % 24 == 0)
    axes.set_xticks(
        places / _QUARTERS, [f"{quarter % _QUARTERS // 4:02d} h" for quarter in quarters[places]], minor=True
    )
    axes.xaxis.remove_overlapping_locs = False
    axes.tick_params(axis="x", which="major", pad=18)
    axes.tick_params(axis="x", which="minor", length=4, labelsize=9)


def range_over_days(axes: Axes, values: NDArray[Any], days: int, colour: str, label: str) -> None:
    """From the lowest to the highest reading in each of some thousand pieces of the time."""
    starts, low, high = envelope(values, _PIECES)
    places = np.append(starts, 1.0) * days
    axes.fill_between(
        places,
        np.append(low, low[-1]),
        np.append(high, high[-1]),
        step="post",
        facecolor=colour,
        edgecolor=colour,
        linewidth=0.6,
        label=label,
    )


def band_over_days(axes: Axes, low: Floats, high: Floats, days: int, *, colour: str, label: str) -> None:
    """A band between two lines."""
    places = np.linspace(0, days, len(low) + 1)
    axes.fill_between(
        places,
        np.append(low, low[-1]),
        np.append(high, high[-1]),
        step="post",
        facecolor=colour,
        linewidth=0,
        label=label,
    )


def means_over_days(axes: Axes, quarters: Floats, days: int, colour: str, label: str) -> None:
    """The line of quarter-hours; that of whole days, where there are too many to tell quarters apart."""
    if days > LONG_DAYS:
        steps_over_days(
            axes, quarters.reshape(days, _QUARTERS).mean(axis=1), days, colour=colour, label=f"{label}, days"
        )
    else:
        steps_over_days(axes, quarters, days, colour=colour, label=f"{label}, quarter-hours")


def steps_over_days(axes: Axes, values: Floats, days: int, *, colour: str, label: str, line: str = "-") -> None:
    """A line of means, each held over its interval."""
    pieces = values[:: max(1, len(values) // (4 * _PIECES))]
    places = np.arange(len(pieces) + 1) * (days / len(pieces))
    axes.plot(
        places,
        np.append(pieces, pieces[-1]),
        color=colour,
        linewidth=1.3,
        linestyle=line,
        drawstyle="steps-post",
        label=label,
    )


def duration(axes: Axes, curve: tuple[Floats, Floats], *, colour: str, label: str, line: str, unit: str) -> None:
    """A load duration curve, with its peak in *unit*."""
    shares, power = curve
    places = np.unique(np.linspace(0, len(power) - 1, _PIECES).astype(np.int64))
    axes.plot(
        np.append(0, shares[places]) * 100,
        np.append(power[0], power[places]),
        color=colour,
        linewidth=1.6,
        linestyle=line,
        label=f"{label}, peak {power[0]:,.3g} {unit}",
    )
    axes.set_xlim(0, 100)
    axes.set_ylim(0, max(axes.get_ylim()[1], 1.05 * power[0]))
    axes.set_xlabel("share of the time that reaches this power, %")
    axes.grid(color="#dddddd", linewidth=0.6)


def mean_days(
    figure: Figure, places: Sequence[SubplotSpec], own: MeanDays, standard: MeanDays, labels: tuple[str, str]
) -> None:
    """Two panels, working days and weekends: the mean day and the standard profile, relative to the mean."""
    drawn: list[Axes] = []
    kinds = (("Mean working day", own.working, standard.working), ("Weekends and holidays", own.free, standard.free))
    for place, (title, own_day, standard_day) in zip(places, kinds, strict=True):
        axes = figure.add_subplot(place, sharey=drawn[0] if drawn else None)
        axes.set_title(title)
        hours = np.arange(_QUARTERS) / 4 + 0.125
        axes.set_xlim(0, 24)
        axes.set_xticks(range(0, 25, 3))
        axes.set_xlabel("local time, h")
        axes.grid(color="#dddddd", linewidth=0.6)
        if np.isnan(own_day).all():
            axes.text(0.5, 0.5, "no such day here", transform=axes.transAxes, ha="center", color=DARK)
        else:
            axes.plot(hours, own_day, color=BLUE, linewidth=1.6, label=labels[0])
            axes.plot(hours, standard_day, color=ORANGE, linewidth=1.6, linestyle="--", label=labels[1])
        drawn.append(axes)
    highest = np.nanmax([own.working, own.free, standard.working, standard.free])
    drawn[0].set_ylabel("power / its mean")
    drawn[0].set_ylim(0, 1.3 * highest)
    next(axes for axes in drawn if axes.lines).legend(frameon=False, loc="upper left", borderpad=0.1)

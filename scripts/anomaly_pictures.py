"""The pictures of docs/anomalies.md: what a meter reports during an event of each kind, and what was true.

The events are drawn as those of any dataset, over a few days that suit the kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wattif.model import quantities
from wattif.model.anomalies import MINUTE_S, Event
from wattif.model.anomaly_kinds import KINDS
from wattif.model.cities import load_cities
from wattif.model.events import Period, draw_events
from wattif.model.fleet import make_fleet
from wattif.model.measuring import MeasuredEvent, measure_events
from wattif.model.reported import ReportedDays
from wattif.model.world import World
from wattif.numeric.calendar import DAY_S, HOUR_S

mpl.use("Agg")
DPI = 80
SEED, HOMES = 42, 60
START = date(2024, 3, 1)
_MOMENTS_S = 10 * 365 * DAY_S
UNITS = ((DAY_S, "days"), (HOUR_S, "hours"), (MINUTE_S, "minutes"))  # an axis has the first that fits in twice

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """How a kind is best seen."""

    panels: tuple[str, ...] = ("power, kW",)
    days: int = 6
    interval_s: int = 1800
    around_s: int = 0  # shown before and after the event; 0: all the days
    upto_s: int = 0  # shown of the event; 0: all of it
    least_share: float = 0.3  # of the days that the event should last
    bin_s: int = 0  # rows and energy are summed up over so long
    choice: int = 0  # which of the events that suit


ENERGY_OF_A_DAY = ("energy of a day, kWh",)
VIEWS: Mapping[str, View] = {
    "theft_ramp": View(ENERGY_OF_A_DAY, days=56, bin_s=DAY_S),
    "ghost_load": View(ENERGY_OF_A_DAY, days=56, bin_s=DAY_S),
    "drift": View(ENERGY_OF_A_DAY, days=120, bin_s=DAY_S, choice=2),
    "spike": View(interval_s=300, days=1, around_s=4 * HOUR_S, least_share=0.0),
    "stuck": View(days=4, around_s=DAY_S, interval_s=900, choice=1),
    "dead": View(("power, kW", "voltage, V"), days=4, around_s=DAY_S, interval_s=900, choice=1),
    "clock_skew": View(("clock ahead, s",)),
    "missing": View(("rows in ten minutes",), days=1, interval_s=10, around_s=4 * HOUR_S, least_share=0.1, bin_s=600),
    "missing_at_random": View(("rows in an hour",), days=4, interval_s=10, bin_s=HOUR_S),
    "rollover": View(("register, kWh",)),
    "reversed_ct": View(("power, kW",), choice=2),
    "sag": View(("voltage, V",), days=1, interval_s=10, around_s=10 * MINUTE_S, least_share=0.0),
    "swell": View(("voltage, V",), days=1, interval_s=10, around_s=10 * MINUTE_S, least_share=0.0),
    "wrong_multiplier": View(choice=2),
    "phase_loss": View(("voltage, V", "power, kW"), days=4, around_s=DAY_S, interval_s=900, choice=1),
    "repeats": View(
        ("power, kW", "register, kWh"), days=1, interval_s=10, around_s=5 * MINUTE_S, upto_s=5 * MINUTE_S, choice=3
    ),
    "clock_reset": View(("year of the timestamp", "power, kW"), days=6, interval_s=900, least_share=0.2),
    "estimated": View(("power, kW", "register, kWh"), days=4, interval_s=900, around_s=DAY_S, choice=1),
    "catch_up": View(("power, kW", "register, kWh"), days=1, interval_s=900, around_s=4 * HOUR_S, least_share=0.1),
    "register_zero": View(("register, kWh",), days=1, interval_s=900, around_s=4 * HOUR_S, least_share=0.0),
    "register_digit": View(("register, kWh",), days=1, interval_s=900, around_s=4 * HOUR_S, least_share=0.0),
    "exchange": View(("power, kW", "register, kWh"), days=2, interval_s=900, around_s=12 * HOUR_S, least_share=0.05),
    "swapped": View(("power, kW", "register, kWh"), days=8, interval_s=900, around_s=DAY_S, choice=1),
    "outage": View(("voltage, V", "power, kW"), days=1, interval_s=60, around_s=2 * HOUR_S, least_share=0.05),
}


@dataclass(frozen=True)
class Course:
    """What one meter reports over the days of a picture, one element a reading."""

    columns: NDArray[np.int64]  # (quantities.COUNT, readings)
    sent: NDArray[np.bool_]
    clock_s: NDArray[np.int64]
    negative: NDArray[np.bool_]


def draw_all(folder: Path) -> None:
    """One picture a kind, *folder*/<kind>.png."""
    folder.mkdir(exist_ok=True)
    for kind in KINDS:
        draw(kind, folder / f"{kind}.png")


def draw(kind: str, path: Path) -> None:
    """Write the picture of *kind*."""
    view = VIEWS.get(kind, View(choice=2))
    world = World(seed=SEED, epoch=START, interval_s=view.interval_s, cities=(load_cities()["london"],))
    fleet = make_fleet(SEED, HOMES, world.cities, (1.0, 0.0, 0.0))
    period = Period(start=START, end=START + timedelta(days=view.days - 1))
    event = _choose(draw_events(world, fleet, {kind: 1.0}, 1.0, period), view)
    measured = measure_events(world, fleet, [event], 1)
    true = _course(ReportedDays(world, fleet, {}), event.meter, period)
    reported = _course(ReportedDays(world, fleet, measured), event.meter, period)
    _save(path, measured[event.meter].all[0], view, true, reported)


def _choose(events: Mapping[int, Event], view: View) -> Event:
    """One that lasts long enough and has something before and after it, or else the longest."""
    start_s, length_s = Period(start=START, end=START).start_s, view.days * DAY_S
    suitable = [
        event
        for event in events.values()
        if start_s + length_s * 0.1 <= event.start_s
        and event.end_s <= start_s + length_s * 0.9
        and event.end_s - event.start_s >= length_s * view.least_share
    ]
    return suitable[view.choice] if suitable else max(events.values(), key=lambda event: event.end_s - event.start_s)


def _course(days: ReportedDays, meter: int, period: Period) -> Course:
    columns, sent, clock_s, negative = [], [], [], []
    for number in range(period.days):
        block, marks = days.compute(period.start + timedelta(days=number), meter, 1)
        columns.append(block[0].copy())
        none = np.zeros(block.shape[2], np.int64)
        mark = marks[0] if marks else None
        sent.append(none == 0 if mark is None or mark.sent is None else mark.sent)
        clock_s.append(none if mark is None or mark.clock_s is None else mark.clock_s)
        negative.append(none != 0 if mark is None or mark.negative is None else mark.negative)
    return Course(
        np.concatenate(columns, axis=1), np.concatenate(sent), np.concatenate(clock_s), np.concatenate(negative)
    )


def _values(panel: str, view: View, course: Course) -> Floats:
    """What *panel* shows, one element a reading or bin; not a number where there is no row."""
    together = max(view.bin_s // view.interval_s, 1)
    if panel.startswith("rows"):
        rows: Floats = course.sent.reshape(-1, together).sum(axis=1).astype(np.float64)
        return rows
    if panel.startswith("energy"):
        energy_kwh: Floats = course.columns[quantities.CONSUMPTION_MWH].reshape(-1, together).sum(axis=1) / 1e6
        return energy_kwh
    if panel.startswith("clock"):
        return course.clock_s.astype(np.float64)
    if panel.startswith("year"):
        told_s = Period(start=START, end=START).start_s + np.arange(len(course.sent)) * view.interval_s + course.clock_s
        years: Floats = np.where(course.sent, 1970 + told_s / (365.2425 * DAY_S), np.nan)
        return years
    column, unit = {
        "power, kW": (quantities.POWER_W, 1000.0),
        "voltage, V": (quantities.VOLTAGE_DV, 10.0),
        "register, kWh": (quantities.REGISTER_WH, 1000.0),
    }[panel]
    values: Floats = course.columns[column] / unit
    if column == quantities.POWER_W:
        values = np.where(course.negative, -values, values)
    return np.where(course.sent, values, np.nan)


def _save(path: Path, measured: MeasuredEvent, view: View, true: Course, reported: Course) -> None:
    event = measured.event
    epoch_s = Period(start=START, end=START).start_s
    start_s, end_s = event.start_s - epoch_s, event.end_s - epoch_s
    first_s, last_s = 0, view.days * DAY_S
    if view.around_s:
        shown_s = min(view.upto_s or end_s - start_s, end_s - start_s)
        first_s, last_s = max(start_s - view.around_s, 0), min(start_s + shown_s + view.around_s, last_s)
    unit_s, unit = next(each for each in UNITS if last_s - first_s >= 2 * each[0])
    figure = Figure(figsize=(7.0, 1.0 + 1.5 * len(view.panels)), layout="constrained")
    for number, panel in enumerate(view.panels):
        axes = figure.add_subplot(len(view.panels), 1, number + 1)
        axes.grid(alpha=0.3)
        axes.ticklabel_format(useOffset=False)
        axes.axvspan(start_s / unit_s, end_s / unit_s, color="tab:orange", alpha=0.15, label="event")
        for course, name, color, width in ((true, "true", "0.55", 0.8), (reported, "reported", "tab:red", 1.1)):
            values = _values(panel, view, course)
            step_s = view.days * DAY_S // len(values)
            shown = slice(first_s // step_s, -(-last_s // step_s))
            times = np.arange(len(values))[shown] * step_s / unit_s
            axes.step(times, values[shown], where="post", color=color, lw=width, label=name)
        axes.set(ylabel=panel, xlim=(first_s / unit_s, last_s / unit_s))
        if view.bin_s == DAY_S:
            axes.set_ylim(bottom=-0.03 * axes.get_ylim()[1])  # a line at zero is seen, too
        if number == 0:
            axes.set_title(_title(measured), fontsize=9, loc="left")
            figure.legend(*axes.get_legend_handles_labels(), fontsize=8, loc="outside lower center", ncols=3)
    axes.set_xlabel(f"{unit} since 1 March, 00:00 UTC")
    figure.savefig(path, dpi=DPI)


def _title(measured: MeasuredEvent) -> str:
    """The kind and its sizes, but for moments, which are seconds since 1970."""
    sizes = (
        f"{name} {value:.6g}"
        for name, value in measured.event.sizes.items()
        if not (name.endswith("_s") and value > _MOMENTS_S)
    )
    return "   ".join([measured.event.kind, *sizes, f"not registered {measured.not_registered_mwh / 1e6:.3g} kWh"])

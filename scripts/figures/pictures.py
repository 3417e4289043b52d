"""The pictures of docs/realism.md."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.figures import cross_checks, shops
from scripts.figures.between_homes import real_coincidence
from scripts.figures.formulas import Floats, coincidence
from scripts.figures.one_home import QUANTILES
from scripts.figures.sampling import HALF_HOUR_S, HOMES, SPRING, sample
from scripts.figures.voltage import volts
from wattif.model.cities import load_cities

mpl.use("Agg")
DPI = 80


def draw_all(folder: Path) -> None:
    """The pictures of the report, into *folder*."""
    folder.mkdir(exist_ok=True)
    london = load_cities()["london"]
    homes = sample(london, HOMES, 600, SPRING, HALF_HOUR_S)
    relative = homes.relative
    pairs = {"homes: h0": (homes.mean_day(relative.mean(axis=0)), homes.mean_day(homes.profile("h0")))}
    businesses = {"g25": shops.year(1), "shift1": cross_checks.factories(1), "shift2": cross_checks.factories(1)}
    for profile, everybody in businesses.items():
        own = everybody.following(profile)
        used = own.only(own.values.mean(axis=1) > 0.0)
        pairs[profile] = own.mean_day(used.relative.mean(axis=0)), own.mean_day(own.profile(profile))
    mean_days(folder / "mean_days.png", pairs)
    quantiles(folder / "quantiles.png", relative, QUANTILES)
    counts = (1, 2, 5, 10, 20, 50, 100, 200, 400)
    coincidence_factors(
        folder / "coincidence.png",
        {count: coincidence(relative, count, 50) for count in counts},
        {count: real_coincidence(count) for count in counts},
    )
    a_week = sample(london, HOMES, 1, (date(2024, 3, 4), date(2024, 3, 10)), 60)
    week(folder / "week.png", a_week.values[0], a_week.interval_s)
    voltages(folder / "voltage.png", volts(1).values)


def _panels(count: int, height: float = 3.0) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(4.0 * count if count > 1 else 6.5, height), layout="constrained")
    axes = [figure.add_subplot(1, count, n + 1) for n in range(count)]
    for each in axes:
        each.grid(alpha=0.3)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=DPI)


def mean_days(path: Path, pairs: dict[str, tuple[Floats, Floats]]) -> None:
    """*pairs*: title -> mean day of the meters and of their profile, each relative to its mean."""
    figure, axes = _panels(len(pairs))
    for each, (title, (meters, profile)) in zip(axes, pairs.items(), strict=True):
        hours = np.arange(len(meters)) * 24.0 / len(meters)
        each.plot(hours, profile / profile.mean(), "k--", lw=1, label="profile")
        each.plot(hours, meters / meters.mean(), lw=1.5, label="meters")
        each.set(title=title, xlabel="local time, h", xlim=(0, 24), xticks=range(0, 25, 6))
        each.set_ylim(bottom=0)
        each.legend(fontsize=8)
    axes[0].set_ylabel("power / mean")
    _save(figure, path)


def quantiles(path: Path, relative: Floats, real: dict[float, float]) -> None:
    figure, (axes,) = _panels(1)
    levels = np.arange(0.01, 0.996, 0.005)
    axes.semilogy(levels, np.quantile(relative, levels), label="WattIf, London")
    axes.semilogy(list(real), list(real.values()), "ko", ms=5, label="622 British homes")
    axes.set(xlabel="share of the half-hours", ylabel="power / the home's mean", xlim=(0, 1))
    axes.legend()
    _save(figure, path)


def coincidence_factors(path: Path, measured: dict[int, float], real: dict[int, float]) -> None:
    figure, (axes,) = _panels(1)
    axes.semilogx(list(real), list(real.values()), "k--", lw=1, label="0.181 + 0.819 N^-0.67")
    axes.semilogx(list(measured), list(measured.values()), "o-", label="WattIf, London")
    axes.set(xlabel="homes N", ylabel="coincidence factor", ylim=(0, 1.05))
    axes.legend()
    _save(figure, path)


def week(path: Path, power_w: Floats, interval_s: int) -> None:
    figure = Figure(figsize=(10, 3), layout="constrained")
    axes = figure.add_subplot(1, 1, 1)
    axes.grid(alpha=0.3)
    axes.plot(np.arange(len(power_w)) * interval_s / 86_400, power_w / 1000.0, lw=0.5)
    axes.set(xlabel="days, from a Monday's midnight", ylabel="kW", xlim=(0, 7))
    axes.set_ylim(bottom=0)
    _save(figure, path)


def voltages(path: Path, volts: Floats) -> None:
    """*volts*: (meters, minutes); two days of three meters, and the distribution of all."""
    figure, axes = _panels(2)
    for meter in range(min(3, len(volts))):
        axes[0].plot(np.arange(2880) / 60.0, volts[meter, :2880], lw=0.6, label=f"meter {meter + 1}")
    axes[0].set(xlabel="hours", ylabel="V, mean of a minute", xlim=(0, 48), xticks=range(0, 49, 12))
    axes[0].legend(fontsize=8)
    for row in volts:
        axes[1].hist(row, bins=60, histtype="step", density=True, lw=0.4, color="tab:blue")
    axes[1].set(xlabel="V", ylabel="density, one line per meter")
    _save(figure, path)

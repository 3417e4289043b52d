"""Theft: the formulas of published test sets (Jokar, Arianpoo, Leung 2016: h1 to h6) and their relatives."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from wattif.model.anomalies import (
    MINUTE_S,
    DayOf,
    Draws,
    Event,
    Kind,
    Report,
    TrueDay,
    constant,
    whole_mwh,
)
from wattif.model.quantities import Status
from wattif.numeric.calendar import DAY_S, HOUR_S


def theft_scale(day: TrueDay, event: Event) -> Report:
    """h1: a constant share of the energy is registered."""
    return Report(energy_mwh=day.scaled(event.sizes["alpha"]))


def theft_window(day: TrueDay, event: Event) -> Report:
    """h2: nothing is registered in a window of every day, which may cross midnight (UTC)."""
    since = (day.times_s - int(event.sizes["window_from_s"])) % DAY_S
    return Report(energy_mwh=np.where(since < event.sizes["window_s"], 0, day.energy_mwh))


def theft_random(day: TrueDay, event: Event) -> Report:
    """h3: a share of its own of every reading is registered."""
    return Report(energy_mwh=day.scaled(0.1 + 0.7 * day.uniforms()))


def theft_mean_random(day: TrueDay, event: Event) -> Report:
    """h4: a random share of the day's mean."""
    return Report(energy_mwh=whole_mwh(day.mean_mwh * (0.1 + 0.7 * day.uniforms())))


def theft_mean(day: TrueDay, event: Event) -> Report:
    """h5: the day's mean all day long."""
    return Report(energy_mwh=np.full_like(day.energy_mwh, day.mean_mwh))


def theft_reverse(day: TrueDay, event: Event) -> Report:
    """h6: the day backwards; its total is kept."""
    return Report(energy_mwh=day.energy_mwh[::-1])


def theft_cap(day: TrueDay, event: Event) -> Report:
    """Nothing above a limit is registered."""
    return Report(energy_mwh=np.minimum(day.energy_mwh, int(event.sizes["limit_mwh"])))


def theft_cut(day: TrueDay, event: Event) -> Report:
    """Only what exceeds a limit is registered."""
    return Report(energy_mwh=np.maximum(day.energy_mwh - int(event.sizes["limit_mwh"]), 0))


def theft_ramp(day: TrueDay, event: Event) -> Report:
    """A share that grows day by day up to a limit is not registered."""
    missing = np.minimum(event.sizes["growth_a_day"] * day.days_since(event), event.sizes["largest"])
    return Report(energy_mwh=day.scaled(1.0 - missing))


def ghost_load(day: TrueDay, event: Event) -> Report:
    """Three tenths of the energy are registered, and by and by one tenth."""
    share = (day.times_s - event.start_s) / (event.end_s - event.start_s)
    return Report(energy_mwh=day.scaled(0.3 - 0.2 * share))


def _draw_window(draws: Draws) -> dict[str, float]:
    length = draws.uniform(4 * HOUR_S, 24 * HOUR_S)
    return {"window_from_s": float(int(draws.uniform(0, DAY_S))), "window_s": float(int(length))}


def _draw_ramp(draws: Draws) -> dict[str, float]:
    return {"growth_a_day": draws.uniform(0.05, 0.1), "largest": draws.uniform(0.3, 1.0)}


def _limit(day_of: DayOf, event: Event) -> dict[str, float]:
    """Six tenths of the highest mean of three hours of the event's first day: a limit that matters every day."""
    day = day_of(event.start_s)
    readings = 3 * HOUR_S // day.interval_s
    means = day.energy_mwh.reshape(-1, readings).sum(axis=1) / readings
    return {"limit_mwh": float(math.floor(0.6 * means.max()))}


def _opens_the_cover(kind: Kind) -> Kind:
    """*kind*, done inside the meter: half of them have a switch that notices that the cover is open at the start."""

    def draw(draws: Draws) -> dict[str, float]:
        sizes = kind.draw(draws)
        noticed, open_s = draws.uniform(0, 1) < 0.5, draws.uniform(2 * MINUTE_S, 30 * MINUTE_S)
        return {**sizes, "cover_open_s": float(int(open_s)) if noticed else 0.0}

    def report(day: TrueDay, event: Event) -> Report:
        is_open = day.times_s < event.start_s + event.sizes["cover_open_s"]
        return replace(kind.report(day, event), status=np.where(is_open, Status.COVER_OPENED, 0))

    return replace(kind, draw=draw, report=report, visible_in=f"{kind.visible_in}, status")


KINDS = {
    "theft_scale": _opens_the_cover(
        Kind(report=theft_scale, visible_in="consumption", draw=constant("alpha", 0.1, 0.8), expected_auc=0.79)
    ),
    "theft_window": _opens_the_cover(
        Kind(report=theft_window, visible_in="consumption", draw=_draw_window, expected_auc=0.98)
    ),
    "theft_random": Kind(report=theft_random, visible_in="consumption", expected_auc=0.83),
    "theft_mean_random": Kind(
        report=theft_mean_random, visible_in="consumption", lengths=(1, 28), unit="days", expected_auc=0.90
    ),
    "theft_mean": Kind(report=theft_mean, visible_in="consumption", lengths=(1, 28), unit="days", expected_auc=0.99),
    "theft_reverse": Kind(
        report=theft_reverse,
        visible_in="consumption",
        lengths=(1, 28),
        unit="days",
        expected_auc=0.84,
        hidden_from_hours="a day keeps its total; only its hours change places",
    ),
    "theft_cap": _opens_the_cover(Kind(report=theft_cap, visible_in="consumption", measure=_limit, expected_auc=0.74)),
    "theft_cut": Kind(report=theft_cut, visible_in="consumption", measure=_limit),
    "theft_ramp": Kind(report=theft_ramp, visible_in="consumption", lengths=(4 * DAY_S, 28 * DAY_S), draw=_draw_ramp),
    "ghost_load": _opens_the_cover(Kind(report=ghost_load, visible_in="consumption", lengths=(4 * DAY_S, 60 * DAY_S))),
}

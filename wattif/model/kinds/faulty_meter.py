"""What goes wrong in a meter, or in its wiring."""

from __future__ import annotations

import numpy as np

from wattif.model.anomalies import ROLLOVER_MWH, DayOf, Draws, Event, Kind, Report, TrueDay, constant
from wattif.numeric.calendar import DAY_S, HOUR_S


def stuck(day: TrueDay, event: Event) -> Report:
    """The first value is reported again and again."""
    return Report(energy_mwh=np.full_like(day.energy_mwh, int(event.sizes["value_mwh"])))


def dead(day: TrueDay, event: Event) -> Report:
    """No power, though the voltage is there."""
    return Report(energy_mwh=np.zeros_like(day.energy_mwh))


def drift(day: TrueDay, event: Event) -> Report:
    """The meter counts more or less from day to day."""
    return Report(energy_mwh=day.scaled(1.0 + event.sizes["a_day"] * day.days_since(event)))


def spike(day: TrueDay, event: Event) -> Report:
    """A few readings are a multiple of the truth."""
    return Report(energy_mwh=day.scaled(event.sizes["factor"]))


def clock_skew(day: TrueDay, event: Event) -> Report:
    """The clock is ahead or behind, by a constant or more from day to day.

    Never by a multiple of the interval: no timestamp of the meter's may occur twice.
    """
    ahead = event.sizes["ahead_s"] + np.trunc(event.sizes["ahead_s_a_day"] * day.days_since(event))
    ahead_s = ahead.astype(np.int64)
    return Report(clock_s=ahead_s + ((ahead_s != 0) & (ahead_s % day.interval_s == 0)))


def missing(day: TrueDay, event: Event) -> Report:
    """Rows are not sent: all of them for some time, or the first and a few at random. The register goes on counting."""
    return Report(sent=(day.uniforms() >= event.sizes["share"]) & (day.times_s != event.start_s))


def rollover(day: TrueDay, event: Event) -> Report:
    """The register has five digits and restarts at 100,000 kWh."""
    register_mwh = day.register_mwh + np.cumsum(day.energy_mwh)
    return Report(register_mwh=(register_mwh - int(event.sizes["restart_mwh"])) % ROLLOVER_MWH)


def reversed_ct(day: TrueDay, event: Event) -> Report:
    """A current transformer is mounted backwards: import counts as export, and power is negative."""
    return Report(energy_mwh=day.export_mwh, export_mwh=day.energy_mwh, backwards=True)


def _draw_clock(draws: Draws) -> dict[str, float]:
    if draws.uniform(0, 1) < 0.5:
        return {"ahead_s": float(draws.sign() * int(draws.uniform(60, 900))), "ahead_s_a_day": 0.0}
    return {"ahead_s": 0.0, "ahead_s_a_day": draws.sign() * draws.uniform(0.5, 5.0)}


def _first_value(day_of: DayOf, event: Event) -> dict[str, float]:
    day = day_of(event.start_s)
    return {"value_mwh": float(day.energy_mwh[(event.start_s - day.start_s) // day.interval_s])}


def _restart(day_of: DayOf, event: Event) -> dict[str, float]:
    restart_s = int(event.sizes["restart_s"])
    day = day_of(restart_s)
    upto = (restart_s - day.start_s) // day.interval_s
    return {"restart_mwh": float(day.register_mwh + int(day.energy_mwh[:upto].sum()))}


KINDS = {
    "stuck": Kind(
        report=stuck,
        visible_in="consumption",
        lengths=(HOUR_S, 14 * DAY_S),
        measure=_first_value,
        expected_auc=0.99,
    ),
    "dead": Kind(report=dead, visible_in="consumption", lengths=(HOUR_S, 14 * DAY_S)),
    "drift": Kind(
        report=drift,
        visible_in="consumption",
        lengths=(7 * DAY_S, 60 * DAY_S),
        draw=constant("a_day", 0.0005, 0.005, either_sign=True),
        hidden_from_hours="for weeks, it stays below the scatter of the hours",
    ),
    "spike": Kind(
        report=spike,
        visible_in="consumption",
        lengths=(1, 3),
        unit="readings",
        draw=constant("factor", 5.0, 20.0),
        expected_auc=0.72,
    ),
    "clock_skew": Kind(report=clock_skew, visible_in="timestamp", draw=_draw_clock, shortest_interval_s=3),
    "missing": Kind(report=missing, visible_in="rows", lengths=(30, 6 * HOUR_S), draw=lambda draws: {"share": 1.0}),
    "missing_at_random": Kind(report=missing, visible_in="rows", draw=constant("share", 0.001, 0.005)),
    "rollover": Kind(
        report=rollover,
        visible_in="register",
        unit="period",
        measure=_restart,
        moments={"restart_s": (0.1, 0.9)},
        keeps_energy=True,
    ),
    "reversed_ct": Kind(report=reversed_ct, visible_in="consumption, power, export", largest_power_w=999_999),
}

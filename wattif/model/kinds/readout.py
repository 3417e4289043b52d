"""What is measured rightly and told wrongly: old values, late ones, a wrong digit."""

from __future__ import annotations

import numpy as np

from wattif.model.anomalies import (
    MINUTE_S,
    DayOf,
    Draws,
    Event,
    Kind,
    Report,
    TrueDay,
    energies_mwh,
    whole,
)
from wattif.model.quantities import LARGEST_MWH_PER_SECOND, POWER_MAX_W, Status
from wattif.numeric.calendar import DAY_S, HOUR_S

_MWH_PER_KWH = 10**6


def repeats(day: TrueDay, event: Event) -> Report:
    """The meter measures less often than it sends: rows show the values of the last reading that it measured."""
    readings, times = np.arange(len(day.energy_mwh)), int(event.sizes["times"])
    return Report(shown=readings - readings % times)


def catch_up(day: TrueDay, event: Event) -> Report:
    """Silence, and then one reading that carries the energy of all that were not sent."""
    before = day.times_s < event.sizes["silent_from_s"]
    last = day.times_s == event.end_s - day.interval_s
    owed_mwh, owed_export_mwh = (int(event.sizes[name]) * last for name in ("owed_mwh", "owed_export_mwh"))
    sent = before | last
    return Report(
        energy_mwh=day.energy_mwh * sent + owed_mwh, export_mwh=day.export_mwh * sent + owed_export_mwh, sent=sent
    )


def estimated(day: TrueDay, event: Event) -> Report:
    """Values are lost, and the registers before and after are joined by a straight line."""
    number = (day.times_s - event.start_s) // day.interval_s
    count = (event.end_s - event.start_s) // day.interval_s
    energy_mwh, export_mwh = (
        (number + 1) * int(event.sizes[name]) // count - number * int(event.sizes[name]) // count
        for name in ("gap_mwh", "gap_export_mwh")
    )
    return Report(energy_mwh=energy_mwh, export_mwh=export_mwh, status=np.full_like(day.energy_mwh, Status.ESTIMATED))


def register_zero(day: TrueDay, event: Event) -> Report:
    """The register reads 0 and comes back; whether the meter knows of its reset depends on the meter."""
    knows = bool(event.sizes["noticed"])
    return Report(
        register_mwh=np.zeros_like(day.energy_mwh),
        status=np.full_like(day.energy_mwh, Status.REGISTER_RESET if knows else 0),
    )


def register_digit(day: TrueDay, event: Event) -> Report:
    """One digit of the register is wrong, and right again."""
    register_mwh = day.register_mwh + np.cumsum(day.energy_mwh)
    unit_mwh = int(event.sizes["place_kwh"]) * _MWH_PER_KWH
    digit = register_mwh // unit_mwh % 10
    wrong = (digit + int(event.sizes["added"])) % 10
    return Report(register_mwh=register_mwh + (wrong - digit) * unit_mwh)


def _draw_times(draws: Draws) -> dict[str, float]:
    return {"times": float(max(MINUTE_S // draws.interval_s, 2))}


def _draw_digit(draws: Draws) -> dict[str, float]:
    return {"place_kwh": float(10 ** whole(draws, 0, 4)), "added": float(whole(draws, 1, 9))}


def _draw_noticed(draws: Draws) -> dict[str, float]:
    return {"noticed": float(draws.uniform(0, 1) < 0.5)}


def _gap(day_of: DayOf, event: Event) -> dict[str, float]:
    energy_mwh, export_mwh = energies_mwh(day_of, event)
    return {"gap_mwh": float(energy_mwh.sum()), "gap_export_mwh": float(export_mwh.sum())}


def _owed(day_of: DayOf, event: Event) -> dict[str, float]:
    """The silence begins so late that one reading has room for its energy."""
    energy_mwh, export_mwh = energies_mwh(day_of, event)
    interval_s = (event.end_s - event.start_s) // len(energy_mwh)
    since_mwh = np.maximum(np.cumsum(energy_mwh[::-1]), np.cumsum(export_mwh[::-1]))
    first = len(energy_mwh) - int((since_mwh <= LARGEST_MWH_PER_SECOND * interval_s).sum())
    return {
        "silent_from_s": float(event.start_s + first * interval_s),
        "owed_mwh": float(energy_mwh[first:-1].sum()),
        "owed_export_mwh": float(export_mwh[first:-1].sum()),
    }


KINDS = {
    "repeats": Kind(report=repeats, visible_in="all values", lengths=(HOUR_S, 14 * DAY_S), draw=_draw_times),
    "catch_up": Kind(
        report=catch_up,
        visible_in="rows, consumption",
        lengths=(2 * HOUR_S, 12 * HOUR_S),
        measure=_owed,
        largest_power_w=POWER_MAX_W // 2,  # one reading has room for two
    ),
    "estimated": Kind(report=estimated, visible_in="consumption, status", lengths=(HOUR_S, 3 * DAY_S), measure=_gap),
    "register_zero": Kind(
        report=register_zero,
        visible_in="register",
        lengths=(1, 1),
        unit="readings",
        draw=_draw_noticed,
        keeps_energy=True,
    ),
    "register_digit": Kind(
        report=register_digit,
        visible_in="register",
        lengths=(1, 1),
        unit="readings",
        draw=_draw_digit,
        keeps_energy=True,
    ),
}

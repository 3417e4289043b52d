"""What happens to every meter of a transformer at the same moment."""

from __future__ import annotations

import numpy as np

from wattif.model.anomalies import Draws, Event, Kind, Report, TrueDay, constant
from wattif.model.quantities import Status
from wattif.numeric.calendar import HOUR_S


def sag(day: TrueDay, event: Event) -> Report:
    """The voltage falls for a few readings."""
    factor = np.full(len(day.energy_mwh), event.sizes["factor"])
    return Report(voltage=factor, status=np.full_like(day.energy_mwh, Status.VOLTAGE))


def swell(day: TrueDay, event: Event) -> Report:
    """The voltage rises for a few readings."""
    return sag(day, event)


def outage(day: TrueDay, event: Event) -> Report:
    """No supply: no rows, or rows without voltage; then a rush of reconnection that fades."""
    restored_s = int(event.sizes["restored_s"])
    dark = day.times_s < restored_s
    fading = 1.0 - (day.times_s - restored_s) / max(event.end_s - restored_s, 1)
    rush = np.where(dark, 0.0, 1.0 + event.sizes["rush"] * fading)
    return Report(
        energy_mwh=day.scaled(rush),
        export_mwh=np.where(dark, 0, day.export_mwh),
        voltage=np.where(dark, 0.0, 1.0),
        status=np.where(dark, Status.NO_SUPPLY, np.where(day.times_s == restored_s, Status.POWER_FAIL, 0)),
        sent=np.ones(len(dark), np.bool_) if event.sizes["sends"] else ~dark,
    )


def _draw_outage(draws: Draws) -> dict[str, float]:
    return {"sends": float(draws.uniform(0, 1) < 0.5), "rush": draws.uniform(0.3, 1.5)}


KINDS = {
    "sag": Kind(
        report=sag,
        visible_in="voltage",
        lengths=(1, 6),
        unit="readings",
        draw=constant("factor", 0.4, 0.9),
        keeps_energy=True,
        of_transformer=True,
    ),
    "swell": Kind(
        report=swell,
        visible_in="voltage",
        lengths=(1, 6),
        unit="readings",
        draw=constant("factor", 1.1, 1.2),
        keeps_energy=True,
        of_transformer=True,
    ),
    "outage": Kind(
        report=outage,
        visible_in="rows, voltage, consumption",
        lengths=(60, 4 * HOUR_S),
        draw=_draw_outage,
        aftermath_s=(900, HOUR_S),
        of_transformer=True,
    ),
}

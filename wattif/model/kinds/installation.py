"""What is set up wrongly, or fails, between the grid and the meter."""

from __future__ import annotations

import numpy as np

from wattif.model.anomalies import Draws, Event, Kind, Report, TrueDay
from wattif.model.quantities import Status
from wattif.numeric.calendar import DAY_S, HOUR_S


def wrong_multiplier(day: TrueDay, event: Event) -> Report:
    """The ratio of the current transformer is set ten times too small or too large."""
    return Report(energy_mwh=day.scaled(event.sizes["factor"]))


def phase_loss(day: TrueDay, event: Event) -> Report:
    """One of three phases is gone: two thirds of the load remain, and two thirds of the phases' mean voltage."""
    return Report(
        energy_mwh=day.energy_mwh * 2 // 3,
        voltage=np.full(len(day.energy_mwh), 2 / 3),
        status=np.full_like(day.energy_mwh, Status.VOLTAGE),
    )


def _draw_factor(draws: Draws) -> dict[str, float]:
    return {"factor": 0.1 if draws.uniform(0, 1) < 0.5 else 10.0}


KINDS = {
    "wrong_multiplier": Kind(
        report=wrong_multiplier,
        visible_in="consumption",
        draw=_draw_factor,
        largest_power_w=999_999,  # ten times as much has room in a field
    ),
    "phase_loss": Kind(report=phase_loss, visible_in="consumption, voltage", lengths=(HOUR_S, 7 * DAY_S)),
}

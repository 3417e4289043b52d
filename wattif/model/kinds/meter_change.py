"""What happens when a meter is changed, or mistaken for another."""

from __future__ import annotations

import numpy as np

from wattif.model.anomalies import DayOf, Event, Kind, Report, TrueDay
from wattif.model.quantities import Status
from wattif.numeric.calendar import HOUR_S


def exchange(day: TrueDay, event: Event) -> Report:
    """The meter is exchanged: no rows while that lasts; then the new one begins at 0, and says so once."""
    first_s = int(event.sizes["restart_s"])  # of the new meter
    dark, first = day.times_s < first_s, (first_s - day.start_s) // day.interval_s
    return Report(
        energy_mwh=np.where(dark, 0, day.energy_mwh),
        export_mwh=np.where(dark, 0, day.export_mwh),
        sent=~dark,
        status=np.where(dark, 0, Status.REGISTER_RESET),
        restart=first if 0 <= first < len(day.energy_mwh) else None,
    )


def swapped(day: TrueDay, event: Event) -> Report:
    """Two meters are swapped in the utility's register: each sends what the other one measures."""
    return Report(partner=int(event.sizes["partner"]))


def _left(day_of: DayOf, event: Event) -> dict[str, float]:
    """The registers that the old meter leaves with; the new one sends the last reading of the event."""
    day = day_of(event.start_s)
    upto = day.inside(event).start
    return {
        "restart_s": float(event.end_s - day.interval_s),
        "left_mwh": float(day.register_mwh + int(day.energy_mwh[:upto].sum())),
        "left_export_mwh": float(day.export_register_mwh + int(day.export_mwh[:upto].sum())),
    }


KINDS = {
    "exchange": Kind(
        report=exchange,
        visible_in="rows, register, status",
        lengths=(HOUR_S / 2, 6 * HOUR_S),
        least_readings=2,
        measure=_left,
    ),
    "swapped": Kind(report=swapped, visible_in="all values", lengths=(2, 60), unit="days", of_pair=True),
}

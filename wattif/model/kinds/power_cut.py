"""What a power cut leaves behind in a meter."""

from __future__ import annotations

import numpy as np

from wattif.model.anomalies import MINUTE_S, Draws, Event, Kind, Report, TrueDay
from wattif.model.quantities import Status
from wattif.numeric.calendar import DAY_S, HOUR_S

_CLOCKS_BEGIN_S = (0, 946_684_800)  # 1970 and 2000, each on 1 January
_LONGEST_S = 8 * DAY_S  # a clock is set before
_DAYS_TO_BEGIN_ON = 45  # of a year


def clock_reset(day: TrueDay, event: Event) -> Report:
    """A power cut, and then a clock that has begun anew, until it is set again."""
    restored_s = int(event.sizes["restored_s"])
    dark = day.times_s < restored_s
    ahead_s = int(event.sizes["reset_to_s"]) + int(event.sizes["booted_s"]) - restored_s
    return Report(
        energy_mwh=np.where(dark, 0, day.energy_mwh),
        export_mwh=np.where(dark, 0, day.export_mwh),
        status=np.where(dark, 0, Status.CLOCK_INVALID) + np.where(day.times_s == restored_s, Status.POWER_FAIL, 0),
        sent=~dark,
        clock_s=np.where(dark, 0, ahead_s),
    )


def _draw_clock(draws: Draws) -> dict[str, float]:
    """Two clocks that began on the same day, as long before a reading, would repeat their timestamps: meters take
    all seconds and both years in turn, and then a day that no earlier event reaches.
    """
    seconds = draws.interval_s - 1
    turn = draws.turn + int(draws.own * seconds * len(_CLOCKS_BEGIN_S))
    turn, second = divmod(turn, seconds)
    turn, year = divmod(turn, len(_CLOCKS_BEGIN_S))
    begin_s = _CLOCKS_BEGIN_S[year] + turn % _DAYS_TO_BEGIN_ON * _LONGEST_S
    return {"reset_to_s": float(begin_s), "booted_s": float(1 + second)}


KINDS = {
    "clock_reset": Kind(
        report=clock_reset,
        visible_in="rows, timestamp, status",
        lengths=(MINUTE_S, 30 * MINUTE_S),
        draw=_draw_clock,
        aftermath_s=(HOUR_S, 7 * DAY_S),
        shortest_interval_s=2,
    ),
}

"""A day of four readings, of which each kind of anomaly is worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wattif.model.anomalies import Event, Report, TrueDay
from wattif.model.anomaly_kinds import KINDS
from wattif.numeric.calendar import DAY_S

ENERGY = (1000, 3000, 5001, 7000)  # mWh; the day's mean is 16001 / 4 = 4000 and a quarter
EXPORT = (0, 40, 60, 0)
CHANCE = (0.0, 0.5, 0.25, 0.999)


@dataclass
class Draws:
    """All numbers are the same share of their range."""

    share: float = 0.5
    interval_s: int = 10
    turn: int = 0
    own: float = 0.0

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.share

    def sign(self) -> int:
        return 1


def true_day(day: int, register_mwh: int = 0) -> TrueDay:
    """Four readings of six hours, the same each day."""
    return TrueDay(
        start_s=day * DAY_S,
        interval_s=DAY_S // 4,
        energy_mwh=np.array(ENERGY),
        export_mwh=np.array(EXPORT),
        register_mwh=register_mwh,
        uniforms=lambda: np.array(CHANCE, np.float64),
    )


def measured(kind: str, event: Event) -> dict[str, float]:
    """The sizes of *event* that depend on true readings, where all days are the same."""
    measure = KINDS[kind].measure
    assert measure is not None
    return measure(lambda moment_s: true_day(moment_s // DAY_S), event)


def report_of(
    kind: str, sizes: Mapping[str, float] | None = None, *, day: int = 10, end_day: int = 20, register_mwh: int = 0
) -> Report:
    """What *kind* makes of the day, of an event that began with day 10."""
    event = Event(id="meter-1", meter=1, kind=kind, start_s=10 * DAY_S, end_s=end_day * DAY_S, sizes=sizes or {})
    return KINDS[kind].report(true_day(day, register_mwh), event)


def energy_of(kind: str, sizes: Mapping[str, float] | None = None, *, day: int = 10, end_day: int = 20) -> list[int]:
    """The energies that *kind* makes of the day, in mWh."""
    energy_mwh = report_of(kind, sizes, day=day, end_day=end_day).energy_mwh
    assert energy_mwh is not None
    return list(energy_mwh)

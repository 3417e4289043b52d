"""What goes wrong at a meter: each kind is a small pure function from the true readings of a day to reported ones.

A new kind is one function here, one entry in `wattif.model.anomaly_kinds` and one test. Formulas and ranges:
docs/anomalies.md. A function answers for the whole day; only what lies between the event's start and end is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DAY_S = 86_400
HOUR_S = 3_600
ROLLOVER_MWH = 10**5 * 10**6  # a register of five digits before the point, in kWh
VOLTAGE_FLAG, NO_SUPPLY_FLAG = 1, 2  # bits of `status`


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that goes wrong at one meter."""

    id: str  # the same for all meters of a transformer that it hits
    meter: int
    kind: str
    start_s: int  # seconds since 1970, at the start of a reading
    end_s: int  # excluded
    sizes: Mapping[str, float]  # parameters by name


@dataclass(frozen=True, kw_only=True)
class TrueDay:
    """What happened at a meter on a UTC day, and the chance that belongs to it. Arrays have one element per reading."""

    start_s: int  # seconds since 1970
    interval_s: int
    energy_mwh: NDArray[np.int64]
    export_mwh: NDArray[np.int64]
    register_mwh: int  # at the start of the day
    uniforms: Callable[[], NDArray[np.float64]]  # in [0, 1)

    @property
    def times_s(self) -> NDArray[np.int64]:
        """Start of each reading, seconds since 1970."""
        return self.start_s + self.interval_s * np.arange(len(self.energy_mwh), dtype=np.int64)

    def days_since(self, event: Event) -> NDArray[np.float64]:
        """Days since the start of *event*, at each reading."""
        return (self.times_s - event.start_s) / DAY_S

    def scaled(self, factor: float | NDArray[np.float64]) -> NDArray[np.int64]:
        """The energies times *factor*."""
        return _whole(self.energy_mwh * factor)

    @property
    def mean_mwh(self) -> int:
        """Mean energy of a reading of the day."""
        return int(self.energy_mwh.sum()) // len(self.energy_mwh)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the meter says instead of the truth; None where it says the truth. Arrays have one element per reading."""

    energy_mwh: NDArray[np.int64] | None = None  # imported
    export_mwh: NDArray[np.int64] | None = None
    register_mwh: NDArray[np.int64] | None = None  # at the end of each reading
    backwards: bool = False  # power is reported with the wrong sign
    voltage: NDArray[np.float64] | None = None  # factor on the voltage
    status: NDArray[np.int64] | None = None  # flags
    sent: NDArray[np.bool_] | None = None  # rows that are sent at all
    clock_s: NDArray[np.int64] | None = None  # how far the meter's clock is ahead, seconds


def _whole(energy_mwh: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Rounded to whole mWh, a half up."""
    whole: NDArray[np.int64] = np.floor(energy_mwh + 0.5).astype(np.int64)
    return whole


# --- Theft: the formulas of published test sets (Jokar, Arianpoo, Leung 2016: h1 to h6) and their relatives


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
    return Report(energy_mwh=_whole(day.mean_mwh * (0.1 + 0.7 * day.uniforms())))


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


# --- Faults of the meter


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


# --- The grid: every meter of a transformer at the same moment


def sag(day: TrueDay, event: Event) -> Report:
    """The voltage falls for a few readings."""
    factor = np.full(len(day.energy_mwh), event.sizes["factor"])
    return Report(voltage=factor, status=np.full_like(day.energy_mwh, VOLTAGE_FLAG))


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
        status=np.where(dark, NO_SUPPLY_FLAG, 0),
        sent=np.ones(len(dark), np.bool_) if event.sizes["sends"] else ~dark,
    )

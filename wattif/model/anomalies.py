"""What goes wrong at a meter: each kind is a small pure function from the true readings of a day to reported ones.

The kinds are in `wattif.model.kinds`; formulas and ranges: docs/anomalies.md. A function answers for the whole day;
only what lies between the event's start and end is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.calendar import DAY_S

MINUTE_S = 60
ROLLOVER_MWH = 10**5 * 10**6  # a register of five digits before the point, in kWh


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that goes wrong at one meter."""

    id: str  # the same for all meters of a transformer that it hits
    meter: int
    kind: str
    start_s: int  # seconds since 1970, at the start of a reading
    end_s: int  # excluded
    sizes: Mapping[str, float]  # parameters by name
    label_day: int = 0  # since 1970: with which its label comes; 0 where one object has all labels


@dataclass(frozen=True, kw_only=True)
class TrueDay:
    """What happened at a meter on a UTC day, and the chance that belongs to it. Arrays have one element per reading."""

    start_s: int  # seconds since 1970
    interval_s: int
    energy_mwh: NDArray[np.int64]
    export_mwh: NDArray[np.int64]
    register_mwh: int  # at the start of the day
    export_register_mwh: int = 0
    uniforms: Callable[[], NDArray[np.float64]]  # in [0, 1)

    @property
    def times_s(self) -> NDArray[np.int64]:
        """Start of each reading, seconds since 1970."""
        return self.start_s + self.interval_s * np.arange(len(self.energy_mwh), dtype=np.int64)

    def inside(self, event: Event) -> slice:
        """The readings of the day that belong to *event*."""
        count = len(self.energy_mwh)
        first = (event.start_s - self.start_s) // self.interval_s
        end = (event.end_s - self.start_s) // self.interval_s
        return slice(min(max(first, 0), count), min(max(end, 0), count))

    def days_since(self, event: Event) -> NDArray[np.float64]:
        """Days since the start of *event*, at each reading."""
        return (self.times_s - event.start_s) / DAY_S

    def scaled(self, factor: float | NDArray[np.float64]) -> NDArray[np.int64]:
        """The energies times *factor*."""
        return whole_mwh(self.energy_mwh * factor)

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
    status: NDArray[np.int64] | None = None  # sums of `wattif.model.quantities.Status`
    sent: NDArray[np.bool_] | None = None  # rows that are sent at all
    clock_s: NDArray[np.int64] | None = None  # how far the meter's clock is ahead, seconds
    restart: int | None = None  # the reading with which both registers begin at 0
    partner: int | None = None  # the meter whose values it sends, all but the number of the reading
    shown: NDArray[np.int64] | None = None  # the reading of the day whose values each row shows, all but its number

    @property
    def changes_rows(self) -> bool:
        """Whether rows are not sent, tell of another time, or show what another row or meter has."""
        return not all(each is None for each in (self.sent, self.clock_s, self.partner, self.shown))


def whole_mwh(energy_mwh: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Rounded to whole mWh, a half up."""
    whole: NDArray[np.int64] = np.floor(energy_mwh + 0.5).astype(np.int64)
    return whole


class Draws(Protocol):
    """Random numbers of one event."""

    def uniform(self, low: float, high: float) -> float:
        """The next one, in [low, high)."""

    def sign(self) -> int:
        """-1 or 1."""

    @property
    def interval_s(self) -> int:
        """Seconds between two readings."""

    @property
    def turn(self) -> int:
        """With a rate in calendar time, one more from part to part: no two events of a meter share it; else 0."""

    @property
    def own(self) -> float:
        """In [0, 1), the same in all events of the meter."""


def _nothing(draws: Draws) -> dict[str, float]:
    return {}


DayOf = Callable[[int], TrueDay]  # the UTC day of a moment in seconds since 1970


def energies_mwh(day_of: DayOf, event: Event) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Import and export that truly happened during *event*, one a reading, from all its days."""
    days = [day_of(moment_s) for moment_s in range(event.start_s - event.start_s % DAY_S, event.end_s, DAY_S)]
    return (
        np.concatenate([day.energy_mwh[day.inside(event)] for day in days]),
        np.concatenate([day.export_mwh[day.inside(event)] for day in days]),
    )


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of anomaly: its function, how large and how long, where it shows."""

    report: Callable[[TrueDay, Event], Report]
    visible_in: str
    lengths: tuple[float, float] = (DAY_S, 28 * DAY_S)
    unit: Literal["seconds", "readings", "days", "period"] = "seconds"  # of the lengths
    draw: Callable[[Draws], dict[str, float]] = _nothing
    measure: Callable[[DayOf, Event], dict[str, float]] | None = None  # sizes that depend on true readings
    moments: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # shares of the event, drawn: …_s
    aftermath_s: tuple[float, float] = (0.0, 0.0)  # what follows, and belongs to the event
    keeps_energy: bool = False  # each reading has its true energy, and its row is sent with its own timestamp
    of_transformer: bool = False  # hits all its meters at once
    of_pair: bool = False  # hits two neighbors of one class and city, each the `partner` of the other
    least_readings: int = 1  # that it lasts
    shortest_interval_s: int = 1
    largest_power_w: int | None = None  # of the meters that it can happen to
    expected_auc: float | None = None  # of an isolation forest on real homes, day level
    hidden_from_hours: str | None = None  # why means and maxima of hours hardly show it
    by_name_only: bool = False  # not one of `all`, which means the same in all datasets of a version of the bytes


def whole(draws: Draws, low: int, high: int) -> int:
    """A whole number from *low* to *high*, both included."""
    return min(int(draws.uniform(low, high + 1)), high)


def constant(name: str, low: float, high: float, *, either_sign: bool = False) -> Callable[[Draws], dict[str, float]]:
    """What draws one size, called *name*, uniform between *low* and *high*."""

    def draw(draws: Draws) -> dict[str, float]:
        size = draws.uniform(low, high)
        return {name: size * draws.sign() if either_sign else size}

    return draw

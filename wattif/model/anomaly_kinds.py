"""The kinds of anomalies: which function, how large and how long, where it shows; and which of them a spec asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from wattif.errors import InvalidValue, choose_from
from wattif.model import anomalies
from wattif.model.anomalies import DAY_S, HOUR_S, Event, Report, TrueDay
from wattif.spec import Spec


class Draws(Protocol):
    """Random numbers of one event."""

    def uniform(self, low: float, high: float) -> float:
        """The next one, in [low, high)."""

    def sign(self) -> int:
        """-1 or 1."""

    @property
    def interval_s(self) -> int:
        """Seconds between two readings."""


def _nothing(draws: Draws) -> dict[str, float]:
    return {}


def _draw_window(draws: Draws) -> dict[str, float]:
    length = draws.uniform(4 * HOUR_S, 24 * HOUR_S)
    return {"window_from_s": float(int(draws.uniform(0, DAY_S))), "window_s": float(int(length))}


def _draw_ramp(draws: Draws) -> dict[str, float]:
    return {"growth_a_day": draws.uniform(0.05, 0.1), "largest": draws.uniform(0.3, 1.0)}


def _draw_clock(draws: Draws) -> dict[str, float]:
    if draws.uniform(0, 1) < 0.5:
        return {"ahead_s": float(draws.sign() * int(draws.uniform(60, 900))), "ahead_s_a_day": 0.0}
    return {"ahead_s": 0.0, "ahead_s_a_day": draws.sign() * draws.uniform(0.5, 5.0)}


def _draw_outage(draws: Draws) -> dict[str, float]:
    return {"sends": float(draws.uniform(0, 1) < 0.5), "rush": draws.uniform(0.3, 1.5)}


def _first_value(day: TrueDay, event: Event) -> dict[str, float]:
    return {"value_mwh": float(day.energy_mwh[(event.start_s - day.start_s) // day.interval_s])}


def _limit(day: TrueDay, event: Event) -> dict[str, float]:
    """Six tenths of the highest mean of three hours of the event's first day: a limit that matters every day."""
    readings = 3 * HOUR_S // day.interval_s
    means = day.energy_mwh.reshape(-1, readings).sum(axis=1) / readings
    return {"limit_mwh": float(math.floor(0.6 * means.max()))}


def _restart(day: TrueDay, event: Event) -> dict[str, float]:
    upto = (int(event.sizes["restart_s"]) - day.start_s) // day.interval_s
    return {"restart_mwh": float(day.register_mwh + int(day.energy_mwh[:upto].sum()))}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of anomaly: its function, how large and how long, where it shows."""

    report: Callable[[TrueDay, Event], Report]
    visible_in: str
    lengths: tuple[float, float] = (DAY_S, 28 * DAY_S)
    unit: Literal["seconds", "readings", "days", "period"] = "seconds"  # of the lengths
    draw: Callable[[Draws], dict[str, float]] = _nothing
    measure: Callable[[TrueDay, Event], dict[str, float]] | None = None  # on the day of `measured_s`
    moments: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # shares of the event, drawn: …_s
    aftermath_s: tuple[float, float] = (0.0, 0.0)  # what follows, and belongs to the event
    of_transformer: bool = False  # hits all its meters at once
    shortest_interval_s: int = 1
    largest_power_w: int | None = None  # of the meters that it can happen to
    expected_auc: float | None = None  # of an isolation forest on real homes, day level
    hidden_from_hours: str | None = None  # why means and maxima of hours hardly show it


def _constant(name: str, low: float, high: float, *, either_sign: bool = False) -> Callable[[Draws], dict[str, float]]:
    def draw(draws: Draws) -> dict[str, float]:
        size = draws.uniform(low, high)
        return {name: size * draws.sign() if either_sign else size}

    return draw


_READINGS: Literal["readings"] = "readings"
_DAYS: Literal["days"] = "days"
_SLOW = "for weeks, it stays below the scatter of the hours"
_either_way = _constant("a_day", 0.0005, 0.005, either_sign=True)
_draw_spike = _constant("factor", 5.0, 20.0)
KINDS: Mapping[str, Kind] = {
    "theft_scale": Kind(
        report=anomalies.theft_scale, visible_in="consumption", draw=_constant("alpha", 0.1, 0.8), expected_auc=0.79
    ),
    "theft_window": Kind(report=anomalies.theft_window, visible_in="consumption", draw=_draw_window, expected_auc=0.98),
    "theft_random": Kind(report=anomalies.theft_random, visible_in="consumption", expected_auc=0.83),
    "theft_mean_random": Kind(
        report=anomalies.theft_mean_random, visible_in="consumption", lengths=(1, 28), unit=_DAYS, expected_auc=0.90
    ),
    "theft_mean": Kind(
        report=anomalies.theft_mean, visible_in="consumption", lengths=(1, 28), unit=_DAYS, expected_auc=0.99
    ),
    "theft_reverse": Kind(
        report=anomalies.theft_reverse,
        visible_in="consumption",
        lengths=(1, 28),
        unit=_DAYS,
        expected_auc=0.84,
        hidden_from_hours="a day keeps its total; only its hours change places",
    ),
    "theft_cap": Kind(report=anomalies.theft_cap, visible_in="consumption", measure=_limit, expected_auc=0.74),
    "theft_cut": Kind(report=anomalies.theft_cut, visible_in="consumption", measure=_limit),
    "theft_ramp": Kind(
        report=anomalies.theft_ramp, visible_in="consumption", lengths=(4 * DAY_S, 28 * DAY_S), draw=_draw_ramp
    ),
    "ghost_load": Kind(report=anomalies.ghost_load, visible_in="consumption", lengths=(4 * DAY_S, 60 * DAY_S)),
    "stuck": Kind(
        report=anomalies.stuck,
        visible_in="consumption",
        lengths=(HOUR_S, 14 * DAY_S),
        measure=_first_value,
        expected_auc=0.99,
    ),
    "dead": Kind(report=anomalies.dead, visible_in="consumption", lengths=(HOUR_S, 14 * DAY_S)),
    "drift": Kind(
        report=anomalies.drift,
        visible_in="consumption",
        lengths=(7 * DAY_S, 60 * DAY_S),
        draw=_either_way,
        hidden_from_hours=_SLOW,
    ),
    "spike": Kind(
        report=anomalies.spike,
        visible_in="consumption",
        lengths=(1, 3),
        unit=_READINGS,
        draw=_draw_spike,
        expected_auc=0.72,
    ),
    "clock_skew": Kind(report=anomalies.clock_skew, visible_in="timestamp", draw=_draw_clock, shortest_interval_s=3),
    "missing": Kind(
        report=anomalies.missing, visible_in="rows", lengths=(30, 6 * HOUR_S), draw=lambda draws: {"share": 1.0}
    ),
    "missing_at_random": Kind(report=anomalies.missing, visible_in="rows", draw=_constant("share", 0.001, 0.005)),
    "rollover": Kind(
        report=anomalies.rollover,
        visible_in="register",
        unit="period",
        measure=_restart,
        moments={"restart_s": (0.1, 0.9)},
    ),
    "reversed_ct": Kind(report=anomalies.reversed_ct, visible_in="consumption, power, export", largest_power_w=999_999),
    "sag": Kind(
        report=anomalies.sag,
        visible_in="voltage",
        lengths=(1, 6),
        unit=_READINGS,
        draw=_constant("factor", 0.4, 0.9),
        of_transformer=True,
    ),
    "swell": Kind(
        report=anomalies.swell,
        visible_in="voltage",
        lengths=(1, 6),
        unit=_READINGS,
        draw=_constant("factor", 1.1, 1.2),
        of_transformer=True,
    ),
    "outage": Kind(
        report=anomalies.outage,
        visible_in="rows, voltage, consumption",
        lengths=(60, 4 * HOUR_S),
        draw=_draw_outage,
        aftermath_s=(900, HOUR_S),
        of_transformer=True,
    ),
}


def weights_of(spec: Spec) -> dict[str, float]:
    """The kinds that *spec* asks for and their weights; empty when nothing goes wrong at meters.

    `InvalidValue` names what cannot be read.
    """
    if spec.anomaly_rate == 0 and spec.anomalies == "all":
        return {}
    weights = read_weights(spec.anomalies)
    if weights and spec.anomaly_rate == 0:
        reason = "has no effect without `anomaly_rate`; add it, for example 0.075"
        raise InvalidValue("anomalies", spec.anomalies, reason)
    return weights


def read_weights(text: str) -> dict[str, float]:
    """*text* as kinds and their weights; `InvalidValue` names what cannot be read."""
    if text.strip() in ("all", "none"):
        return dict.fromkeys(KINDS, 1.0) if text.strip() == "all" else {}
    weights: dict[str, float] = {}
    for part in (part.strip() for part in text.split(",")):
        kind, _, weight = (piece.strip() for piece in part.partition("="))
        if kind in ("all", "none") or kind in weights:
            fault = f"{kind} cannot be combined" if kind not in KINDS else f"names {kind} twice"
            raise InvalidValue("anomalies", text, f"{fault}; write it as theft_scale=2,spike=1")
        if kind not in KINDS:
            reason = f"unknown kind{choose_from(kind, ['all', 'none', *KINDS])}"
            raise InvalidValue("anomalies", part or repr(part), reason)
        try:
            weights[kind] = float(weight or 1)
        except ValueError:
            weights[kind] = -1.0
        if not 0 <= weights[kind] < math.inf:
            raise InvalidValue("anomalies", part, f"a weight is a number of at least 0, for example {kind}=2")
    if not any(weights.values()):
        raise InvalidValue("anomalies", text, "all weights are 0; raise one, or give none")
    return {kind: weights[kind] for kind in KINDS if weights.get(kind, 0.0) > 0}  # whatever the order they came in

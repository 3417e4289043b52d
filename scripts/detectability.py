"""Hold the anomalies against what simple detectors find on real homes; write figures and pictures of docs/anomalies.md.

python -m scripts.detectability            all of it
python -m scripts.detectability --quick    fewer homes, printed only
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from scripts.detectors import HALF_HOURS, Floats, Trial, isolation_forest_auc, robust_z_auc
from wattif.model import quantities
from wattif.model.anomalies import DAY_S, Event
from wattif.model.anomaly_kinds import KINDS
from wattif.model.cities import load_cities
from wattif.model.events import Period, draw_events
from wattif.model.fleet import Fleet, make_fleet
from wattif.model.reported import MeasuredEvent, ReportedDays, measure_events
from wattif.model.world import World

SEED, HOMES, QUICK_HOMES = 42, 300, 100
INTERVAL_S = 600  # between readings; the detectors see their half-hours
SPRING = Period(start=date(2024, 3, 1), end=date(2024, 5, 31))  # the months of the British homes
TOLERANCE = 0.10
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "anomalies.md"
BEGIN, END = "<!-- figures: made by scripts/detectability.py -->\n", "<!-- end of figures -->"
REAL = {  # real homes, day level: isolation forest, robust z of the daily energy
    "theft_scale": (0.79, 0.89),
    "theft_window": (0.98, 0.82),
    "theft_random": (0.83, 0.92),
    "theft_mean_random": (0.90, 0.92),
    "theft_mean": (0.99, 0.50),
    "theft_reverse": (0.84, 0.50),
    "theft_cap": (0.74, 0.65),
    "stuck": (0.99, 0.84),
    "spike": (0.72, 0.50),
}


@dataclass(frozen=True)
class Homes:
    """Homes in London, and what they truly use."""

    world: World
    fleet: Fleet
    true: Floats  # (homes, days, 48), Wh


def make_homes(homes: int, seed: int = SEED) -> Homes:
    """*homes* homes over the days of `SPRING`."""
    world = World(seed=seed, epoch=SPRING.start, interval_s=INTERVAL_S, cities=(load_cities()["london"],))
    fleet = make_fleet(seed, homes, world.cities, (1.0, 0.0, 0.0))
    return Homes(world, fleet, _half_hours(world, fleet, {}))


def make_trial(homes: Homes, kind: str) -> Trial:
    """Every home has an event of *kind*; the days that lie wholly in it count, of shorter kinds the days it touches."""
    events = draw_events(homes.world, homes.fleet, {kind: 1.0}, 1.0, SPRING)
    reported = _half_hours(homes.world, homes.fleet, measure_events(homes.world, homes.fleet, events, _processors()))
    touched, whole = np.zeros((2, *homes.true.shape[:2]), np.bool_)
    for meter, event in events.items():
        touched[meter, _days(event, wholly=False)] = True
        whole[meter, _days(event, wholly=True)] = True
    counted = touched if KINDS[kind].unit == "readings" else whole
    return Trial(homes.true, reported, counted, ~touched)


def _days(event: Event, *, wholly: bool) -> slice:
    start_s, end_s = event.start_s - SPRING.start_s, event.end_s - SPRING.start_s
    if wholly:
        return slice(-(-start_s // DAY_S), end_s // DAY_S)
    return slice(start_s // DAY_S, -(-end_s // DAY_S))


def _half_hours(world: World, fleet: Fleet, events: dict[int, MeasuredEvent]) -> Floats:
    """Energy as it is reported, (homes, days, 48), Wh."""
    homes = len(fleet.macs)
    days = ReportedDays(world, fleet, events, electrical=False)
    energy_wh = np.empty((homes, SPRING.days, HALF_HOURS))
    for number in range(SPRING.days):
        for first in range(0, homes, days.block_meters):
            count = min(days.block_meters, homes - first)
            columns, _ = days.compute(SPRING.start + timedelta(days=number), first, count)
            energy_mwh = columns[:, quantities.CONSUMPTION_MWH].reshape(count, HALF_HOURS, -1).sum(axis=2)
            energy_wh[first : first + count, number] = energy_mwh / 1000.0
    return energy_wh


def _processors() -> int:
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Figure:
    """How well the detectors tell the days of a kind."""

    kind: str
    days: int
    forest: float  # area under the ROC curve
    robust_z: float

    @property
    def verdict(self) -> str:
        """Held against real homes; empty where there are none."""
        if self.kind not in REAL:
            return ""
        found = []
        for name, measured, real in zip(
            ("isolation forest", "robust z"), (self.forest, self.robust_z), REAL[self.kind], strict=True
        ):
            difference = round(measured - real, 2)
            if abs(difference) > TOLERANCE:
                found.append(f"{name} {'too clean' if difference > 0 else 'too hard'} by {abs(difference):.2f}")
        return "**" + ", ".join(found) + "**" if found else "ok"

    @property
    def row(self) -> str:
        """Its row in the table."""
        forest, z = (f"{real:.2f}" for real in REAL[self.kind]) if self.kind in REAL else ("", "")
        return (
            f"| `{self.kind}` | {self.days:,} | {self.forest:.2f} | {forest} | {self.robust_z:.2f} | {z} |"
            f" {self.verdict} |"
        )


def measure(homes: Homes, kind: str) -> Figure:
    """The figure of *kind*."""
    trial = make_trial(homes, kind)
    return Figure(kind, int(trial.event.sum()), isolation_forest_auc(trial), robust_z_auc(trial))


def scored_kinds() -> list[str]:
    """The kinds that change the consumption of a meter; those with a figure of real homes first."""
    others = [name for name, kind in KINDS.items() if "consumption" in kind.visible_in and not kind.of_transformer]
    return [*REAL, *(name for name in others if name not in REAL)]


def table(figures: list[Figure], seconds: float) -> str:
    """The figures as a table for docs/anomalies.md."""
    held = [figure for figure in figures if figure.kind in REAL]
    missed = [figure for figure in held if figure.verdict != "ok"]
    return "\n".join(
        [
            f"Made by `python -m scripts.detectability` ({seconds:.0f} s on {_processors()} processors); do not edit.",
            f"{len(held)} kinds have figures of real homes; missed by more than {TOLERANCE:.2f}: {len(missed)}.",
            "",
            "| kind | days | isolation forest | real homes | robust z | real homes | verdict |",
            "|---|---|---|---|---|---|---|",
            *(figure.row for figure in figures),
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold the anomalies against simple detectors on real homes.")
    parser.add_argument("--quick", action="store_true", help="fewer homes, printed only")
    quick = parser.parse_args().quick
    began = time.monotonic()
    homes = make_homes(QUICK_HOMES if quick else HOMES)
    figures = []
    for kind in scored_kinds():
        figures.append(measure(homes, kind))
        print(figures[-1].row, flush=True)
    if quick:
        return
    from scripts.anomaly_pictures import draw_all

    draw_all(DOCUMENT.with_suffix(""))
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    made = BEGIN + table(figures, time.monotonic() - began) + END
    DOCUMENT.write_text(before + made + rest.split(END, 1)[1], encoding="utf-8")


if __name__ == "__main__":
    main()

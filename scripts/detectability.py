"""Hold the anomalies against what simple detectors find on real homes; write figures and pictures of docs/anomalies.md.

python -m scripts.detectability            all of it
python -m scripts.detectability --quick    fewer homes, printed only
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

import wattif
from scripts.detectors import HALF_HOURS, Floats, Trial, isolation_forest_auc, robust_z_auc
from wattif.model.anomaly_kinds import KINDS
from wattif.model.events import Period
from wattif.numeric.calendar import DAY_S

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

    spec: wattif.Spec
    true: Floats  # (homes, days, 48), Wh


def make_homes(homes: int, seed: int = SEED) -> Homes:
    """*homes* homes over the days of `SPRING`."""
    spec = wattif.Spec(
        start=SPRING.start,
        end=SPRING.end,
        meters=homes,
        city="london",
        class_mix="residential=1",
        interval=INTERVAL_S,
        seed=seed,
    )
    return Homes(spec, _half_hours(spec))


def make_trial(homes: Homes, kind: str) -> Trial:
    """Every home has an event of *kind*; the days that lie wholly in it count, of shorter kinds the days it touches."""
    spec = homes.spec.model_copy(update={"anomaly_rate": 1.0, "anomalies": kind})
    touched, whole = np.zeros((2, *homes.true.shape[:2]), np.bool_)
    for event in wattif.read(spec, "anomaly_labels", columns=["meter", "start", "end"]).read_all().to_pylist():
        since, until = ((event[name].timestamp() - SPRING.start_s) / DAY_S for name in ("start", "end"))
        touched[event["meter"], math.floor(since) : math.ceil(until)] = True
        whole[event["meter"], math.ceil(since) : math.floor(until)] = True
    counted = touched if KINDS[kind].unit == "readings" else whole
    return Trial(homes.true, _half_hours(spec), counted, ~touched)


def _half_hours(spec: wattif.Spec) -> Floats:
    """Energy as it is reported, (homes, days, 48), Wh."""
    readings = wattif.read(spec, columns=["consumption_wh"], numbers="scaled").read_all()["consumption_wh"].to_numpy()
    half_hours = readings.reshape(SPRING.days, spec.meters, HALF_HOURS, -1).sum(axis=3)
    energy_wh: Floats = half_hours.transpose(1, 0, 2) / 1000.0
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
    """The kinds that change the consumption of a meter, and no more; those with a figure of real homes first."""
    others = [
        name
        for name, kind in KINDS.items()
        if "consumption" in kind.visible_in and "rows" not in kind.visible_in and not kind.of_transformer
    ]
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

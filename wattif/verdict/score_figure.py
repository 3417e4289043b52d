"""The scorecard as a picture: recall by kind beside chance, precision and false alarms in the title."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from wattif.errors import WattIfError
from wattif.verdict.scorecard import MetricScore, Scorecard


def draw(card: Scorecard, out: Path) -> None:
    """Draw *card* into the file *out*; `WattIfError` when it cannot be written."""
    best = card.metrics[-1]
    names = [each.kind for each in best.kinds]
    figure = Figure(figsize=(10.0, 2.2 + 0.32 * max(len(names), 3)), layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(names))
    height = 0.8 / len(card.metrics)
    for number, metric in enumerate(card.metrics):
        recalls = {each.kind: each.recall for each in metric.kinds}
        axes.barh(places + number * height, [recalls[name] for name in names], height, label=metric.metric)
    chance = [each.recall_by_chance for each in best.kinds]
    axes.plot(chance, places + 0.4 - height / 2, "k|", ms=12, mew=2, label=f"by chance, {best.metric}")
    axes.set(xlim=(0, 1.02), xlabel="share of the events with at least one flagged hour")
    axes.set_yticks(places + 0.4 - height / 2, [f"{each.kind} ({each.events})" for each in best.kinds])
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
    axes.set_title(
        f"{card.scan_from} to {card.scan_until} at {card.threshold}\n" + "\n".join(map(_line, card.metrics)),
        fontsize=9,
        loc="left",
    )
    try:
        figure.savefig(out, dpi=110)
    except (OSError, ValueError) as error:
        raise WattIfError(f"`out` {out}: cannot be written: {error}; name another file") from None


def _line(metric: MetricScore) -> str:
    precision = "no flags" if metric.precision is None else f"precision {metric.precision:.2f}"
    recall = "no events" if metric.recall is None else f"recall {metric.recall:.2f}"
    false_alarms = f"{metric.false_alarms_per_meter_month:.2f} false alarms per meter-month"
    return f"{metric.metric}: {precision}, {recall}, {false_alarms}"

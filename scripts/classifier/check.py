"""The classifier held against itself: what it makes of WattIf's own homes."""

from __future__ import annotations

import numpy as np

from scripts.classifier.auc import Told
from scripts.classifier.compare import compare, days_of
from scripts.classifier.days import Days
from scripts.figures.sampling import HALF_HOUR_S, HOMES, SPRING, sample
from wattif.model.cities import load_cities

METERS = 200


def homes_in(city_id: str, seed: int, meters: int) -> Days:
    """Homes of a city in spring."""
    return days_of(sample(load_cities()[city_id], HOMES, meters, SPRING, HALF_HOUR_S, seed=seed))


def halves(days: Days) -> tuple[Days, Days]:
    """Two halves of the meters, drawn at random."""
    order = np.random.default_rng(1).permutation(len(days.wh))
    middle = len(order) // 2
    return days.only(order[:middle]), days.only(order[middle:])


def table(fewer: int) -> str:
    """Markdown: what must be a coin, and what must not."""
    meters = METERS // fewer
    london = homes_in("london", 1, meters)
    rows = {
        "two halves of homes in London": halves(london),
        "homes in London, two seeds": (london, homes_in("london", 2, meters)),
        "London and Berlin": (london, homes_in("berlin", 3, meters)),
        "London and Manila": (london, homes_in("manila", 3, meters)),
    }
    lines = [
        f"| groups | homes | one day / its mean | one day, Wh | {len(london.number)} days |",
        "|---|---|---|---|---|",
    ]
    for name, (one, other) in rows.items():
        found = compare(one, other)
        cells = (area(each) for each in (found.one_day, found.one_day_wh, found.span))
        lines.append(f"| {name} | {len(one.wh)} and {len(other.wh)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def area(told: Told) -> str:
    """The area with its standard error."""
    return f"{told.auc:.2f} ± {told.error:.2f}"

"""A figure beside the real one, and a table of them with the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

BRITISH_HOMES = "622 British homes, half-hourly, March to May"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What the model gives, what is real, and what is wanted."""

    of: str  # whose figure it is, for example "homes in London"
    name: str
    ours: float
    real: str
    wanted: tuple[float, float]  # the range in which it must lie, bounds included
    source: str  # of what is real
    before: str = ""  # what the bytes of version 2 gave, where it is known
    spread: tuple[float, float] | None = None  # over several worlds, when *ours* is their median
    why: str = ""  # it misses, where that is known

    @property
    def range(self) -> str:
        """What is wanted, as text."""
        return f"{number(self.wanted[0])} to {number(self.wanted[1])}"

    @property
    def miss(self) -> float:
        """How far it is out of its range, relative to the range's width; 0 inside."""
        low, high = self.wanted
        return max(low - self.ours, self.ours - high, 0.0) / (high - low)


def around(real: float, *, share: float = 0.0, by: float = 0.0) -> tuple[float, float]:
    """The range *share* (relative) or *by* (absolute) around the *real* figure."""
    width = abs(real) * share + by
    return real - width, real + width


def median_of(worlds: Sequence[Sequence[Figure]]) -> list[Figure]:
    """Each figure's median over several worlds, and its spread."""
    figures = []
    for same in zip(*worlds, strict=True):
        values = [figure.ours for figure in same]
        figures.append(replace(same[0], ours=float(np.median(values)), spread=(min(values), max(values))))
    return figures


def worst_first(figures: Iterable[Figure]) -> list[Figure]:
    """The furthest out of its range first; those inside as they come."""
    return sorted(figures, key=lambda each: -each.miss)


def number(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"


def table(figures: Iterable[Figure]) -> str:
    """Markdown, the worst first; what misses its range is bold."""
    lines = ["| of | figure | ours | real | wanted | version 2 | source |", "|---|---|---|---|---|---|---|"]
    for each in worst_first(figures):
        ours = f"**{number(each.ours)}**" if each.miss else number(each.ours)
        if each.spread is not None:
            ours += f" ({number(each.spread[0])} to {number(each.spread[1])})"
        lines.append(
            f"| {each.of} | {each.name} | {ours} | {each.real} | {each.range} | {each.before} | {each.source} |"
        )
    return "\n".join(lines) + "\n"


def misses(figures: Iterable[Figure]) -> str:
    """A line for each figure that misses its range, the worst first, with the reason where it is known."""
    lines = [
        f"- **{each.of}, {each.name}**: {number(each.ours)} instead of {each.range}; {each.why or 'not explained'}."
        for each in worst_first(figures)
        if each.miss
    ]
    return "\n".join(lines or ["None."]) + "\n"

"""A figure beside the real one, and a table of them with the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BRITISH_HOMES = "622 British homes, half-hourly, March to May"
MINUTE_HOMES = "measured homes, every second to every minute"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A measured figure, what is real, and where it must lie."""

    name: str
    before: str  # what the bytes of version 2 gave
    measured: float
    real: str
    low: float
    high: float
    source: str

    @property
    def miss(self) -> float:
        """How far it is out of its range, relative to the bound that it misses; 0 inside."""
        if self.measured < self.low:
            return 1.0 - self.measured / self.low
        if self.measured > self.high:
            return self.measured / self.high - 1.0 if self.high else 1.0
        return 0.0

    @property
    def edge(self) -> float:
        """How near it is to its bounds: 0 in the middle, 1 at a bound."""
        half = (self.high - self.low) / 2.0
        return abs(self.measured - self.low - half) / half if half else 0.0


def table(figures: Iterable[Wanted]) -> str:
    """Markdown, the worst first; what misses its range is bold."""
    lines = ["| figure | ours | real | wanted | before | source |", "|---|---|---|---|---|---|"]
    for each in sorted(figures, key=lambda each: (-each.miss, -each.edge)):
        ours = f"{each.measured:.3g}"
        lines.append(
            f"| {each.name} | {f'**{ours}**' if each.miss else ours} | {each.real} |"
            f" {each.low:.3g} to {each.high:.3g} | {each.before} | {each.source} |"
        )
    return "\n".join(lines)

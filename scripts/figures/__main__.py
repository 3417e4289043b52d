"""Print all figures beside the real ones, the worst first."""

from __future__ import annotations

from scripts.figures import borders, cars, homes, manila, sun, texture
from scripts.figures.wanted import Wanted, table

TOPICS = (borders, cars, homes, manila, sun, texture)


def all_figures() -> list[Wanted]:
    """Topic by topic."""
    return [figure for topic in TOPICS for figure in topic.figures()]


if __name__ == "__main__":
    print(table(all_figures()))

"""The grid between the city and its meters: which transformer feeds which meter."""

from __future__ import annotations

METERS_PER_TRANSFORMER = 20  # neighbours: consecutive meters share a transformer and so its voltage


def transformer_of(meter: int) -> int:
    """The transformer that feeds *meter*."""
    return meter // METERS_PER_TRANSFORMER

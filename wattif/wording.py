"""Figures as people read them, wherever the program tells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

_UNITS = {"GB": 10**9, "MB": 10**6, "kB": 10**3}


def size_text(size: float) -> str:
    """*size*, in bytes, in the largest unit up to GB of which it has one: ``1.51 MB``."""
    unit = next((name for name, most in _UNITS.items() if size >= most), None)
    return f"{size:,.0f} bytes" if unit is None else f"{size / _UNITS[unit]:,.2f} {unit}"


def days_text(days: Sequence[date]) -> str:
    """How many *days*, in order, and which: ``0 days``, ``1 day, 2024-01-01``, ``2 days from … to …``."""
    if len(days) == 1:
        return f"1 day, {days[0]}"
    return f"{len(days):,} days from {days[0]} to {days[-1]}" if days else "0 days"

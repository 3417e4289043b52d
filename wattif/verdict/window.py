"""The days that a scan learns from, and those that it judges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True, kw_only=True)
class ScanWindow:
    """UTC days, each span with its last day included."""

    train_from: date
    train_until: date
    scan_from: date
    scan_until: date

    @staticmethod
    def start_of(day: date) -> datetime:
        """Midnight (UTC) at the beginning of *day*."""
        return datetime.combine(day, time(), UTC)

    @staticmethod
    def end_of(day: date) -> datetime:
        """Midnight (UTC) at the end of *day*."""
        return datetime.combine(day + timedelta(days=1), time(), UTC)

    @property
    def horizon_hours(self) -> int:
        """From the end of the training to the end of what is judged."""
        return (self.scan_until - self.train_until).days * 24

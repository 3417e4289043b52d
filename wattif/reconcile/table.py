"""A table against what it must hold, hour by hour."""

from __future__ import annotations

from collections.abc import Iterable

from wattif.engine.world import Scenario
from wattif.errors import UsageError
from wattif.reconcile.differences import Difference
from wattif.reconcile.settings import ReconcileSettings


def compare(settings: ReconcileSettings, scenario: Scenario) -> Iterable[Difference]:
    """How the table that *settings* name differs from what *scenario* says."""
    raise UsageError(
        f"{settings.table or settings.parquet}: tables cannot be compared yet; leave out --table, --parquet"
    )

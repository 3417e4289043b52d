"""How late batches landed, in a few numbers."""

from __future__ import annotations

from collections.abc import Sequence

from wattif.lake.runs import Lateness


def lateness_of(late_s: Sequence[float]) -> Lateness | None:
    """Of landings, by how many seconds each was late; None when there are none.

    Percentiles are by the nearest rank: a value that one of the landings has.
    """
    if not late_s:
        return None
    ordered = sorted(late_s)
    p50, p99 = (ordered[-(-len(ordered) * percent // 100) - 1] for percent in (50, 99))
    return Lateness(landings=len(ordered), p50_s=p50, p99_s=p99, max_s=ordered[-1])

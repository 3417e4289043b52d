"""What finished runs say of themselves: `_wattif/runs/`."""

from __future__ import annotations

from concurrent.futures import Executor
from datetime import date, timedelta
from functools import partial

import orjson

from wattif.lake import layout
from wattif.lake.documents import MOST_BYTES
from wattif.uploader.store import Store


def marked_days(store: Store, fetchers: Executor) -> set[date]:
    """The days that runs with `success_files` completed; a report that cannot be read says nothing."""
    days: set[date] = set()
    for content in fetchers.map(partial(store.get_bytes, most=MOST_BYTES), [*store.list(layout.RUNS)]):
        try:
            report = orjson.loads(content or b"")
            if report["run"]["success_files"] is True:
                start, end = (date.fromisoformat(report["spec"][name]) for name in ("start", "end"))
                days |= {start + timedelta(days=n) for n in range((end - start).days + 1)}
        except (KeyError, TypeError, ValueError):
            continue
    return days

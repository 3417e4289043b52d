"""What a table must hold by meter and hour, as Arrow tables: the loops' cells with names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from threading import Event

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.answers.expected_sums import Hours
from wattif.answers.hour_parts import (
    DEDUPLICATED,
    DELIVERED,
    MISPLACED,
    OFF_GRID,
    WITHOUT,
    PartHours,
    Renamed,
    Span,
    in_threads,
)
from wattif.engine.plan import Plan
from wattif.faults.plan import FaultPlan
from wattif.model.fleet import mac_text
from wattif.model.scenario import Scenario
from wattif.numeric.calendar import day_number
from wattif.tables.column import Column
from wattif.tables.expected import VIEWS
from wattif.tables.hour_kernels import LARGEST, READINGS, SUMS
from wattif.tables.hours import HOUR_LARGEST

_HOUR_US = 3_600_000_000
_ODD = {"without": WITHOUT, "off_grid": OFF_GRID, "misplaced": MISPLACED}


def expected_hours(
    scenario: Scenario,
    plan: Plan,
    faults: FaultPlan | None,
    *,
    checked: Sequence[Column] | None = None,
    renamed: Renamed | None = None,
    workers: int = 1,
    stop: Event | None = None,
    causes: Counter[str] | None = None,
) -> Iterator[pa.Table]:
    """What each meter and hour must hold, a table for some meters of a month.

    Columns: view, mac, hour, readings, consumption_max, and <column>_sum of each number; where *checked* names the
    numbers of a checksum, in order, also <column>_moment of each number, checksum, without, off_grid and misplaced.
    Views: delivered and deduplicated, or delivered alone when both are the same. Sums, moments and checksums are those
    of `wattif.tables.hour_kernels`. *without* counts the readings in which the renamed column has no value, *off_grid*
    and *misplaced* those that a wrong clock puts within an interval, or on another UTC day than that of the partition.
    *causes* is told by which faults, and by how many rows, delivered readings differ from measured ones.
    """
    hours = Hours(scenario, plan, faults, checked=checked, renamed=renamed)
    stop = stop or Event()

    def work(part: Span) -> tuple[pa.Table, Counter[str]]:
        made = hours.compute(part, stop)
        macs = scenario.fleet.part(part.first_meter, part.meters).macs
        views = [DELIVERED] if hours.views == 1 else [DELIVERED, DEDUPLICATED]
        return pa.concat_tables([_of_view(made, view, macs, hours.fields) for view in views]), made.causes

    for table, of_part in in_threads(hours.parts(), work, workers, stop):
        if causes is not None:
            causes.update(of_part)
        yield table


def _of_view(made: PartHours, view: int, macs: NDArray[np.uint64], fields: Sequence[Column]) -> pa.Table:
    place = view if len(made.cells) > 1 else 0  # one view stands for all when they are equal
    meter, hour = np.nonzero(made.cells[place, ..., READINGS])
    cells = made.cells[place, meter, hour]
    since_us = day_number(made.part.month) * 24 * _HOUR_US
    columns = {
        "view": pa.array(np.full(len(meter), VIEWS[view])),
        "mac": pa.array(mac_text(macs).astype("U17")).take(pa.array(meter)),
        "hour": pa.array(since_us + hour * _HOUR_US).cast(pa.timestamp("us")),
        "readings": pa.array(cells[:, READINGS]),
        HOUR_LARGEST.name: pa.array(cells[:, LARGEST]),
    }
    for n, field in enumerate(fields):
        columns[f"{field.name}_sum"] = pa.array(cells[:, SUMS + n])
    if made.odd.size:
        for n, field in enumerate(fields):
            columns[f"{field.name}_moment"] = pa.array(cells[:, SUMS + len(fields) + n])
        columns["checksum"] = pa.array(cells[:, SUMS + 2 * len(fields)])
        columns |= {name: pa.array(made.odd[place, meter, hour, n]) for name, n in _ODD.items()}
    return pa.table(columns)

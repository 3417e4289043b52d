"""Rows of `incident_units`: which stations sent how many units, and until when."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wattif.incidents import texts
from wattif.incidents.block import Block, For
from wattif.incidents.columns import moments, repeated, table_of
from wattif.incidents.draws import Floats, Numbers
from wattif.incidents.kinds import codes
from wattif.incidents.rows import RowsOfBlock
from wattif.numeric.streams import Stream, uniforms_of
from wattif.tables import incidents as tables

MOST_UNITS = 20  # of an incident
_ROLES = ("PRIMARY", "SUPPORT", "COMMAND")
_COMMAND = 2  # the unit, from 0, that leads the others where the severity is high; assumed
_CLEARS_EARLY = 0.2  # of the time on scene, a unit is free at most so much earlier than the last; assumed


def unit_rows(block: Block) -> pa.Table:
    """Rows of `incident_units`: the nearest stations send one each, then the nearest one more."""
    spec, dispatched = block.setting.spec, block.times["dispatch_at"]
    spread = spec.units_max - spec.units_min + 1
    wanted = spec.units_min + (_leaning(block.drawn[For.UNITS], block.severity) * spread).astype(np.int64)
    sent = np.where(dispatched >= 0, wanted, 0)
    case, order = repeated(sent)
    there = (block.answering >= 0).sum(axis=1)[case]
    station = block.answering[case, order % there]
    random = uniforms_of(spec.seed, Stream.INCIDENT_UNIT, block.number[case] * MOST_UNITS + order, 2)
    begins, arrives, ends = (block.times[name][case] for name in ("dispatch_at", "arrival_at", "resolved_at"))
    until = np.where(arrives >= 0, arrives, np.where(ends >= 0, ends, begins))
    at_s = np.where(order == 0, begins, begins + (random[0] * (until - begins)).astype(np.int64))
    since = np.maximum(np.where(arrives >= 0, arrives, begins), at_s)
    clears = ends - (random[1] * _CLEARS_EARLY * (ends - since)).astype(np.int64)
    is_command = (order == _COMMAND) & (block.severity[case] >= codes("severities").index("HIGH"))
    return table_of(
        tables.UNITS,
        {
            "incident_number": block.incident_number.take(pa.array(case)),
            "station_code": texts.picked(block.setting.station_codes, station),
            "assignment_role": texts.picked(_ROLES, np.where(is_command, 2, np.minimum(order, 1))),
            "dispatched_at": moments(at_s),
            "cleared_at": moments(np.where(ends >= 0, clears, -1)),
        },
    )


def _leaning(uniforms: Floats, severity: Numbers) -> Floats:
    """The worse, the more units: squares and roots, which are exact everywhere; assumed."""
    root = np.sqrt(uniforms)
    return np.choose(severity, (uniforms * uniforms, uniforms, root, np.sqrt(root)))


ROWS = (RowsOfBlock(table=tables.UNITS, make=unit_rows, option="include_units"),)

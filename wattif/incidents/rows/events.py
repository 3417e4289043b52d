"""Rows of `incident_events`: what the workflow made of each incident."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wattif.incidents import texts
from wattif.incidents.block import Block
from wattif.incidents.columns import moments, table_of, where
from wattif.incidents.rows import RowsOfBlock
from wattif.tables import incidents as tables


def event_rows(block: Block) -> pa.Table:
    """Rows of `incident_events`."""
    steps, workflow = block.steps, block.setting.workflow
    names = workflow.names
    before = texts.picked(names, np.maximum(steps.from_state, 0))
    return table_of(
        tables.EVENTS,
        {
            "incident_number": block.incident_number.take(pa.array(steps.case)),
            "event_number": pa.array(steps.step),
            "from_state": where(steps.from_state >= 0, before),
            "to_state": texts.picked(names, steps.to_state),
            "status_code": texts.picked([workflow.states[name].status for name in names], steps.to_state),
            "actor": pa.array(steps.by, pa.string()),
            "occurred_at": moments(steps.at_s),
        },
    )


ROWS = (RowsOfBlock(table=tables.EVENTS, make=event_rows),)

"""Rows of `incident_notes`: what was written, of what has happened by then."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wattif.incidents import texts
from wattif.incidents.block import Block, For
from wattif.incidents.columns import moments, repeated, table_of
from wattif.incidents.draws import Floats, Numbers
from wattif.incidents.kinds import Notes, incident_types
from wattif.incidents.rows import RowsOfBlock
from wattif.numeric.streams import Stream, uniforms_of
from wattif.tables import incidents as tables

_MOST_NOTES = 3  # of an incident


def note_rows(block: Block) -> pa.Table:
    """Rows of `incident_notes`: up to three where there are any, of what has happened by then."""
    spec, setting, times = block.setting.spec, block.setting, block.times
    language = setting.language
    last_s = np.where(times["resolved_at"] >= 0, times["resolved_at"], spec.window_s[1])
    wanted = np.where(
        block.drawn[For.NOTES] < spec.notes_probability,
        1 + (block.drawn[For.NOTE_COUNT] * _MOST_NOTES).astype(np.int64),
        0,
    )
    case, order = repeated(wanted)
    random = uniforms_of(spec.seed, Stream.INCIDENT_NOTE, block.number[case] * _MOST_NOTES + order, 3)
    begin, end = times["reported_at"][case], last_s[case]
    at_s = begin + ((order + random[0]) / wanted[case] * (end - begin)).astype(np.int64)
    sent, arrived, resolved = (times[name][case] for name in ("dispatch_at", "arrival_at", "resolved_at"))
    phase = np.where((sent >= 0) & (at_s >= sent), 1, 0)
    phase = np.where((arrived >= 0) & (at_s >= arrived), 2, phase)
    phase = np.where((phase == 2) & (order == wanted[case] - 1) & (resolved >= 0), 3, phase)
    groups = [group for each in incident_types() for group in language.notes_of(each)]
    counts = np.array([len(each) for each in groups])
    group = block.scene[case] * len(Notes().by_phase()) + phase
    which = (np.cumsum(counts) - counts)[group] + _one_after_the_other(case, phase, counts[group], random[1])
    slots = {name: values.take(pa.array(case)) for name, values in block.slots.items()}
    return table_of(
        tables.NOTES,
        {
            "incident_number": block.incident_number.take(pa.array(case)),
            "author": texts.picked(setting.locale.names, (random[2] * len(setting.locale.names)).astype(np.int64)),
            "note": texts.composed([each for group in groups for each in group], which, slots),
            "created_at": moments(np.where(phase == 3, resolved, at_s)),
        },
    )


def _one_after_the_other(case: Numbers, phase: Numbers, templates: Numbers, random: Floats) -> Numbers:
    """Which of so many templates each note takes: none twice in a phase while there are others, in their order."""
    _, first, own, notes = np.unique(
        case * len(Notes().by_phase()) + phase, return_index=True, return_inverse=True, return_counts=True
    )
    starts = np.maximum(templates[first] - notes + 1, 1)
    start = (random[first] * starts).astype(np.int64)
    which: Numbers = (start[own] + np.arange(len(case)) - first[own]) % templates
    return which


ROWS = (RowsOfBlock(table=tables.NOTES, make=note_rows, option="include_notes"),)

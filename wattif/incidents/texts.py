"""Texts composed of the facts of each incident: titles, narratives, notes.

Slots of a text: ``{street}``, ``{number}``, ``{time}``, ``{cause}``, ``{temperature}``, ``{station}``,
``{transformer}``, ``{feeder}``, ``{customers}``.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator

from wattif.errors import choose_from
from wattif.incidents.draws import Numbers

SLOTS = ("street", "number", "time", "cause", "temperature", "station", "transformer", "feeder", "customers")
Slots = Mapping[str, pa.Array]  # of one length


def _has_known_slots(template: str) -> str:
    for name in slots_in(template):
        if name not in SLOTS:
            raise ValueError(f"there is no {{{name}}} to fill in{choose_from(name, SLOTS)}")
    return template


def _has_no_slots(text: str) -> str:
    if slots := slots_in(text):
        raise ValueError(f"{{{slots[0]}}} is not filled in here; write it without")
    return text


def _is_not_empty(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise ValueError("must have one text at least")
    return texts


Template = Annotated[str, AfterValidator(_has_known_slots)]  # filled in with the facts of an incident
Plain = Annotated[str, AfterValidator(_has_no_slots)]  # stands as it is
Templates = Annotated[tuple[Template, ...], AfterValidator(_is_not_empty)]
Plains = Annotated[tuple[Plain, ...], AfterValidator(_is_not_empty)]


def composed(templates: Sequence[str], which: Numbers, slots: Slots) -> pa.Array:
    """For each row, the template that *which* names, with the slots of the row."""
    order = np.argsort(which, kind="stable")
    bounds = np.searchsorted(which[order], np.arange(len(templates) + 1))
    parts = []
    for place, template in enumerate(templates):
        rows = order[bounds[place] : bounds[place + 1]]
        if len(rows):
            parts.append(
                _filled(template, {name: slots[name].take(pa.array(rows)) for name in slots_in(template)}, len(rows))
            )
    if not parts:
        return pa.array([], pa.string())
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return pa.concat_arrays(parts).take(pa.array(back))


def slots_in(template: str) -> tuple[str, ...]:
    """The slots of a template, in order."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def _filled(template: str, slots: Slots, rows: int) -> pa.Array:
    pieces: list[pa.Array | str] = []
    for before, name, _, _ in string.Formatter().parse(template):
        pieces += [before] if before else []
        pieces += [slots[name]] if name is not None else []
    if all(isinstance(each, str) for each in pieces):
        return pa.repeat("".join(map(str, pieces)), rows)
    return pc.binary_join_element_wise(*pieces, "")


def joined(parts: Sequence[pa.Array], between: str) -> pa.Array:
    """The parts of each row, one after the other."""
    return pc.binary_join_element_wise(*parts, between)


def numbered(before: str, numbers: Numbers, digits: int) -> pa.Array:
    """``INC-000042``: *before*, and each number with so many digits at least."""
    return pc.binary_join_element_wise(before, pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), digits, "0"), "")


def picked(texts: Sequence[str] | np.ndarray, which: Numbers) -> pa.Array:
    """The text that each row names."""
    return pa.array(texts, pa.string()).take(pa.array(which))


_CLOCK = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60)]


def clock(seconds: Numbers) -> pa.Array:
    """``14:05``, of seconds since midnight."""
    return picked(_CLOCK, seconds // 60 % (24 * 60))

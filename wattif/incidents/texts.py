"""Titles, narratives and notes: composed of the facts of each incident, in the language of the city.

Slots of a text: ``{street}``, ``{number}``, ``{time}``, ``{cause}``, ``{temperature}``, ``{station}``,
``{transformer}``, ``{feeder}``, ``{customers}``.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from wattif.incidents.draws import Numbers
from wattif.incidents.kinds import STRICT

SLOTS = ("street", "number", "time", "cause", "temperature", "station", "transformer", "feeder", "customers")
Slots = Mapping[str, pa.Array]  # of one length


class Notes(BaseModel):
    """Templates of notes, by when they are written."""

    model_config = STRICT

    waiting: tuple[str, ...] = ()  # nobody is sent yet
    underway: tuple[str, ...] = ()
    on_scene: tuple[str, ...] = ()
    done: tuple[str, ...] = ()

    def by_phase(self) -> tuple[tuple[str, ...], ...]:
        """Templates of each phase, in the order in which they come."""
        return self.waiting, self.underway, self.on_scene, self.done


class Language(BaseModel):
    """What every incident is told with; see `wattif.incidents.kinds.Text` for what differs by type."""

    model_config = STRICT

    between: str  # two sentences
    station: str  # what stations are called, of {number}
    weather: Mapping[str, str]
    sources: Mapping[str, str]
    notes: Mapping[str, Notes]  # by category of types; those of "all" are written of any

    def notes_of(self, category: str) -> tuple[tuple[str, ...], ...]:
        """Templates of the notes of a category, by phase."""
        own = self.notes.get(category, Notes())
        return tuple(
            shared + further for shared, further in zip(self.notes["all"].by_phase(), own.by_phase(), strict=True)
        )


@cache
def language_of(code: str) -> Language:
    """The language of that code, else English; a language is a file of `languages/`."""
    folder = files(__package__).joinpath("languages")
    file = folder.joinpath(f"{code}.toml")
    text = (file if file.is_file() else folder.joinpath("en.toml")).read_text(encoding="utf-8")
    return Language.model_validate(tomllib.loads(text))


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

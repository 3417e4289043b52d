"""What incidents are told with: files of languages/, one a language, found where they lie; what one lacks is English.

`languages/en.toml` has what all types share; what English has of a type stands in the file of the type.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from pydantic import BaseModel, Field, field_validator

from wattif.errors import choose_from
from wattif.incidents.declared import STRICT, read_toml, validated
from wattif.incidents.kinds import IncidentType, Text, codes, incident_types
from wattif.incidents.texts import Plain, Template, slots_in

_FOLDER = files("wattif.incidents") / "languages"
_ENGLISH = "en"


class Notes(BaseModel):
    """Templates of notes, by when they are written."""

    model_config = STRICT

    waiting: tuple[Template, ...] = ()  # nobody is sent yet
    underway: tuple[Template, ...] = ()
    on_scene: tuple[Template, ...] = ()
    done: tuple[Template, ...] = ()

    def by_phase(self) -> tuple[tuple[str, ...], ...]:
        """Templates of each phase, in the order in which they come."""
        return self.waiting, self.underway, self.on_scene, self.done


class Language(BaseModel):
    """What every incident is told with, and each type in languages other than English."""

    model_config = STRICT

    between: Plain  # two sentences
    station: str  # what stations are called, of {number}
    weather: Mapping[str, Template]
    sources: Mapping[str, Plain]
    notes: Mapping[str, Notes]  # by category of types; those of "all" are written of any
    types: Mapping[str, Text] = Field(default_factory=dict)

    @field_validator("station")
    @classmethod
    def _has_a_number(cls, value: str) -> str:
        if slots_in(value) != ("number",):
            raise ValueError("must have {number}, once, and nothing else to fill in")
        return value

    @field_validator("weather", "sources", "notes", "types", mode="before")
    @classmethod
    def _are_known(cls, value: Any, info: Any) -> Any:
        types = incident_types()
        known = {
            "weather": codes("weather_conditions"),
            "sources": codes("sources"),
            "notes": ("all", *sorted({each.category for each in types})),
            "types": tuple(each.code for each in types),
        }[info.field_name]
        for code in value if isinstance(value, dict) else ():
            if code not in known:
                raise ValueError(f"there is no {code}{choose_from(code, known)}")
        return value

    def text_of(self, kind: IncidentType) -> Text:
        """What incidents of a type are told with."""
        return self.types.get(kind.code, kind.text)

    def notes_of(self, category: str) -> tuple[tuple[str, ...], ...]:
        """Templates of the notes of a category, by phase."""
        own = self.notes.get(category, Notes())
        return tuple(
            shared + further for shared, further in zip(self.notes["all"].by_phase(), own.by_phase(), strict=True)
        )


@cache
def language_of(code: str) -> Language:
    """The language of that code, else English; `UsageError` names what is wrong with its file."""
    return _read(code if _file(code).is_file() else _ENGLISH)


def _read(code: str) -> Language:
    contents = {name: read_toml(_file(name), _place(name), _place(_ENGLISH)) for name in (_ENGLISH, code)}
    whole = _completed(contents[code], contents[_ENGLISH])
    return validated(Language, whole, _place(code), _place(_ENGLISH), "a language")


def _file(code: str) -> Traversable:
    return _FOLDER / f"{code}.toml"


def _place(code: str) -> str:
    return f"wattif/incidents/languages/{code}.toml"


def _completed(own: Any, other: Any) -> Any:
    """*own*, and what it lacks of *other*, table by table."""
    if not isinstance(own, dict) or not isinstance(other, dict):
        return own
    return {**other, **{key: _completed(value, other.get(key)) for key, value in own.items()}}

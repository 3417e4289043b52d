"""What incidents are told with: files of languages/, one a language, found where they lie; what one lacks is English.

`languages/en.toml` has what all types share; what English has of a type stands in the file of the type.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from wattif.errors import choose_from
from wattif.incidents.declared import STRICT, read_toml, validated
from wattif.incidents.kinds import IncidentType, Notes, Text, codes, incident_types
from wattif.incidents.texts import Plain, Template, slots_in

_FOLDER = files("wattif.incidents") / "languages"
_ENGLISH = "en"


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
    def _are_known(cls, value: Any, info: ValidationInfo) -> Any:
        types = incident_types()
        known = {
            "weather": codes("weather_conditions"),
            "sources": codes("sources"),
            "notes": ("all", *sorted({each.category for each in types})),
            "types": tuple(each.code for each in types),
        }[str(info.field_name)]
        for code in value if isinstance(value, dict) else ():
            if code not in known:
                raise ValueError(f"there is no {code}{choose_from(code, known)}")
        return value

    @field_validator("types")
    @classmethod
    def _have_the_scenes_of_the_type(cls, value: Mapping[str, Text]) -> Mapping[str, Text]:
        for kind in incident_types():
            told = value.get(kind.code, kind)
            for name in ("indoors", "outdoors"):
                if getattr(kind, name) and not getattr(told, name):
                    raise ValueError(f"{kind.code}.{name} is missing; add it")
            for name in ("indoors", "outdoors"):
                if getattr(told, name) and not getattr(kind, name):
                    raise ValueError(f"{kind.code} does not happen {name}; remove it")
        return value

    def text_of(self, kind: IncidentType) -> Text:
        """What incidents of a type are told with."""
        return self.types.get(kind.code, kind)

    def notes_of(self, kind: IncidentType) -> list[list[str]]:
        """Templates of the notes of a type: those of each phase in a building, then those of each phase in the open."""
        shared = [self.notes["all"], self.notes.get(kind.category, Notes())]
        known = [[*shared, scene.notes] if scene else shared for scene in self.text_of(kind).scenes]
        return [
            [template for templates in of_phase for template in templates]
            for notes in known
            for of_phase in zip(*(each.by_phase() for each in notes), strict=True)
        ]


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

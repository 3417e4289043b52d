"""The types of incidents: a file each in `types/`, found where it lies; what they are told with in English, too."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from wattif.errors import UsageError, choose_from
from wattif.incidents.declared import STRICT, read_toml, validated
from wattif.incidents.texts import Plains, Template, Templates
from wattif.model.anomaly_kinds import KINDS

_FOLDER = files("wattif.incidents") / "types"
_EXAMPLE = "wattif/incidents/types/outage.toml"
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Weights = Mapping[str, NotNegative]
Shares = Mapping[str, Share]


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


class SceneText(BaseModel):
    """What happened in a building, or in the open, in one language; see `wattif.incidents.texts` for the slots."""

    model_config = STRICT

    told: Templates
    causes: Plains
    notes: Notes = Notes()  # besides those of the category


class Scene(SceneText):
    """What incidents of a type are like in a building, or in the open; its texts are English."""

    share: Positive = 1.0  # of the incidents of the type, relative to the other scene
    flats: Share = 0.0  # of the scene's incidents, those whose address names a flat
    sources: Weights = Field(default_factory=lambda: shares("sources"))  # who reports it
    assets: Shares = Field(default_factory=dict)  # what may be concerned: how often it is harmed

    @field_validator("sources", "assets")
    @classmethod
    def _are_known(cls, value: Mapping[str, float], info: ValidationInfo) -> Mapping[str, float]:
        table = {"sources": "sources", "assets": "asset_types"}[str(info.field_name)]
        for code in value:
            if code not in codes(table):
                raise ValueError(f"there is no {code}{choose_from(code, codes(table))}")
        if info.field_name == "sources" and not sum(value.values()):
            raise ValueError("one must have a weight above 0")
        return value


class Text(BaseModel):
    """What incidents of a type are told with, in one language."""

    model_config = STRICT

    title: Template
    indoors: SceneText | None = None
    outdoors: SceneText | None = None

    @property
    def scenes(self) -> tuple[SceneText | None, SceneText | None]:
        """In a building, and in the open."""
        return self.indoors, self.outdoors


class IncidentType(Text):
    """A type of incidents: how many there are, when, how bad, for how long, and what they are told with in English."""

    code: str
    name: str
    category: str
    share: Positive  # of all incidents in mild weather, relative to the other types
    hours: tuple[NotNegative, ...] = Field(min_length=24, max_length=24)  # weight of each local hour
    weekend: Positive  # relative to a working day
    heat_per_k: NotNegative  # relative rise per K above 30 degrees Celsius
    cold_per_k: NotNegative  # relative rise per K below 0 degrees Celsius
    storm: NotNegative  # relative rise at the height of a storm
    severities: tuple[NotNegative, NotNegative, NotNegative, NotNegative]  # shares, low to critical
    handling_min: Positive  # median from arrival to resolution at medium severity, minutes
    handling_sigma: Positive  # standard deviation of its logarithm
    casualties: NotNegative  # mean at medium severity, beyond the least
    casualties_min: Annotated[int, Field(ge=0)] = 0  # the least
    damage: NotNegative  # median at medium severity, US dollars
    label: str  # kind of anomaly as which it shows in the readings; empty: it does not
    indoors: Scene | None = None
    outdoors: Scene | None = None

    @field_validator("label")
    @classmethod
    def _is_a_kind_of_anomaly(cls, value: str) -> str:
        if value and value not in KINDS:
            raise ValueError(f"no such kind of anomaly{choose_from(value, KINDS)}")
        return value

    @model_validator(mode="after")
    def _happens_somewhere(self) -> Self:
        if self.indoors is None and self.outdoors is None:
            raise ValueError("indoors and outdoors are missing; add one of them, or both")
        return self

    @property
    def is_of_grid(self) -> bool:
        """Whether it happens at a transformer."""
        return self.category == "grid"

    @property
    def indoors_share(self) -> float:
        """Of its incidents, those in buildings."""
        indoors, outdoors = (each.share if each else 0.0 for each in (self.indoors, self.outdoors))
        return indoors / (indoors + outdoors)

    @property
    def loses_power(self) -> bool:
        """Whether the customers of the transformer have no power."""
        return self.label == "outage"


@cache
def incident_types() -> tuple[IncidentType, ...]:
    """All types, by code; `UsageError` names what is wrong with a file."""
    places: dict[str, str] = {}
    types = []
    for file in sorted(_FOLDER.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml"):
            place = f"wattif/incidents/types/{file.name}"
            kind = validated(IncidentType, read_toml(file, place, _EXAMPLE), place, _EXAMPLE, "a type of incidents")
            if kind.code in places:
                raise UsageError(f"{place}: code {kind.code} is that of {places[kind.code]}; choose another")
            places[kind.code] = place
            types.append(kind)
    return tuple(sorted(types, key=lambda each: each.code))


@cache
def scenes() -> tuple[Scene | None, ...]:
    """Two of each type: in a building, and in the open; None where there are no such incidents of the type."""
    return tuple(scene for each in incident_types() for scene in (each.indoors, each.outdoors))


class Code(NamedTuple):
    """A row of a look-up table."""

    name: str
    meaning: str
    share: float = 0.0  # see data/lookups.toml


@cache
def lookups() -> Mapping[str, Mapping[str, Code]]:
    """The other look-up tables: by code, in order of rank."""
    text = files(__package__).joinpath("data", "lookups.toml").read_text(encoding="utf-8")
    return {table: {code: Code(*row) for code, row in rows.items()} for table, rows in tomllib.loads(text).items()}


def codes(table: str) -> tuple[str, ...]:
    """The codes of a look-up table, in order of rank."""
    return tuple(lookups()[table])


def shares(table: str) -> dict[str, float]:
    """The share of each code of a look-up table."""
    return {code: row.share for code, row in lookups()[table].items()}

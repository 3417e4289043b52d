"""The types of incidents: a file each in `types/`, found where it lies; what they are told with in English, too."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from wattif.errors import UsageError, choose_from
from wattif.incidents.declared import STRICT, read_toml, validated
from wattif.incidents.texts import Plains, Template, Templates
from wattif.model.anomaly_kinds import KINDS

_FOLDER = files("wattif.incidents") / "types"
_EXAMPLE = "wattif/incidents/types/outage.toml"
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Text(BaseModel):
    """What incidents of a type are told with, in one language; see `wattif.incidents.texts` for the slots."""

    model_config = STRICT

    title: Template
    told: Templates
    causes: Plains


class IncidentType(BaseModel):
    """A type of incidents: how many there are, when, how bad, for how long."""

    model_config = STRICT

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
    casualties: NotNegative  # mean at medium severity
    damage: NotNegative  # median at medium severity, in units of the city's currency
    asset_types: tuple[str, ...]
    label: str  # kind of anomaly as which it shows in the readings; empty: it does not
    text: Text  # in English; files of `languages/` have the others

    @field_validator("asset_types")
    @classmethod
    def _are_known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for code in value:
            if code not in codes("asset_types"):
                raise ValueError(f"there is no {code}{choose_from(code, codes('asset_types'))}")
        return value

    @field_validator("label")
    @classmethod
    def _is_a_kind_of_anomaly(cls, value: str) -> str:
        if value and value not in KINDS:
            raise ValueError(f"no such kind of anomaly{choose_from(value, KINDS)}")
        return value

    @property
    def is_of_grid(self) -> bool:
        """Whether it happens at a transformer."""
        return self.category == "grid"

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
def lookups() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """The other look-up tables: by code, name and description, in order of rank."""
    text = files(__package__).joinpath("data", "lookups.toml").read_text(encoding="utf-8")
    return {
        table: {code: (name, meaning) for code, (name, meaning) in rows.items()}
        for table, rows in tomllib.loads(text).items()
    }


def codes(table: str) -> tuple[str, ...]:
    """The codes of a look-up table, in order of rank."""
    return tuple(lookups()[table])

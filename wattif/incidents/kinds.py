"""The types of incidents: a file each in `types/`, found where it lies; what they are told with stands in it, too."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

STRICT = ConfigDict(frozen=True, extra="forbid")
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Text(BaseModel):
    """What incidents of a type are told with, in one language; see `wattif.incidents.texts` for the slots."""

    model_config = STRICT

    title: str
    told: tuple[str, ...] = Field(min_length=1)
    causes: tuple[str, ...] = Field(min_length=1)


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
    text: Mapping[str, Text]  # by language

    @property
    def is_of_grid(self) -> bool:
        """Whether it happens at a transformer."""
        return self.category == "grid"

    @property
    def loses_power(self) -> bool:
        """Whether the customers of the transformer have no power."""
        return self.label == "outage"

    def text_in(self, language: str) -> Text:
        """In *language*, else in English."""
        return self.text.get(language, self.text["en"])


@cache
def incident_types() -> tuple[IncidentType, ...]:
    """All types, by code."""
    found = [each for each in files(__package__).joinpath("types").iterdir() if each.name.endswith(".toml")]
    types = [IncidentType.model_validate(tomllib.loads(each.read_text(encoding="utf-8"))) for each in found]
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

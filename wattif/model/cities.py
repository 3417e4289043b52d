"""Cities: their location, mains, climate, and energy use.

The shipped ones are in data/cities.toml, with the source of each figure. A file of the user adds to them.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from wattif.errors import UsageError
from wattif.model.air_levels import AirLevels
from wattif.model.city_figures import (
    PerClass,
    around_zero,
    box_or_none,
    figure,
    hours_or_none,
    known_country,
    known_zone,
    plausible_energies,
    plausible_spreads,
    season_of,
    subdivisions,
    twelve,
    twelve_or_none,
    whole,
)
from wattif.model.city_profiles import STRICT, CityProfiles, Seasons, TypicalWeek
from wattif.model.profiles import Climate

# 0.15 * sin(2 pi (month - 4) / 12), January to December, as decimals
TROPICAL_SEASON = (-0.15, -0.1299, -0.075, 0.0, 0.075, 0.1299, 0.15, 0.1299, 0.075, 0.0, -0.075, -0.1299)
_AROUND_DEG = 0.15
_SEASON_KEYS = ("temperature_c", "cooling_per_k", "heating_per_k")
_SHIPPED = "wattif/model/data/cities.toml"


FIGURES = (  # of a city: what readings follow from
    "id",
    "country",
    "subdivision",
    "time_zone",
    "latitude",
    "longitude",
    "climate",
    "nominal_v",
    "nominal_hz",
    "frequency_spread_mhz",
    "temperature_c",
    "temperature_day_sd_k",
    "daily_range_k",
    "cooling_per_k",
    "heating_per_k",
    "season",
    "irradiation_kwh_m2",
    "home_hours",
    "mean_kwh",
    "spread_ln",
    "profiles",
    "class_mix",
)


_TABLES: tuple[Any, ...] = (PerClass, AirLevels, CityProfiles, Seasons, TypicalWeek)  # within the table of a city


@dataclass(frozen=True, kw_only=True, config=STRICT)
class City:
    """What the model has to know of a place; the descriptions say what each figure is, and its unit."""

    id: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,62}$", description="lower-case letters, digits and hyphens")]
    name: Annotated[str, Field(min_length=1, description="for people")]
    code: Annotated[
        str,
        Field(pattern="^[A-Z0-9]{0,12}$", description="what keys of its network begin with, such as MNL; else the id"),
    ] = ""
    country: Annotated[
        str, Field(pattern="^[A-Z]{2}$", description="ISO 3166, such as PH"), AfterValidator(known_country)
    ]
    subdivision: Annotated[str | None, Field(description="ISO 3166 without the country, such as NY")] = None
    time_zone: Annotated[str, Field(description="IANA name, such as Asia/Manila"), AfterValidator(known_zone)]
    latitude: Annotated[float, figure(-90, 90, "degrees, south negative")]
    longitude: Annotated[float, figure(-180, 180, "degrees, west negative")]
    bounds: Annotated[
        tuple[float, ...] | None,
        Field(description="south, north, west, and east end in degrees; else 0.15 degrees around"),
        AfterValidator(box_or_none),
    ] = None
    population: Annotated[int, figure(1, 100_000_000, "persons")]
    climate: Annotated[Climate, Field(description="whose seasons the standard load profiles follow")]
    nominal_v: Annotated[float, figure(90, 260, "supply voltage, phase to neutral, V")]
    nominal_hz: Annotated[float, figure(45, 65, "mains frequency, Hz")]
    frequency_spread_mhz: Annotated[float, figure(0, 200, "standard deviation of the mains frequency, mHz")]
    temperature_c: Annotated[
        tuple[Annotated[float, Field(ge=-40, le=50)], ...],
        Field(description="monthly means, January first, degrees Celsius"),
        AfterValidator(twelve),
    ]
    temperature_day_sd_k: Annotated[float, figure(0, 10, "standard deviation of a day's mean, K")]
    daily_range_k: Annotated[float, figure(0, 30, "mean daily maximum less minimum, K")]
    cooling_per_k: Annotated[float, figure(0, 0.2, "relative rise of use per K above 20 degrees Celsius")]
    heating_per_k: Annotated[float, figure(0, 0.2, "relative rise of use per K below 15 degrees Celsius")]
    season: Annotated[
        tuple[Annotated[float, Field(ge=-1, le=5)], ...],
        Field(description='"temperature", "tropical" or twelve differences relative to the yearly mean, January first'),
        AfterValidator(twelve),
        AfterValidator(around_zero),
    ]
    mean_kwh: Annotated[
        PerClass, Field(description="mean energy per month by class, kWh"), AfterValidator(plausible_energies)
    ]
    irradiation_kwh_m2: Annotated[
        tuple[Annotated[float, Field(ge=0, le=400)], ...] | None,
        Field(description="monthly sums of the sun's light on level ground, January first, kWh/m2"),
        AfterValidator(twelve_or_none),
    ] = None
    home_hours: Annotated[
        tuple[Annotated[float, Field(gt=0, le=10)], ...] | None,
        Field(description="24 factors by which homes differ from the standard profile, local midnight first"),
        AfterValidator(hours_or_none),
    ] = None
    zones: Annotated[int, figure(1, 10_000, "boroughs, wards, barangays, or what else divides the city")] = 1
    spread_ln: Annotated[
        PerClass | None,
        Field(description="standard deviation of the logarithm of customers' means, by class"),
        AfterValidator(plausible_spreads),
    ] = None
    profiles: Annotated[
        CityProfiles | None, Field(description="mean days by class, season, and type of day, 24 hours each")
    ] = None
    air: Annotated[AirLevels, Field(description="what its air holds in the mean of a year")] = AirLevels()
    class_mix: Annotated[PerClass, Field(description="shares of the meters by class"), AfterValidator(whole)] = (
        PerClass(residential=0.85, commercial=0.12, industrial=0.03)
    )

    def figures(self, more: Iterable[str] = ()) -> dict[str, Any]:
        """What readings are computed with, and *more*, by name; what only people read is not among them."""
        known = asdict(self)
        return {name: known[name] for name in (*FIGURES, *more) if known[name] is not None}

    @field_validator("subdivision")
    @classmethod
    def _known_subdivision(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None or "country" not in info.data:  # a wrong country is a fault of its own
            return value
        known = subdivisions(info.data["country"])
        if value not in known:
            raise ValueError(f"holidays are known for {', '.join(known) or 'the whole country alone'}; or leave it out")
        return value

    @property
    def key(self) -> str:
        """With what the keys of its network begin."""
        return self.code or self.id.upper()

    @property
    def bounds_deg(self) -> tuple[float, float, float, float]:
        """South, north, west and east end, in degrees."""
        if self.bounds is not None:
            south, north, west, east = self.bounds
            return south, north, west, east
        return (
            max(self.latitude - _AROUND_DEG, -90.0),
            min(self.latitude + _AROUND_DEG, 90.0),
            max(self.longitude - _AROUND_DEG, -180.0),
            min(self.longitude + _AROUND_DEG, 180.0),
        )

    @field_validator("season", mode="before")
    @classmethod
    def _season_of_a_rule(cls, value: object, info: ValidationInfo) -> object:
        if value == "tropical":
            return TROPICAL_SEASON
        if value == "temperature":
            known = {key: info.data[key] for key in _SEASON_KEYS if key in info.data}
            # a figure that is missing here is a fault of its own
            return season_of(**known) if len(known) == len(_SEASON_KEYS) else (0.0,) * 12
        return value


def load_cities(extra: Path | None = None) -> dict[str, City]:
    """The cities by id: the shipped ones, and those of the user's file, which may replace shipped ones.

    `UsageError` has a line for each fault of the file.
    """
    cities = dict(_shipped())
    if extra is not None:
        place = f"`cities` {extra}"
        try:
            text = extra.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise UsageError(f"{place}: cannot be read: {reason}; name a TOML file like {_SHIPPED}") from None
        cities |= _parse(text, place)
    return cities


@cache
def _shipped() -> Mapping[str, City]:
    return _parse(files("wattif.model").joinpath("data/cities.toml").read_text(encoding="utf-8"), _SHIPPED)


def _parse(text: str, place: str) -> dict[str, City]:
    """The cities of a TOML text; *place* is its name in the messages."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{place}: not TOML: {error}; see {_SHIPPED} for an example") from None
    given = tables.get("city")
    if set(tables) != {"city"} or not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
        raise UsageError(f"{place}: must hold tables that begin with [[city]], and nothing else; see {_SHIPPED}")
    names = [str(table.get("id", f"city number {number}")) for number, table in enumerate(given, 1)]
    doubles = [name for name, times in Counter(names).items() if times > 1]
    if doubles:
        raise UsageError("\n".join(f"{place}: {name}: id is given more than once; rename one" for name in doubles))
    try:
        cities = TypeAdapter(list[City]).validate_python(given)
    except ValidationError as error:
        raise UsageError("\n".join(f"{place}: {_explain(detail, names)}" for detail in error.errors())) from None
    return {city.id: city for city in cities}


def _keys_of(detail: Any) -> list[str]:
    """The keys of the table that is expected where something else is."""
    name = detail.get("ctx", {}).get("class_name")
    return [key for table in _TABLES if table.__name__ == name for key in table.__pydantic_fields__]


def _explain(detail: Any, names: list[str]) -> str:
    """One line for one of pydantic's complaints: the city, the key and the way out."""
    number, key, *parts = detail["loc"]
    inner = "".join(f", value {part + 1}" if isinstance(part, int) else f".{part}" for part in parts)
    field = City.__pydantic_fields__.get(key)  # type: ignore[attr-defined]  # made by pydantic's decorator
    meaning = f" ({field.description})" if field else ""
    where = f"{names[number]}: {key}{inner}"
    if detail["type"] == "missing":
        return f"{where} is missing; add it{meaning}"
    if detail["type"] == "unexpected_keyword_argument":
        return f"{where} is not a key of a city; correct or remove it, see {_SHIPPED}"
    message = {
        "tuple_type": "must be a list of twelve numbers",
        "dataclass_type": f"must be a table of {', '.join(_keys_of(detail))}",
    }.get(detail["type"]) or str(detail["msg"]).removeprefix("Value error, ").replace("Input should", "must")
    given = "" if isinstance(detail["input"], dict | list) else f" = {detail['input']!r}"
    return f"{where}{given}: {message}{meaning}"


MANILA: City  # the grid default


def __getattr__(name: str) -> City:
    """`MANILA`, read when it is first asked for: importing this module does no work."""
    if name == "MANILA":
        return load_cities()["manila"]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

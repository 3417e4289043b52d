"""What determines the incidents of a city, each field declared once: options and docs follow from it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from wattif.errors import InvalidValue
from wattif.spec import field_of_spec
from wattif.spec.values import FIRST_DAY, LAST_DAY, split_names


def _read_moment(value: object) -> object:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(
                "not a date or time of ISO 8601, of a year from 1971 to 2199; write 2024-07-01 or 2024-07-01T18:00:00Z"
            ) from None
    return value


def _in_utc(moment: datetime) -> datetime:
    own = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not FIRST_DAY.year <= own.year <= LAST_DAY.year:
        raise ValueError(f"must lie between {FIRST_DAY} and {LAST_DAY}")
    return own.astimezone(UTC).replace(microsecond=0)


Moment = Annotated[datetime, BeforeValidator(_read_moment)]


class IncidentSpec(BaseModel):
    """The incidents of a city over some days, with stations, units, assets, notes and every transition of a workflow.

    Equal specs give equal tables. Without *seed* one is drawn, without *window_end* it is now: both are fields of the
    spec then, so that the tables can be made again. ``window_end`` may be called ``start_datetime``, too.

    Raises
    ------
    pydantic.ValidationError
        A field is unknown, or has a value that it cannot have; a ``ValueError``.

    Examples
    --------
    >>> import wattif
    >>> spec = wattif.IncidentSpec(incident_count=100, seed=7, window_end="2024-07-01")
    >>> f"{spec.window_start:%Y-%m-%d}"
    '2024-04-02'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    incident_count: int = Field(10_000, ge=1, le=10_000_000, description="number of incidents")
    station_count: int = Field(25, ge=1, le=10_000, description="number of stations")
    seed: int = Field(
        default_factory=lambda: secrets.randbelow(1 << 31),
        ge=0,
        lt=2**63,
        description="seed of all random draws (default: drawn, and told)",
    )
    window_days: int = Field(90, ge=1, le=3_660, description="days before the end of the window on which they occur")
    window_end: Moment = Field(
        default_factory=lambda: datetime.now(UTC),
        validate_default=True,
        validation_alias=AliasChoices("start_datetime", "window_end"),
        description="end of the window: ISO 8601, UTC unless it says otherwise (default: now)",
    )
    include_units: bool = Field(True, description="write which units of which stations were sent")
    include_assets: bool = Field(True, description="write which assets were concerned")
    include_notes: bool = Field(True, description="write the notes of dispatchers and crews")
    units_min: int = Field(1, ge=1, le=20, description="units of an incident, at least")
    units_max: int = Field(3, ge=1, le=20, description="units of an incident, at most")
    assets_probability: float = Field(0.35, ge=0, le=1, description="share of the incidents with assets")
    notes_probability: float = Field(0.55, ge=0, le=1, description="share of the incidents with notes")
    geohash_precision: int = Field(8, ge=3, le=12, description="characters of the geohash")
    city: str = Field("manila", description="city where they occur")
    cities: Path | None = field_of_spec("cities")
    workflow: Path | None = Field(
        None, description="TOML file of states and transitions from the alert to the end (default: the built-in one)"
    )

    @field_validator("window_end")
    @classmethod
    def _is_in_utc(cls, value: datetime) -> datetime:
        return _in_utc(value)

    @field_validator("city")
    @classmethod
    def _is_one_city(cls, value: str) -> str:
        if len(split_names(value)) != 1:
            raise ValueError("name one city")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.units_min > self.units_max:
            raise InvalidValue(
                "units_min", self.units_min, f"is more than `units_max` {self.units_max}; lower it, or raise that"
            )
        if self.window_start.date() < FIRST_DAY:
            raise InvalidValue("window_days", self.window_days, f"reach back beyond {FIRST_DAY}; take fewer")
        return self

    @property
    def drawn(self) -> list[str]:
        """Fields that nobody gave: another spec has them otherwise."""
        fields = IncidentSpec.model_fields.items()
        return [name for name, field in fields if field.default_factory and name not in self.model_fields_set]

    @property
    def window_start(self) -> datetime:
        """The beginning of the window."""
        return self.window_end - timedelta(days=self.window_days)

    @property
    def window_s(self) -> tuple[int, int]:
        """The window, in seconds since 1970."""
        return int(self.window_start.timestamp()), int(self.window_end.timestamp())

"""What determines a grid data set, each field declared once: options and docs follow from it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

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
from wattif.model.city_figures import box_or_none
from wattif.numeric.calendar import months_later
from wattif.spec import field_of_spec
from wattif.spec.values import FIRST_DAY, LAST_DAY, ClassMix, Names, split_names

Model = Literal["readings", "ghostload"]


def _read_month(value: object) -> object:
    if isinstance(value, str):
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value.strip()):
            raise ValueError("not a month; write it as YYYY-MM")
        return f"{value.strip()}-01"
    return value


def _box(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        degrees = tuple(float(each) for each in text.split(","))
    except ValueError:
        raise ValueError("not four numbers; write south,north,west,east in degrees") from None
    return box_or_none(degrees)


Month = Annotated[date, BeforeValidator(_read_month)]


class GridSpec(BaseModel):
    """A relational data set of a grid: transformers, meters with their months, labels of what went wrong.

    The months are sums of the readings that `wattif.Spec` with the same seed, city, and first month describes. Equal
    specs give equal files. ``num_zones`` may be called ``num_barangays``, too.

    Raises
    ------
    pydantic.ValidationError
        A field is unknown, or has a value that it cannot have; a ``ValueError``.

    Examples
    --------
    >>> from wattif.grid import GridSpec
    >>> spec = GridSpec(start_month="2024-03", num_months=2)
    >>> spec.num_meters, f"{spec.end}"
    (2000, '2024-04-30')
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    num_transformers: int = Field(50, ge=1, le=1_000_000, description="number of transformers")
    num_meters: int = Field(2_000, ge=1, le=50_000_000, description="number of meters, all of them in use")
    num_months: int = Field(12, ge=1, le=600, description="number of months")
    start_month: Month = Field("2024-01", validate_default=True, description="first month, YYYY-MM")
    anomaly_rate: float = Field(0.075, ge=0, le=1, description="share of meters at which something goes wrong")
    anomalies: str = Field("all", description="kinds of anomalies, with weights: theft_scale=2,spike=1; or all")
    num_zones: int = Field(
        10,
        ge=1,
        le=10_000,
        validation_alias=AliasChoices("num_barangays", "num_zones"),
        description="number of zones: barangays, boroughs, wards",
    )
    spatial_clustering_strength: float = Field(
        0.8, ge=0, le=1, description="0: transformers lie anywhere within the bounds; 1: close to their zone's center"
    )
    class_mix: ClassMix | None = field_of_spec("class_mix")
    seed: int = field_of_spec("seed")
    bounds: Names | None = Field(
        None, description="south,north,west,east in degrees (default: the city's; of manila 14.4,14.7,120.9,121.2)"
    )
    city: str = Field("manila", description="city whose climate, hours and mains hold")
    cities: Path | None = field_of_spec("cities")
    model: Model = Field(
        "readings", description="readings: sums of the readings; ghostload: the published formula, without readings"
    )

    @field_validator("city")
    @classmethod
    def _is_one_city(cls, value: str) -> str:
        if len(split_names(value)) != 1:
            raise ValueError("name one city; a grid of several is that of a lake of theirs")
        return value

    @field_validator("bounds")
    @classmethod
    def _are_bounds(cls, value: str | None) -> str | None:
        _box(value)
        return value

    @model_validator(mode="after")
    def _is_within_the_calendar(self) -> Self:
        if not FIRST_DAY <= self.start_month <= LAST_DAY:
            reason = f"must lie between {FIRST_DAY:%Y-%m} and {LAST_DAY:%Y-%m}"
            raise InvalidValue("start_month", self.start_month.isoformat()[:7], reason)
        most = (LAST_DAY.year - self.start_month.year) * 12 + LAST_DAY.month - self.start_month.month + 1
        if self.num_months > most:
            raise InvalidValue(
                "num_months", self.num_months, f"at most {most} lie between `start_month` and {LAST_DAY}"
            )
        return self

    @model_validator(mode="after")
    def _has_a_meter_for_each_transformer(self) -> Self:
        if self.num_meters < self.num_transformers:
            raise InvalidValue(
                "num_meters",
                self.num_meters,
                f"is fewer than `num_transformers` {self.num_transformers}; each feeds a meter at least",
            )
        return self

    @property
    def box(self) -> tuple[float, ...] | None:
        """`bounds` as south, north, west and east in degrees; None: the city's."""
        return _box(self.bounds)

    @property
    def borders(self) -> list[date]:
        """The first days of the months, and the day after the last one."""
        return [months_later(self.start_month, n) for n in range(self.num_months + 1)]

    @property
    def end(self) -> date:
        """The last day."""
        return self.borders[-1] - timedelta(days=1)

"""What the air of a city holds in the mean of a year: a table of its entry in the file of cities."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from wattif.model.city_profiles import STRICT


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AirLevels:
    """Means of a year; by default, those of a town in a rich country."""

    pm2_5_ug_m3: Annotated[float, Field(ge=0.5, le=150, description="fine particles, ug/m3")] = 9.0
    pm10_ug_m3: Annotated[
        float, Field(ge=1, le=300, validate_default=True, description="particles, fine and coarse, ug/m3")
    ] = 17.0
    no2_ppb: Annotated[float, Field(ge=0.5, le=60, description="nitrogen dioxide, ppb")] = 10.0
    o3_ppb: Annotated[float, Field(ge=5, le=60, description="ozone, ppb")] = 25.0
    co_ppm: Annotated[float, Field(ge=0.05, le=5, description="carbon monoxide, ppm")] = 0.25

    @field_validator("pm10_ug_m3")
    @classmethod
    def _holds_the_fine(cls, value: float, info: ValidationInfo) -> float:
        if value < info.data.get("pm2_5_ug_m3", value):
            raise ValueError("must be at least pm2_5_ug_m3, which is a part of it")
        return value

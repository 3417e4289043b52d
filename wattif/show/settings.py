"""What the user asked to see: the options of a dataset, and those of the picture."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import CliToggleFlag, SettingsConfigDict

from wattif.errors import UsageError
from wattif.settings import DatasetSettings, Day

ENDINGS = ("png", "pdf", "svg", "jpg", "jpeg", "webp", "tif", "tiff", "eps", "ps")  # what matplotlib can write
MOST_READINGS = 4_000_000  # of one meter: a hundred megabytes


class ShowSettings(DatasetSettings):
    """Draw what a meter, a class of meters or the whole fleet would send, in one picture."""

    model_config = SettingsConfigDict(env_prefix_target="all")  # WATTIF_CLASS, though the field has another name

    out: Path = Field(description=f"file of the picture; its ending says how it is written: {', '.join(ENDINGS)}")
    meter: int | None = Field(None, ge=0, description="number of the meter to draw, counted from 0")
    meter_class: Literal["residential", "commercial", "industrial"] | None = Field(
        None, alias="class", description="class of meters to draw"
    )
    fleet: CliToggleFlag[bool] = Field(False, description="draw the whole fleet")
    first_day: Day | None = Field(None, description="first day (UTC) to draw; the dataset's first one without it")
    days: int = Field(7, ge=1, le=366, description="how many days to draw")

    @field_validator("out")
    @classmethod
    def _can_be_written(cls, value: Path) -> Path:
        if value.suffix.removeprefix(".").lower() not in ENDINGS:
            raise ValueError(f"the ending is not one of a picture; choose from {', '.join(ENDINGS)}")
        if not value.parent.is_dir():
            raise ValueError(f"there is no folder {value.parent}; create it or name another")
        if value.is_dir():
            raise ValueError("is a folder; name a file in it")
        return value

    @model_validator(mode="after")
    def _name_one_thing(self) -> Self:
        if (self.meter is not None) + (self.meter_class is not None) + self.fleet != 1:
            raise UsageError("--meter, --class and --fleet say what to draw; give one of them")
        if self.meter is not None and self.meter >= self.meters:
            raise UsageError(
                f"--meter {self.meter}: the fleet has {self.meters:,} meters, from 0 to {self.meters - 1};"
                " name one of them, or raise --meters"
            )
        if self.first < self.start:
            raise UsageError(f"--first-day {self.first} lies before --start {self.start}; choose a later one")
        readings = self.days * (86_400 // self.interval)
        if self.meter is not None and readings > MOST_READINGS:
            raise UsageError(
                f"--days {self.days}: {readings:,} readings are too many for a picture;"
                " name fewer days or a longer --interval"
            )
        return self

    @property
    def first(self) -> date:
        """The first day (UTC) that is drawn."""
        return self.first_day or self.start

    @property
    def last_day(self) -> date:
        """The last day (UTC) that is drawn."""
        return self.first + timedelta(days=self.days - 1)

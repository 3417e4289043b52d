"""`wattif show`: draw a meter, a class of meters or the fleet."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Self

from pydantic import Field, field_validator, model_validator

from wattif.cli.announce import telling_what_compiles
from wattif.cli.options import Options
from wattif.cli.verb import Verb
from wattif.errors import InvalidValue
from wattif.spec import Spec, WorldSpec
from wattif.spec.values import LAST_DAY, ClassId, Day

ENDINGS = ("png", "pdf", "svg", "jpg", "jpeg", "webp", "tif", "tiff", "eps", "ps")  # what matplotlib can write
MOST_READINGS = 4_000_000  # of one meter: a hundred megabytes


class ShowOptions(Options, WorldSpec):
    """Draw the readings of a meter, of a class of meters, or of the whole fleet."""

    out: Path = Field(description=f"file of the picture; its ending sets the format: {', '.join(ENDINGS)}")
    meter: int | None = Field(None, ge=0, description="number of the meter to draw, from 0")
    meter_class: ClassId | None = Field(None, alias="class", description="class of the meters to draw")
    fleet: bool = Field(False, description="draw the whole fleet")
    first_day: Day | None = Field(None, description="first day (UTC) to draw (default: the first one of the dataset)")
    days: int = Field(7, ge=1, le=366, description="number of days to draw")

    @field_validator("out")
    @classmethod
    def _can_be_written(cls, value: Path) -> Path:
        if value.suffix.removeprefix(".").lower() not in ENDINGS:
            raise ValueError(f"is not a picture file; choose an ending from {', '.join(ENDINGS)}")
        if not value.parent.is_dir():
            raise ValueError(f"no such folder: {value.parent}; create it or name another")
        if value.is_dir():
            raise ValueError("is a folder; name a file in it")
        return value

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if (self.meter is not None) + (self.meter_class is not None) + self.fleet != 1:
            raise ValueError("give exactly one of `meter`, `meter_class`, and `fleet`")
        if self.meter is not None and self.meter >= self.meters:
            raise InvalidValue(
                "meter",
                self.meter,
                f"the fleet has {self.meters:,} meters, numbered 0 to {self.meters - 1}; name one of them, or raise"
                " `meters`",
            )
        if self.first < self.start:
            raise InvalidValue("first_day", self.first, f"is before `start` {self.start}; choose a later day")
        if self.last > LAST_DAY:
            raise InvalidValue("days", self.days, f"the last of them is after {LAST_DAY}; draw fewer")
        readings = self.days * (86_400 // self.interval)
        if self.meter is not None and readings > MOST_READINGS:
            reason = f"{readings:,} readings are too many for a picture; draw fewer days, or choose a longer `interval`"
            raise InvalidValue("days", self.days, reason)
        return self

    @property
    def first(self) -> date:
        """The first day (UTC) that is drawn."""
        return self.first_day or self.start

    @property
    def last(self) -> date:
        """The last day (UTC) that is drawn."""
        return self.first + timedelta(days=self.days - 1)


def _run(options: ShowOptions, stop: Event) -> int:
    from wattif.show.run import show

    world = options.part(WorldSpec)
    with telling_what_compiles():
        show(
            Spec(**world.model_dump(), end=options.last),
            options.out,
            meter=options.meter,
            meter_class=options.meter_class,
            first_day=options.first,
        )
    print(options.out)
    return 0


VERB = Verb(options=ShowOptions, run=_run, interrupted="nothing was drawn", ends_when_asked=False)

"""`wattif calibrate`: a city file out of a user's own interval data."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Event
from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import CliPositionalArg

from wattif.cli.announce import telling_what_compiles
from wattif.cli.options import Options
from wattif.cli.show import ENDINGS
from wattif.cli.verb import Verb
from wattif.cli.warehouse import print_report
from wattif.errors import InvalidValue
from wattif.spec.values import ClassId


class CalibrateOptions(Options):
    """Make a city file out of your own interval data: CSV or Parquet, a row per meter and timestamp."""

    files: CliPositionalArg[list[Path]] = Field(min_length=1, description="CSV or Parquet files, all of one form")
    out: Path = Field(description="the city file to write, for example mycity.toml; for `cities`")
    name: str | None = Field(None, description="id of the city (default: the name of the file)")
    like: str | None = Field(
        None, description="city whose figures stand where data says nothing (default: the first one in `time_zone`)"
    )
    cities: Path | None = Field(None, description="TOML file with your own cities, for `like`")
    time_zone: str | None = Field(
        None, description="time zone of the city, and of timestamps that name none (default: that of `like`)"
    )
    utc: bool = Field(False, description="timestamps that name no zone are UTC")
    ends: bool = Field(False, description="timestamps are the ends of their intervals, not the starts")
    time_format: str | None = Field(None, description="how timestamps are written, for example '%d/%m/%Y %H:%M'")
    meter_column: str | None = Field(None, description="column of the meter (default: guessed)")
    time_column: str | None = Field(None, description="column of the timestamp (default: guessed)")
    value_column: str | None = Field(None, description="column of energy or power (default: guessed)")
    class_column: str | None = Field(None, description="column of the class (default: guessed; there may be none)")
    unit: Literal["kWh", "Wh", "kW", "W"] | None = Field(None, description="unit of the values (default: guessed)")
    meter_class: ClassId = Field("residential", alias="class", description="class of all meters if no column says it")
    pictures: Path | None = Field(None, description="file to draw the fit into, for example fit.png")
    overwrite: bool = Field(False, description="replace the city file")
    as_json: bool = Field(False, alias="json", description="print the report as JSON")

    @field_validator("pictures")
    @classmethod
    def _can_be_drawn(cls, value: Path | None) -> Path | None:
        if value is not None and value.suffix.removeprefix(".").lower() not in ENDINGS:
            raise ValueError(f"is not a picture file; choose an ending from {', '.join(ENDINGS)}")
        if value is not None and not value.parent.is_dir():
            raise ValueError(f"no such folder: {value.parent}; create it or name another")
        return value

    @model_validator(mode="after")
    def _has_an_id(self) -> CalibrateOptions:
        if not re.fullmatch("[a-z][a-z0-9-]{0,62}", self.city_id):
            raise InvalidValue(
                "name", self.city_id, "must be lower-case letters, digits and hyphens, for example my-city"
            )
        return self

    @property
    def city_id(self) -> str:
        """The id of the city."""
        return self.name if self.name is not None else self.out.stem.lower().replace("_", "-")


def _run(options: CalibrateOptions, stop: Event) -> int:
    from wattif.calibrate.columns import Asked
    from wattif.calibrate.run import calibrate

    with telling_what_compiles():
        report = calibrate(
            options.files,
            options.out,
            Asked(
                meter_column=options.meter_column,
                time_column=options.time_column,
                value_column=options.value_column,
                class_column=options.class_column,
                unit=options.unit,
                time_format=options.time_format,
                ends=options.ends,
                utc=options.utc,
            ),
            city_id=options.city_id,
            like=options.like,
            cities=options.cities,
            time_zone=options.time_zone,
            default_class=options.meter_class,
            pictures=options.pictures,
            overwrite=options.overwrite,
        )
    return print_report(report, as_json=options.as_json)


VERB = Verb(options=CalibrateOptions, run=_run, interrupted="no city was written", ends_when_asked=False)

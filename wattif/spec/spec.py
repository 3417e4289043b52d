"""What determines a dataset, each field declared once: the options of the command line and the docs follow from it.

    from wattif.spec import Spec

    spec = Spec(start="2024-01-01", end="2024-01-31", meters=1_000, city="london", anomaly_rate=0.05)

A wrong value raises pydantic's `ValidationError`, a `ValueError`. Names that only a registry knows (cities, columns,
kinds of anomalies and of faults) are looked up when the plan and the scenario are made: `wattif.errors.InvalidValue`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wattif.errors import InvalidValue
from wattif.spec.anomaly_rate import AnomalyRate, Rate
from wattif.spec.values import ClassMix, Day, Interval, Names, read_class_mix, split_names


class WorldSpec(BaseModel):
    """What determines a city and its meters, whatever is asked of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Day = Field(description="first day (UTC), YYYY-MM-DD")
    meters: int = Field(
        100, ge=1, le=99_999_999, description="number of meters; existing meters stay the same when you raise it"
    )
    city: Names = Field("manila", description="cities, separated by commas; transformers are assigned to them in turn")
    cities: Path | None = Field(
        None, description="TOML file with your own cities; for the format, see wattif/model/data/cities.toml"
    )
    class_mix: ClassMix | None = Field(
        None,
        description="share of each class, for example residential=0.85,commercial=0.12,industrial=0.03"
        " (default: each city's own)",
    )
    solar_share: float = Field(0.0, ge=0, le=1, description="share of homes with panels; see the columns export_…")
    ev_share: float = Field(0.0, ge=0, le=1, description="share of homes that charge an electric car")
    seed: int = Field(42, ge=0, lt=2**63, description="seed of all randomness; another seed makes another city")
    interval: Interval = Field(10, description="seconds between readings; a divisor of 3600")

    @field_validator("city")
    @classmethod
    def _names_each_city_once(cls, value: str) -> str:
        names = split_names(value)
        if len(set(names)) < max(len(names), 1):
            raise ValueError("name each city once, for example manila,london")
        return value

    @property
    def city_ids(self) -> list[str]:
        """The names in `city`."""
        return split_names(self.city)

    @property
    def class_shares(self) -> tuple[float, float, float] | None:
        """`class_mix` as residential, commercial and industrial shares; None: each city's own."""
        return None if self.class_mix is None else read_class_mix(self.class_mix)

    @property
    def epoch(self) -> date:
        """First day of the dataset's first month: registers, trends and the fingerprint count from it."""
        return self.start.replace(day=1)


class Spec(WorldSpec):
    """All that determines the bytes of a dataset, and into which files they go.

    Two of equal fields give equal bytes, on any machine. Building one reads no environment, file or folder.

    Raises
    ------
    pydantic.ValidationError
        A field is unknown, or has a value that it cannot have; a ``ValueError``. Names that only a registry knows
        (cities, columns, kinds) are looked up when the dataset is made: `wattif.errors.InvalidValue`.

    Examples
    --------
    >>> spec = wattif.Spec(start="2024-01-01", end="2024-12-31", meters=1_000, city=["manila", "london"])
    >>> spec.city_ids, spec.interval
    (['manila', 'london'], 10)

    Specs are values. A changed one is another dataset:

    >>> smaller = wattif.Spec(**spec.model_dump(exclude_none=True) | {"meters": 10})
    >>> smaller == spec, smaller.meters
    (False, 10)

    A wrong value is told with its field:

    >>> try:
    ...     wattif.Spec(start="2024-01-02", end="2024-01-01")
    ... except ValueError as error:
    ...     print(error.errors()[0]["msg"])
    Value error, `end` 2024-01-01: is before `start` 2024-01-02; swap them
    """

    end: Day = Field(description="last day (UTC), inclusive")
    columns: Names | None = Field(
        None, description="columns of a reading, in order, separated by commas (default: the ten that are not optional)"
    )
    meters_per_file: int = Field(
        20, ge=1, description="meters per daily file; 20 make about 40 MB; with 1, the file is named after the MAC"
    )
    batch_files: int = Field(10, ge=1, description="files per batch: uploaded and committed together")
    format: str = Field("ndjson", description="format of the files")
    compression: str = Field(
        "none", description="compression of the files: none; gzip for lines; lz4, snappy or zstd in Parquet"
    )
    row_group_rows: int | None = Field(
        None, ge=1, description="rows of a row group, in Parquet files alone (default: 1,048,576)"
    )
    anomaly_rate: Rate = Field(
        0.0,
        description="share of meters with an anomaly between `start` and `end`, as 0.05; or anomalies per meter, to"
        " which a later `end` adds: 0.05/month (/day, /week, /year)",
    )
    anomalies: str = Field(
        "all", description="kinds of anomalies, with weights: theft_scale=2,spike=1,outage=0.5; or all; or none"
    )
    faults: str = Field(
        "none",
        description="faults on the way to the lake: duplicate=0.001,late=0.002:6h,drop=0.0005,schema_drift=2024-01-15;"
        " or none",
    )

    extra_tables: Names = Field(
        "", description="tables that the dataset has besides, separated by commas, for example air_quality"
    )

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end < self.start:
            raise InvalidValue("end", self.end, f"is before `start` {self.start}; swap them")
        return self

    @property
    def extra_table_names(self) -> list[str]:
        """The names in `extra_tables`."""
        return split_names(self.extra_tables)

    @property
    def format_options(self) -> dict[str, int]:
        """What is asked of the format besides, by name."""
        return {} if self.row_group_rows is None else {"row_group_rows": self.row_group_rows}

    @property
    def rate(self) -> AnomalyRate:
        """`anomaly_rate` as a number and its unit."""
        return AnomalyRate.of(self.anomaly_rate)

    @property
    def column_names(self) -> list[str] | None:
        """The names in `columns`; None: those that are not optional."""
        return None if self.columns is None else split_names(self.columns)


def field_of_spec(name: str) -> Any:
    """The field *name* of `Spec`, for another model to have the same: its default, its bounds, its description."""
    return Spec.model_fields[name]

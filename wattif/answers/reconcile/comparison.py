"""What is compared, and where the differences go."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from wattif.errors import InvalidValue
from wattif.table_formats.options import TableOptions


class Comparison(TableOptions):
    """A comparison of a lake or, when it is named, of a table made from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deep: bool = Field(False, description="also read every row of the lake; report by meter, hour, and field")
    table: str | None = Field(
        None, description="compare this table of the warehouse instead of the lake, for example smart_meter_readings"
    )
    parquet: str | None = Field(
        None, description="compare these Parquet files instead of the lake, for example 't/*.parquet'"
    )
    differences: Path | None = Field(None, description="also write the differences to this Parquet file")

    @field_validator("differences")
    @classmethod
    def _can_be_written(cls, value: Path | None) -> Path | None:
        if value is not None and value.suffix.lower() != ".parquet":
            raise ValueError("must end in .parquet")
        if value is not None and value.is_dir():
            raise ValueError("is a folder; name a file in it")
        if value is not None and not value.parent.is_dir():
            raise ValueError(f"no such folder: {value.parent}; create it or name another")
        return value

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> Self:
        if self.table is not None and self.parquet is not None:
            raise InvalidValue("table", self.table, "`parquet` also says what to compare; give only one")
        if self.table_format is not None and self.of_table:
            reason = "names the files of a lake; leave it out with `table` or `parquet`"
            raise InvalidValue("table_format", self.table_format, reason)
        if self.deep and self.of_table:
            raise InvalidValue("deep", True, "reads the rows of the lake; leave it out with `table` or `parquet`")
        return self

    @property
    def of_table(self) -> bool:
        """Whether a table is compared, not the lake itself."""
        return self.table is not None or self.parquet is not None

"""Where a warehouse is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wattif.errors import InvalidValue


class WarehousePlace(BaseModel):
    """A warehouse: DuckDB, a file on this machine, or a dataset of BigQuery."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    warehouse: Literal["duckdb", "bigquery"] = Field("duckdb", description="duckdb (a local file) or bigquery")
    database: Path | None = Field(
        None, description="DuckDB file (default: wattif.duckdb in the local lake; with a bucket, in the current folder)"
    )
    project: str | None = Field(
        None, description="Google Cloud project that holds the dataset and pays for the queries"
    )
    dataset: str | None = Field(None, description="BigQuery dataset that holds the tables; it must exist")
    location: str | None = Field(None, description="location of the dataset, for example EU (default: looked up)")

    @field_validator("dataset")
    @classmethod
    def _is_dataset_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"\w{1,1024}", value, re.ASCII):
            raise ValueError("not a dataset name: letters, digits, and _; give the project as `project`")
        return value

    @field_validator("project")
    @classmethod
    def _is_project_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]*", value):
            raise ValueError("not a project ID, such as my-project-123")
        return value

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        if self.warehouse == "bigquery":
            for name in ("project", "dataset"):
                if getattr(self, name) is None:
                    reason = f"needs `{name}`; give it, or leave out `warehouse` for DuckDB"
                    raise InvalidValue("warehouse", "bigquery", reason)
            if self.database is not None:
                raise InvalidValue("database", self.database, "names a DuckDB file; leave it out with BigQuery")
        else:
            for name in ("project", "dataset"):
                if getattr(self, name) is not None:
                    reason = "is for BigQuery; add `warehouse` bigquery, or leave it out"
                    raise InvalidValue(name, getattr(self, name), reason)
        return self

    @property
    def database_file(self) -> Path:
        """The file of DuckDB: `database`, or wattif.duckdb in the working directory."""
        return self.database or Path("wattif.duckdb")

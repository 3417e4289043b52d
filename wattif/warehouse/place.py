"""Where a warehouse is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from wattif.errors import InvalidValue

_OPTIONS = {"duckdb": ("database",), "bigquery": ("project", "dataset"), "postgres": ("database_url",)}
_NAMES = {"duckdb": "DuckDB", "bigquery": "BigQuery", "postgres": "PostgreSQL"}


class WarehousePlace(BaseModel):
    """A warehouse: DuckDB, a file on this machine, a dataset of BigQuery, or a database of PostgreSQL."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    warehouse: Literal["duckdb", "bigquery", "postgres"] = Field(
        "duckdb", description="duckdb (a local file), bigquery or postgres"
    )
    database: Path | None = Field(
        None, description="DuckDB file (default: wattif.duckdb in the local lake; with a bucket, in the current folder)"
    )
    project: str | None = Field(
        None, description="Google Cloud project that holds the dataset and pays for the queries"
    )
    dataset: str | None = Field(None, description="BigQuery dataset that holds the tables; it must exist")
    location: str | None = Field(None, description="location of the dataset, for example EU (default: looked up)")
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL database, postgresql://user@host:port/name; leave the password to ~/.pgpass, and what"
        " is not given to PGHOST and its like",
    )

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
        for name in _OPTIONS[self.warehouse] if self.warehouse != "duckdb" else ():
            if getattr(self, name) is None:
                reason = f"needs `{name}`; give it, or leave out `warehouse` for DuckDB"
                raise InvalidValue("warehouse", self.warehouse, reason)
        for kind, names in _OPTIONS.items():
            for name in names:
                if kind != self.warehouse and getattr(self, name) is not None:
                    raise InvalidValue(name, self._shown(name), _stranger(kind, self.warehouse))
        return self

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        if self.database_url is not None:
            scheme, found, rest = self.database_url.get_secret_value().partition("://")
            # what follows a second @ would be taken for the host, and said aloud, though it may be of the password
            if not found or scheme not in ("postgresql", "postgres") or rest.partition("/")[0].count("@") > 1:
                reason = "not an address such as postgresql://user@host:5432/name; write @ : / in names as %40 %3A %2F"
                raise InvalidValue("database_url", f"{scheme if found else ''}…", reason)
        return self

    def _shown(self, name: str) -> object:
        return self.shown_url if name == "database_url" else getattr(self, name)

    @property
    def shown_url(self) -> str:
        """`database_url` without its password."""
        return without_passwords(self.database_url.get_secret_value()) if self.database_url is not None else ""

    @property
    def database_file(self) -> Path:
        """The file of DuckDB: `database`, or wattif.duckdb in the working directory."""
        return self.database or Path("wattif.duckdb")


def _stranger(kind: str, chosen: str) -> str:
    """Why an option of one *kind* of warehouse cannot stand where another one is *chosen*."""
    if kind == "duckdb":
        return f"names a DuckDB file; leave it out with {_NAMES[chosen]}"
    return f"is for {_NAMES[kind]}; add `warehouse` {kind}, or leave it out"


def without_passwords(text: str) -> str:
    """*text* with the passwords of addresses in it left out."""
    text = re.sub(r"(\w+://[^\s:/@]*):\S*@", r"\1:***@", text)
    return re.sub(r"((?:ssl)?password=)[^\s&]+", r"\1***", text)

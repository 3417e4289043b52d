"""Where the lake and the warehouse are, as options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from wattif.errors import UsageError
from wattif.lake.open import FOLDER, path_address, split_address
from wattif.uploader.retrying import RetryPolicy
from wattif.warehouse.place import WarehousePlace

_UNIT_S = {"s": 1, "m": 60, "h": 3600}


def _read_duration(value: object) -> object:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", value.strip()) if isinstance(value, str) else None
    if match is not None:
        return float(match[1]) * _UNIT_S[match[2]]
    if isinstance(value, str):
        raise ValueError("not a duration; write it as 90s, 10m or 1h")
    return value


Duration = Annotated[float, BeforeValidator(_read_duration), Field(ge=0, le=7 * 86_400)]  # seconds


def _plain_path(value: str) -> str:
    parts = [part for part in value.split("/") if part]
    if any(part in (".", "..") for part in parts) or re.search(r"[\x00-\x1f\x7f\\*?\[\]#]", value):
        raise ValueError("not a plain path such as raw/meters")
    if any(part.startswith(("_", ".", "dt=")) for part in parts):
        raise ValueError("readers skip paths that begin with _ or ., and dt= marks a day; name another")
    return "/".join(parts)


def _read_address(value: object) -> object:
    text = str(value) if isinstance(value, Path) else value
    if not isinstance(text, str):
        return value
    try:
        scheme, rest = split_address(text)
    except UsageError as error:
        raise ValueError(str(error).partition(": ")[2]) from None
    if scheme == FOLDER and rest == text and re.match(r"[a-z][a-z0-9+.-]*:/", text):
        raise ValueError("neither an address nor a path; an address has two slashes, as gs://bucket/prefix")
    if scheme != FOLDER:
        bucket, _, prefix = rest.partition("/")
        return f"{scheme}://{bucket}/{_plain_path(prefix)}".rstrip("/")
    return str(Path(rest)) if rest == text else f"file:{Path(rest)}"


Address = Annotated[str, BeforeValidator(_read_address)]  # of a lake, or of another place for objects


class RetryOptions(BaseModel):
    """How long to try again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    retry_for: Duration = Field(
        600.0, description="how long to retry if the lake or the warehouse does not answer, for example 90s, 10m, or 1h"
    )

    @property
    def retry(self) -> RetryPolicy:
        """How to retry a lake that does not answer."""
        return RetryPolicy(retry_for_s=self.retry_for)


class PlaceOptions(RetryOptions):
    """Where the lake is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bucket: str | None = Field(None, description="Cloud Storage bucket (default: a local folder)")
    lake: Address = Field(
        "lake",
        description="the lake: a folder, gs://bucket/prefix, s3://bucket/prefix or az://container/prefix; ignored if a"
        " bucket is given",
    )
    prefix: str = Field("", description="path of the dataset within the lake or bucket, for example raw/meters")

    @field_validator("bucket")
    @classmethod
    def _is_bucket_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", value):
            raise ValueError(
                "not a bucket name; give only the name, without gs:// or a path (give the path as `prefix`)"
            )
        return value

    @field_validator("prefix")
    @classmethod
    def _is_plain_path(cls, value: str) -> str:
        return _plain_path(value)

    @property
    def url(self) -> str:
        """The address of the dataset: ``gs://bucket/prefix``, that of another store, or a path."""
        if self.bucket is not None:
            return f"gs://{self.bucket}/{self.prefix}".rstrip("/")
        folder = self.folder
        return f"{self.lake}/{self.prefix}".rstrip("/") if folder is None else path_address(folder)

    @property
    def folder(self) -> Path | None:
        """The folder of the dataset, if the lake is one on this machine."""
        scheme, rest = split_address(self.lake)
        return Path(rest) / self.prefix if self.bucket is None and scheme == FOLDER else None


class WarehouseOptions(PlaceOptions, WarehousePlace):
    """Where the lake is, and the warehouse that its readings go to."""

    as_json: bool = Field(False, alias="json", description="print the result as one JSON object")

    @property
    def warehouse_place(self) -> WarehousePlace:
        """The warehouse; by default, the DuckDB file is in the local lake."""
        place = WarehousePlace(**{name: getattr(self, name) for name in WarehousePlace.model_fields})
        if self.warehouse == "duckdb" and self.database is None and self.folder is not None:
            return place.model_copy(update={"database": self.folder / "wattif.duckdb"})
        return place

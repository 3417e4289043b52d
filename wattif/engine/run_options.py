"""How a run is done: none of it changes a byte of the tables."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Self

from pydantic import ByteSize, ConfigDict, Field, field_validator, model_validator

from wattif.engine.engines import engine_of
from wattif.engine.shard import AskedShard, Shard, share_of
from wattif.errors import InvalidValue
from wattif.table_formats.options import TableOptions

_FAST_DISK = Path("/mnt/sm-disk")


def default_staging_dir() -> Path:
    """`/mnt/sm-disk` where we alone can write to it, else a folder of the user's under the temporary one."""
    if _FAST_DISK.is_dir() and os.access(_FAST_DISK, os.W_OK) and _FAST_DISK.stat().st_mode & 0o022 == 0:
        return _FAST_DISK
    return Path(tempfile.gettempdir()) / f"wattif-staging-{os.getuid()}"


class RunOptions(TableOptions):
    """Where files wait, how many threads work, what is told downstream, and what may be replaced."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    staging_dir: Path | None = Field(
        None,
        description="folder on a fast disk for files that wait (default: /mnt/sm-disk, or the temporary folder)",
    )
    staging_limit: ByteSize = Field(ByteSize(2 * 2**30), description="maximum size of staging, for example 2GiB")
    write_workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="threads that produce files (default: one per processor)",
    )
    upload_workers: int = Field(4, ge=1, description="threads that upload files")
    success_files: bool = Field(
        False, description="put an empty dt=…/_SUCCESS into each day once all of it is committed"
    )
    overwrite: bool = Field(False, description="replace another WattIf dataset in the same place")
    shard: AskedShard = None
    arrive: str | None = Field(
        None,
        description="let files land by a plan, as in life: realtime, x60 for sixty times as fast, or a TOML file",
    )

    engine: str | None = Field(
        None, description="where the work is done: dask for processes of this machine, dask://HOST:PORT for a cluster"
    )

    @field_validator("engine")
    @classmethod
    def _is_an_engine(cls, value: str | None) -> str | None:
        if value is not None:
            engine_of(value)
        return value

    @field_validator("arrive")
    @classmethod
    def _is_a_plan(cls, value: str | None) -> str | None:
        if value is not None:
            from wattif.engine.arrival_plan import plan_of  # imports numba, which no message about options waits for

            plan_of(value)
        return value

    @model_validator(mode="after")
    def _is_done_by_one(self) -> Self:
        if self.engine is not None and self.shard is not None:
            raise InvalidValue("shard", self.shard, "an `engine` makes the shards by itself; give only one of them")
        return self

    @property
    def share(self) -> Shard:
        """Which batches the run makes: all of them unless it was told otherwise."""
        return share_of(self.shard)

    @property
    def staging_folder(self) -> Path:
        """Where files wait; shards on one machine have a folder each."""
        folder = self.staging_dir or default_staging_dir()
        return folder if self.shard is None else folder / self.share.name

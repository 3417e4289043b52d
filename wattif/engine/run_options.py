"""How a run is done: none of it changes a byte of the tables."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ByteSize, ConfigDict, Field

_FAST_DISK = Path("/mnt/sm-disk")


def default_staging_dir() -> Path:
    """`/mnt/sm-disk` where we alone can write to it, else a folder of the user's under the temporary one."""
    if _FAST_DISK.is_dir() and os.access(_FAST_DISK, os.W_OK) and _FAST_DISK.stat().st_mode & 0o022 == 0:
        return _FAST_DISK
    return Path(tempfile.gettempdir()) / f"wattif-staging-{os.getuid()}"


class RunOptions(BaseModel):
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

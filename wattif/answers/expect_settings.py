"""What the user wants expected: the options of a dataset, and where the tables go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import CliToggleFlag, SettingsConfigDict

from wattif.errors import UsageError
from wattif.settings import LakeSettings


class ExpectSettings(LakeSettings):
    """Compute what the tables downstream must hold, from the dataset's options alone; no reading is read.

    A lake remembers them: give --lake, or --bucket and --prefix; or give the options, without any lake.
    """

    model_config = SettingsConfigDict(cli_shortcuts={"quiet": "q"})

    out: Path | None = Field(
        None, description="folder for the tables; without one they go into the lake, below _wattif/expected/"
    )
    workers: int = Field(os.cpu_count() or 1, ge=1, description="threads that compute; one a processor by default")
    quiet: CliToggleFlag[bool] = Field(False, description="say nothing but warnings and errors")

    @model_validator(mode="after")
    def _out_is_a_folder(self) -> Self:
        if self.out is not None and self.out.exists() and not self.out.is_dir():
            raise UsageError(f"--out {self.out}: not a folder; name another")
        return self

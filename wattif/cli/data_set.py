"""What verbs share that write a data set: a folder of small tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from wattif.cli.options import Options
from wattif.data_set.files import FORMATS, known_format

OutputDir = Annotated[Path, Field(description="folder to write; it appears as a whole, or not at all")]


class DataSetOptions(Options):
    """Where a data set goes, and in which format."""

    output_dir: OutputDir
    output_format: Annotated[str, AfterValidator(known_format)] = Field(
        "csv", description=f"format of the tables: {', '.join(FORMATS)}"
    )
    overwrite: bool = Field(False, description="replace another data set; other files in the folder stay")

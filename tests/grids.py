"""Grid data sets in folders."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from wattif.data_set.files import open_table
from wattif.grid import Grid
from wattif.tables.grid import LABELS, METERS, TRANSFORMERS


def tables_of(grid: Grid) -> dict[str, pa.Table]:
    """The tables of *grid* by the names of their files."""
    return {TRANSFORMERS.file: grid.transformers, METERS.file: grid.meters, LABELS.file: grid.anomaly_labels}


def write_grid(grid: Grid, folder: Path, ending: str = "csv") -> Path:
    """The tables of *grid* in *folder*, which is made."""
    folder.mkdir()
    for name, table in tables_of(grid).items():
        file = open_table(folder / f"{name}.{ending}", table.schema)
        file.write(table)
        file.close()
    return folder

"""A grid data set from the files of its folder."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc

from wattif.data_set.stored import check_folder, column_names, read_table, table_file
from wattif.errors import UsageError
from wattif.grid.run import Grid
from wattif.tables.grid import LABELS, METERS, TABLES, TRANSFORMERS


def read_grid(folder: Path) -> Grid:
    """The data set in *folder*, of whatever format; columns that are not of the catalog are left out.

    `UsageError` names a file or a column that is missing, and a value that is none.
    """
    files = grid_files(folder)
    months = METERS.months_in(column_names(files[METERS.file]))
    if not months:
        example = f"{METERS.monthly[0].name}_2024_01"
        raise UsageError(f"{files[METERS.file]}: has no column of a month; it needs some like {example}")
    transformers, meters, labels = (
        read_table(files[table.file], table.columns_in_months(months)) for table in (TRANSFORMERS, METERS, LABELS)
    )
    for rows, key, of in ((meters, "transformer_id", transformers), (labels, "meter_id", meters)):
        strays = rows[key].filter(pc.invert(pc.is_in(rows[key], value_set=of[key].combine_chunks())))
        if len(strays):
            file = files[(METERS if rows is meters else LABELS).file]
            there = files[(TRANSFORMERS if rows is meters else METERS).file]
            raise UsageError(f"{file}: {key} {strays[0]} is not in {there}; write the data set again")
    return Grid(transformers=transformers, meters=meters, anomaly_labels=labels)


def grid_files(folder: Path) -> dict[str, Path]:
    """The files of the data set in *folder*, by what they are called without their ending; `UsageError` as above."""
    check_folder(folder, "grid", "a grid data set")
    return {table.file: table_file(folder, table.file, "a whole grid data set") for table in TABLES}
